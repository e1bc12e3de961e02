// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  private func reduce(_ operation: ctorch_reduction_operation, _ name: StaticString) -> Tensor {
    Tensor.perform("\(name)", [self]) { ctorch_reduce(operation, handle, nil, 0, false, $0) }
  }

  private func reduce(
    _ operation: ctorch_reduction_operation, _ name: StaticString, _ dimensions: [Int],
    _ keepDimensions: Bool
  ) -> Tensor {
    // LibTorch takes "no dimensions" for "all dimensions".
    precondition(!dimensions.isEmpty, "A reduction must name at least one dimension.")
    return Tensor.perform("\(name)(dimensions: \(dimensions))", [self]) { result in
      dimensions.withPointer {
        ctorch_reduce(operation, handle, $0, $1, keepDimensions, result)
      }
    }
  }

  // MARK: - Over all elements; the results have no dimensions

  /// Returns the sum of all elements; of integers and `bool`, an `int64`.
  public func sum() -> Tensor { reduce(CTORCH_SUM, "sum") }

  /// Returns the mean of all elements; NaN without elements.
  public func mean() -> Tensor { reduce(CTORCH_MEAN, "mean") }

  /// Returns the largest of all elements; NaN if there is one.
  public func max() -> Tensor { reduce(CTORCH_MAX, "max") }

  /// Returns the smallest of all elements; NaN if there is one.
  public func min() -> Tensor { reduce(CTORCH_MIN, "min") }

  /// Tells whether any element is `true`.
  public func any() -> Tensor { reduce(CTORCH_ANY, "any") }

  /// Tells whether all elements are `true`.
  public func all() -> Tensor { reduce(CTORCH_ALL, "all") }

  /// Returns the logarithm of the sum of the exponentials, without overflow.
  public func logSumExp() -> Tensor { reduce(CTORCH_LOG_SUM_EXP, "logSumExp") }

  /// Returns the square root of the sum of squares; its gradient at 0 is 0.
  public func norm() -> Tensor { reduce(CTORCH_NORM, "norm") }

  /// Returns the variance of all elements.
  ///
  /// - Parameter correction: What is subtracted from the number of elements in the divisor: 1 for
  ///   the estimate from a sample, 0 for the mean squared deviation.
  /// - Returns: A scalar; NaN or infinite where the divisor is not positive.
  public func variance(correction: Double = 1) -> Tensor {
    Tensor.perform("variance", [self]) {
      ctorch_variance(handle, nil, 0, correction, false, $0)
    }
  }

  // MARK: - Over some dimensions, which disappear or keep the length 1

  /// Returns the sums over dimensions; of integers and `bool`, `int64`.
  public func sum(dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
    reduce(CTORCH_SUM, "sum", dimensions, keepDimensions)
  }

  /// Returns the means over dimensions.
  public func mean(dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
    reduce(CTORCH_MEAN, "mean", dimensions, keepDimensions)
  }

  /// Returns the largest elements over dimensions; equal ones share the gradient.
  public func max(dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
    reduce(CTORCH_MAX, "max", dimensions, keepDimensions)
  }

  /// Returns the smallest elements over dimensions; equal ones share the gradient.
  public func min(dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
    reduce(CTORCH_MIN, "min", dimensions, keepDimensions)
  }

  /// Tells along dimensions whether any element is `true`.
  public func any(dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
    reduce(CTORCH_ANY, "any", dimensions, keepDimensions)
  }

  /// Tells along dimensions whether all elements are `true`.
  public func all(dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
    reduce(CTORCH_ALL, "all", dimensions, keepDimensions)
  }

  /// Returns the logarithms of the sums of the exponentials over dimensions, without overflow.
  public func logSumExp(dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
    reduce(CTORCH_LOG_SUM_EXP, "logSumExp", dimensions, keepDimensions)
  }

  /// Returns the square roots of the sums of squares over dimensions.
  public func norm(dimensions: [Int], keepDimensions: Bool = false) -> Tensor {
    reduce(CTORCH_NORM, "norm", dimensions, keepDimensions)
  }

  /// Returns the variances over dimensions.
  ///
  /// - Parameters:
  ///   - dimensions: The dimensions, at least one.
  ///   - correction: What is subtracted from the number of elements in the divisor.
  ///   - keepDimensions: Whether the dimensions stay, with the length 1.
  /// - Returns: The variances; NaN or infinite where the divisor is not positive.
  public func variance(
    dimensions: [Int], correction: Double = 1, keepDimensions: Bool = false
  ) -> Tensor {
    precondition(!dimensions.isEmpty, "A reduction must name at least one dimension.")
    return Tensor.perform("variance(dimensions: \(dimensions))", [self]) { result in
      dimensions.withPointer {
        ctorch_variance(handle, $0, $1, correction, keepDimensions, result)
      }
    }
  }

  // MARK: - Along one dimension

  /// Returns the largest elements along a dimension and their positions (`int64`).
  public func max(
    dimension: Int, keepDimension: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    extremum(isMaximum: true, dimension, keepDimension)
  }

  /// Returns the smallest elements along a dimension and their positions (`int64`).
  public func min(
    dimension: Int, keepDimension: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    extremum(isMaximum: false, dimension, keepDimension)
  }

  /// Returns the positions of the largest elements along a dimension, `int64`.
  public func argmax(dimension: Int, keepDimension: Bool = false) -> Tensor {
    withoutGradients { extremum(isMaximum: true, dimension, keepDimension).indices }
  }

  /// Returns the positions of the smallest elements along a dimension, `int64`.
  public func argmin(dimension: Int, keepDimension: Bool = false) -> Tensor {
    withoutGradients { extremum(isMaximum: false, dimension, keepDimension).indices }
  }

  /// Returns the sums of all elements up to and with each one along a dimension.
  public func cumsum(dimension: Int) -> Tensor {
    Tensor.perform("cumsum(dimension: \(dimension))", [self]) {
      ctorch_cumulative_sum(handle, dimension, $0)
    }
  }

  /// Returns the indices that sort along a dimension, `int64`; equal elements keep their order.
  public func argsort(dimension: Int = -1, descending: Bool = false) -> Tensor {
    Tensor.perform("argsort(dimension: \(dimension))", [self]) {
      ctorch_argsort(handle, dimension, descending, $0)
    }
  }

  private func extremum(
    isMaximum: Bool, _ dimension: Int, _ keepDimension: Bool
  ) -> (values: Tensor, indices: Tensor) {
    var values: OpaquePointer?
    var indices: OpaquePointer?
    Tensor.execute("\(isMaximum ? "max" : "min")(dimension: \(dimension))", [self]) {
      ctorch_extremum(handle, isMaximum, dimension, keepDimension, &values, &indices)
    }
    return (
      Tensor(owning: values ?? ctorch_tensor_placeholder()),
      Tensor(owning: indices ?? ctorch_tensor_placeholder())
    )
  }
}
