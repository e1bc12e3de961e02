// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  /// Returns the slices along a dimension that the indices name, in their order.
  ///
  ///     x.indexSelected(dimension: 0, indices: order)   // row i is x[order[i]]
  ///
  /// - Parameters:
  ///   - dimension: The dimension that the indices run over.
  ///   - indices: `int64` or `int32`, shape `[n]`.
  /// - Returns: The tensor's shape, with `n` along the dimension.
  public func indexSelected(dimension: Int, indices: Tensor) -> Tensor {
    Tensor.perform("indexSelected(dimension: \(dimension))", [self, indices]) {
      ctorch_index_select(handle, dimension, indices.handle, $0)
    }
  }

  /// Returns elements picked along a dimension: for dimension 1, `out[i, j] = x[i, indices[i, j]]`.
  ///
  /// - Parameters:
  ///   - dimension: The dimension that the indices run over.
  ///   - indices: `int64`, of the same rank.
  /// - Returns: The shape of the indices.
  public func gathered(dimension: Int, indices: Tensor) -> Tensor {
    Tensor.perform("gathered(dimension: \(dimension))", [self, indices]) {
      ctorch_gather(handle, dimension, indices.handle, $0)
    }
  }

  /// Returns the tensor with slices added: for dimension 0, `out[indices[i]] += source[i]`.
  ///
  /// - Parameters:
  ///   - dimension: The dimension that the indices run over.
  ///   - indices: `int64` or `int32`, shape `[n]`; an index may occur several times.
  ///   - source: The slices, `n` of them along the dimension.
  /// - Returns: The tensor's shape.
  public func indexAdd(dimension: Int, indices: Tensor, source: Tensor) -> Tensor {
    Tensor.perform("indexAdd(dimension: \(dimension))", [self, indices, source]) {
      ctorch_index_add(handle, dimension, indices.handle, source.handle, $0)
    }
  }

  /// Returns the tensor with elements added: for dimension 1,
  /// `out[i, indices[i, j]] += source[i, j]`.
  ///
  /// - Parameters:
  ///   - dimension: The dimension that the indices run over.
  ///   - indices: `int64`, of the same rank.
  ///   - source: The elements, of the shape of `indices`.
  /// - Returns: The tensor's shape.
  public func scatterAdd(dimension: Int, indices: Tensor, source: Tensor) -> Tensor {
    Tensor.perform("scatterAdd(dimension: \(dimension))", [self, indices, source]) {
      ctorch_scatter_add(handle, dimension, indices.handle, source.handle, $0)
    }
  }

  /// Returns the tensor with one value wherever the mask is `true`.
  ///
  /// - Parameters:
  ///   - mask: `bool`, of a shape that broadcasts to the tensor's.
  ///   - value: The value.
  /// - Returns: The tensor's shape.
  public func maskedFill(mask: Tensor, value: some TensorScalar) -> Tensor {
    Tensor.perform("maskedFill(value: \(value))", [self, mask]) {
      ctorch_masked_fill(handle, mask.handle, value.scalar.code, $0)
    }
  }

  /// Returns the elements where the mask is `true`, in row-major order, shape `[n]`.
  ///
  /// On a GPU it waits for the device, which must count them.
  public func maskedSelected(mask: Tensor) -> Tensor {
    Tensor.perform("maskedSelected", [self, mask]) {
      ctorch_masked_select(handle, mask.handle, $0)
    }
  }

  /// Returns the indices of the elements that are not 0, `int64`, shape `[n, rank]`.
  ///
  /// On a GPU it waits for the device, which must count them.
  public func nonzeroIndices() -> Tensor {
    Tensor.perform("nonzeroIndices", [self]) { ctorch_nonzero(handle, $0) }
  }

  /// Returns the slices along a dimension, each as often as told.
  ///
  /// - Parameters:
  ///   - repeats: `int64`, shape `[1]` or the dimension's length.
  ///   - dimension: The dimension.
  /// - Returns: The tensor's shape, with the sum of the repeats along the dimension.
  public func repeatInterleaved(repeats: Tensor, dimension: Int = 0) -> Tensor {
    Tensor.perform("repeatInterleaved(dimension: \(dimension))", [self, repeats]) {
      ctorch_repeat_interleave(handle, repeats.handle, dimension, $0)
    }
  }
}
