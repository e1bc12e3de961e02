// SPDX-License-Identifier: Apache-2.0

import Torch

/// Writes tensors into a safetensors file that appears when it is complete.
///
/// - Parameters:
///   - tensors: Names and tensors, in the order of the file.
///   - path: The file.
/// - Throws: `FileSystemError` or `SafetensorsError`.
public func writeTensors(_ tensors: [(String, Tensor)], to path: String) throws {
  var writer = SafetensorsWriter()
  for (name, tensor) in tensors {
    let element: SafetensorsElementType =
      switch tensor.dtype {
      case .float32: .float32
      case .float64: .float64
      case .int64: .int64
      case .uint8: .uint8
      default: preconditionFailure("A tensor of type \(tensor.dtype) is not written to files.")
      }
    let bytes = tensor.bytes()
    writer.add(name, elementType: element, shape: tensor.shape) { emit in
      try bytes.withUnsafeBytes { try emit($0) }
    }
  }
  try writer.write(to: path)
}

/// Reads all tensors of a safetensors file, by name.
///
/// - Throws: `SafetensorsError` if the file is damaged or holds an element type without a tensor.
public func readTensors(_ path: String) throws -> [String: Tensor] {
  let file = try SafetensorsFile(path: path)
  var tensors: [String: Tensor] = [:]
  for name in file.names { tensors[name] = try tensor(name, of: file) }
  return tensors
}

private func tensor(_ name: String, of file: SafetensorsFile) throws -> Tensor {
  let description = try file.description(of: name)
  let dtype: DType =
    switch description.elementType {
    case .float32: .float32
    case .float64: .float64
    case .int64: .int64
    case .uint8: .uint8
    default:
      throw ModelError(
        code: .corrupted,
        "cannot read \(name) of \(file.path): its elements are "
          + "\(description.elementType.rawValue); expected F32, F64, I64 or U8. "
          + "Save it in one of these types.")
    }
  return try file.withUnsafeBytes(name) {
    Tensor(copying: $0, dtype: dtype, shape: description.shape)
  }
}
