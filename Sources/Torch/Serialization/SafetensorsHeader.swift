// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The header of a safetensors file: parsed and checked, or written.
enum SafetensorsHeader {
  /// The longest header that the format allows, in bytes.
  static let largestLength = 100_000_000

  private enum Entry: Decodable {
    case tensor(dtype: String, shape: [Int], offsets: [Int])
    case metadata([String: String])

    private struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      if decoder.codingPath.first?.stringValue == "__metadata__" {
        self = .metadata(try decoder.singleValueContainer().decode([String: String].self))
        return
      }
      let container = try decoder.container(keyedBy: Key.self)
      self = .tensor(
        dtype: try container.decode(String.self, forKey: Key(stringValue: "dtype")),
        shape: try container.decode([Int].self, forKey: Key(stringValue: "shape")),
        offsets: try container.decode([Int].self, forKey: Key(stringValue: "data_offsets")))
    }
  }

  /// Reads the header of a file and checks every type, shape and position.
  static func parse(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(SafetensorsError) -> ([String: SafetensorsFile.TensorDescription], [String: String]) {
    func failure(
      _ code: SafetensorsError.Code, _ tensor: String?, _ statement: String, _ remedy: String = ""
    ) -> SafetensorsError {
      SafetensorsError(
        code: code, path: path, tensor: tensor, statement: statement, remedy: remedy)
    }
    guard bytes.count >= 8 else {
      throw failure(
        .truncated, nil,
        "the file has \(bytes.count) bytes, the length of the header alone takes 8",
        "Write or download it again.")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= largestLength else {
      throw failure(
        .invalidHeader, nil,
        "the header announces \(length) bytes, the format allows \(largestLength)",
        "This is probably not a safetensors file.")
    }
    let start = 8 + Int(length)
    guard start <= bytes.count else {
      throw failure(
        .truncated, nil, "the header announces \(length) bytes, \(bytes.count - 8) are left",
        "The file is probably truncated; write or download it again.")
    }
    guard length > 0, bytes[8] == UInt8(ascii: "{") else {
      throw failure(
        .invalidHeader, nil, "the header does not begin with {",
        "This is probably not a safetensors file.")
    }
    let entries: [String: Entry]
    do {
      entries = try JSONDecoder().decode([String: Entry].self, from: Data(bytes[8..<start]))
    } catch {
      throw failure(.invalidHeader, nil, "the header is not the JSON that the format asks for")
    }

    var tensors: [String: SafetensorsFile.TensorDescription] = [:]
    var metadata: [String: String] = [:]
    for (name, entry) in entries {
      switch entry {
      case .metadata(let texts): metadata = texts
      case .tensor(let dtype, let shape, let offsets):
        guard let type = SafetensorsElementType(rawValue: dtype) else {
          throw failure(.invalidTensor, name, "its element type \(dtype) is unknown")
        }
        var size = type.byteCount
        for extent in shape {
          let (product, overflow) = size.multipliedReportingOverflow(by: extent)
          guard extent >= 0, !overflow else {
            throw failure(.invalidTensor, name, "its shape \(shape) is impossible")
          }
          size = product
        }
        guard offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1] else {
          throw failure(.invalidTensor, name, "its data_offsets \(offsets) are not a range")
        }
        guard offsets[1] <= bytes.count - start else {
          throw failure(
            .truncated, name,
            "it ends at byte \(offsets[1]) of the data, of which there are \(bytes.count - start)",
            "The file is probably truncated; write or download it again.")
        }
        guard offsets[1] - offsets[0] == size else {
          throw failure(
            .invalidTensor, name,
            "\(dtype) of shape \(shape) takes \(size) bytes, its data_offsets \(offsets) hold "
              + "\(offsets[1] - offsets[0])")
        }
        tensors[name] = .init(
          elementType: type, shape: shape, bytes: start + offsets[0]..<start + offsets[1])
      }
    }

    // Tensors follow one another: an overlap or a gap would let bytes hide from whoever checks.
    var position = start
    let ordered = tensors.sorted {
      ($0.value.bytes.lowerBound, $0.value.bytes.upperBound)
        < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound)
    }
    for (name, tensor) in ordered {
      guard tensor.bytes.lowerBound == position else {
        throw failure(
          .invalidTensor, name,
          "it begins at byte \(tensor.bytes.lowerBound - start) of the data, expected "
            + "\(position - start)")
      }
      position = tensor.bytes.upperBound
    }
    guard position == bytes.count else {
      throw failure(
        .invalidHeader, nil,
        "the file has \(bytes.count - position) bytes that belong to no tensor")
    }
    return (tensors, metadata)
  }

  /// Returns the first bytes of a file: the length and the header, padded to a multiple of 8.
  static func bytes(
    _ tensors: [(name: String, type: SafetensorsElementType, shape: [Int], size: Int)],
    metadata: [String: String]
  ) -> Data {
    var parts: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map {
        "\(quoted($0.key)):\(quoted($0.value))"
      }
      parts.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var position = 0
    for tensor in tensors {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      parts.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(position),\(position + tensor.size)]}")
      position += tensor.size
    }
    var header = Data("{\(parts.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    var length = UInt64(header.count).littleEndian
    return Data(bytes: &length, count: 8) + header
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 {
          result += String(format: "\\u%04x", scalar.value)
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
