// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  /// Returns the elements, in row-major order, under another shape.
  ///
  /// - Parameter shape: The new shape; one length may be -1 and follows from the others.
  /// - Returns: The elements themselves where their order in memory allows it, else a copy.
  public func reshaped(_ shape: [Int]) -> Tensor {
    Tensor.perform("reshaped(\(shape))", [self]) { result in
      shape.withPointer { ctorch_reshape(handle, $0, $1, result) }
    }
  }

  /// Returns the tensor with two dimensions exchanged.
  public func transposed(_ first: Int, _ second: Int) -> Tensor {
    Tensor.perform("transposed(\(first), \(second))", [self]) {
      ctorch_transpose(handle, first, second, $0)
    }
  }

  /// Returns the tensor with its dimensions in another order.
  ///
  ///     x.permuted([0, 2, 1, 3])   // [B, N, H, K] -> [B, H, N, K]
  public func permuted(_ dimensions: [Int]) -> Tensor {
    Tensor.perform("permuted(\(dimensions))", [self]) { result in
      dimensions.withPointer { ctorch_permute(handle, $0, $1, result) }
    }
  }

  /// Returns the tensor with a new dimension of length 1 at a position.
  public func unsqueezed(_ dimension: Int) -> Tensor {
    Tensor.perform("unsqueezed(\(dimension))", [self]) {
      ctorch_unsqueeze(handle, dimension, $0)
    }
  }

  /// Returns the tensor without a dimension of length 1.
  ///
  /// - Precondition: The dimension has the length 1.
  public func squeezed(_ dimension: Int) -> Tensor {
    Tensor.perform("squeezed(\(dimension))", [self]) { ctorch_squeeze(handle, dimension, $0) }
  }

  /// Returns the elements `start ..< start + length` along a dimension.
  public func narrowed(dimension: Int, start: Int, length: Int) -> Tensor {
    Tensor.perform(
      "narrowed(dimension: \(dimension), start: \(start), length: \(length))", [self]
    ) { ctorch_narrow(handle, dimension, start, length, $0) }
  }

  /// Returns the elements at one position of a dimension, which disappears.
  public func selected(dimension: Int, index: Int) -> Tensor {
    Tensor.perform("selected(dimension: \(dimension), index: \(index))", [self]) {
      ctorch_select(handle, dimension, index, $0)
    }
  }

  /// Returns the tensor with dimensions of length 1 repeated, without a copy.
  ///
  /// - Parameter shape: The new shape, with more dimensions in front if wanted; -1 keeps a length.
  /// - Returns: A view of the same elements.
  public func expanded(_ shape: [Int]) -> Tensor {
    Tensor.perform("expanded(\(shape))", [self]) { result in
      shape.withPointer { ctorch_expand(handle, $0, $1, result) }
    }
  }

  /// Cuts the tensor along a dimension.
  ///
  /// - Parameters:
  ///   - sizes: The length of every part; their sum is the dimension's length.
  ///   - dimension: The dimension to cut.
  /// - Returns: The parts, views of the same elements.
  public func split(sizes: [Int], dimension: Int = 0) -> [Tensor] {
    var results = [OpaquePointer?](repeating: nil, count: sizes.count)
    Tensor.execute("split(sizes: \(sizes), dimension: \(dimension))", [self]) {
      sizes.withPointer { pointer, count in
        results.withUnsafeMutableBufferPointer { buffer in
          guard let base = buffer.baseAddress else {
            var nothing: OpaquePointer?
            return ctorch_split(handle, pointer, 0, dimension, &nothing)
          }
          return ctorch_split(handle, pointer, count, dimension, base)
        }
      }
    }
    return results.map { Tensor(owning: $0 ?? ctorch_tensor_placeholder()) }
  }

  /// Returns the tensor with the dimensions `first ... last` joined into one.
  public func flattened(from first: Int = 0, through last: Int = -1) -> Tensor {
    Tensor.perform("flattened(from: \(first), through: \(last))", [self]) {
      ctorch_flatten(handle, first, last, $0)
    }
  }

  /// Returns the tensor with the order of the elements reversed along dimensions.
  public func flipped(_ dimensions: [Int]) -> Tensor {
    Tensor.perform("flipped(\(dimensions))", [self]) { result in
      dimensions.withPointer { ctorch_flip(handle, $0, $1, result) }
    }
  }
}
