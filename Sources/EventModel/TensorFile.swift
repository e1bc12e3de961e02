// SPDX-License-Identifier: Apache-2.0

import Torch

/// Writes tensors into a safetensors file that appears when it is complete.
///
/// - Parameters:
///   - tensors: Names and tensors, in the order of the file.
///   - path: The file.
/// - Throws: `FileSystemError` or `SafetensorsError`.
public func writeTensors(_ tensors: [(String, Tensor)], to path: String) throws {
  let writer = SafetensorsWriter()
  for (name, tensor) in tensors {
    let element: SafetensorsElement =
      switch tensor.dtype {
      case .float32: .float32
      case .float64: .float64
      case .int64: .int64
      case .uint8: .uint8
      default: preconditionFailure("A tensor of type \(tensor.dtype) is not written to files.")
      }
    writer.add(name, element: element, shape: tensor.shape, bytes: tensor.bytes())
  }
  try writer.write(to: path)
}

/// Reads all tensors of a safetensors file, by name.
///
/// - Throws: `SafetensorsError` if the file is damaged or holds an element type without a tensor.
public func readTensors(_ path: String) throws -> [String: Tensor] {
  let file = try SafetensorsFile(path: path)
  var tensors: [String: Tensor] = [:]
  for name in file.names { tensors[name] = try file.tensor(name) }
  return tensors
}
