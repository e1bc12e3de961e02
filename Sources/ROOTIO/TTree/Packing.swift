// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How the bytes of a `Float16_t` or `Double32_t` become a number.
///
/// Both are ordinary numbers in memory and take fewer bytes in a file. Their title may end with
/// `[minimum,maximum,bits]`.
///
/// Specification: `TBufferFile::ReadFastArrayFloat16` and `TStreamerElement::GetRange` in
/// https://github.com/root-project/root/tree/v6-32-00
enum Packing: Sendable, Equatable {
  /// 4 bytes: single precision. A `Double32_t` without title.
  case single
  /// 1 byte of exponent, 2 of `bits` leading bits of the mantissa with the sign above them.
  case truncated(bits: Int)
  /// 4 bytes: an integer, to be divided by `factor` and added to `minimum`.
  case scaled(factor: Double, minimum: Double)

  /// Reads the range in a title; `nil` if one is there that is not understood.
  ///
  /// - Parameters:
  ///   - title: What may hold a range in brackets, the last brackets with a comma in them.
  ///   - isDouble: Whether this is a `Double32_t`.
  init?(title: String, isDouble: Bool) {
    let brackets = title.split(separator: "[", omittingEmptySubsequences: false).dropFirst()
      .compactMap { part in part.split(separator: "]", omittingEmptySubsequences: false).first }
    guard let range = brackets.last(where: { $0.contains(",") }) else {
      self = isDouble ? .single : .truncated(bits: 12)
      return
    }
    let parts = range.split(separator: ",").map { $0.filter { $0 != " " } }
    guard (2...3).contains(parts.count), let minimum = Self.bound(parts[0]),
      let maximum = Self.bound(parts[1])
    else { return nil }
    var bits = 32
    if parts.count == 3 {
      guard let given = Int(parts[2]), (2...32).contains(given) else { return nil }
      bits = given
    }
    if minimum < maximum {
      let largest = bits < 32 ? Double(1 << bits) : Double(UInt32.max)
      self = .scaled(factor: largest / (maximum - minimum), minimum: minimum)
    } else if bits < 15 {
      self = .truncated(bits: bits)
    } else {
      self = isDouble ? .single : .truncated(bits: 12)
    }
  }

  private static func bound(_ text: String) -> Double? {
    if let number = Double(text) { return number.isFinite ? number : nil }
    let sign: Double = text.hasPrefix("-") ? -1 : 1
    return switch text.filter({ $0 != "-" && $0 != "*" }).lowercased() {
    case "pi": sign * .pi
    case "2pi", "twopi": sign * 2 * .pi
    case "pi/2": sign * .pi / 2
    case "pi/4": sign * .pi / 4
    default: nil
    }
  }

  /// The bytes of one value.
  var width: Int { if case .truncated = self { 3 } else { 4 } }

  /// Decodes the value whose bytes start at `index`.
  func value(_ bytes: [UInt8], at index: Int) -> Double {
    func word() -> UInt32 {
      (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[index + $1]) }
    }
    switch self {
    case .single: return Double(Float(bitPattern: word()))
    case .scaled(let factor, let minimum): return Double(word()) / factor + minimum
    case .truncated(let bits):
      let mantissa = UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
      let pattern =
        UInt32(bytes[index]) << 23
        | (mantissa & (1 << UInt32(bits + 1) - 1)) << UInt32(23 - bits)
      let magnitude = Double(Float(bitPattern: pattern))
      return mantissa & 1 << UInt32(bits + 1) != 0 ? -magnitude : magnitude
    }
  }
}

extension ColumnReader {
  /// Reads numbers of reduced precision: their bytes first, then what these stand for.
  func unpackedColumn(_ packing: Packing) throws(ROOTFileError) -> Column {
    let width = packing.width
    let form: BranchLayout.Form =
      switch layout.form {
      case .fixed(let count, let offset, let stride):
        .fixed(count: count * width, offset: offset, stride: stride)
      case .counted(let header, let multiple, let counter):
        .counted(header: header, multiple: multiple * width, counter: counter)
      case .collection, .string, .streamed: layout.form
      }
    let bytes = try ColumnReader(
      tree: tree, branch: branch, layout: BranchLayout(element: .uint8, form: form),
      entries: entries, begun: begun
    ).column(expected: nil)
    guard case .uint8(let raw) = bytes.values,
      bytes.offsets?.allSatisfy({ $0 % width == 0 }) != false
    else {
      throw DecodingFailure.corrupted(
        "an entry is not a whole number of values of \(width) bytes", at: nil
      ).located(file: tree.path, object: "\(tree.name)/\(branch.name)")
    }
    let numbers = stride(from: 0, to: raw.count, by: width).map { packing.value(raw, at: $0) }
    let isFlat = layout.shape == .flat
    return Column(
      name: branch.name,
      values: layout.element == .float32 ? .float32(numbers.map { Float($0) }) : .float64(numbers),
      offsets: isFlat ? nil : bytes.offsets?.map { $0 / width })
  }
}
