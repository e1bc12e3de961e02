// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  @inline(__always)
  static func binary(
    _ operation: ctorch_binary_operation, _ name: StaticString, _ left: Tensor, _ right: Tensor
  ) -> Tensor {
    perform("\(name)", [left, right]) {
      ctorch_binary(operation, left.handle, right.handle, $0)
    }
  }

  @inline(__always)
  static func binary(
    _ operation: ctorch_binary_operation, _ name: StaticString, _ left: Tensor,
    _ right: some TensorScalar
  ) -> Tensor {
    perform("\(name) \(right)", [left]) {
      ctorch_binary_tensor_scalar(operation, left.handle, right.scalar.code, $0)
    }
  }

  @inline(__always)
  static func binary(
    _ operation: ctorch_binary_operation, _ name: StaticString, _ left: some TensorScalar,
    _ right: Tensor
  ) -> Tensor {
    perform("\(left) \(name)", [right]) {
      ctorch_binary_scalar_tensor(operation, left.scalar.code, right.handle, $0)
    }
  }

  // MARK: - Arithmetic, with broadcasting

  /// Returns the negative.
  public static prefix func - (tensor: Tensor) -> Tensor { tensor.unary(CTORCH_NEGATE, "-") }

  /// Returns the sum element by element.
  public static func + (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_ADD, "+", left, right)
  }

  /// Returns the sum of every element and a number.
  public static func + (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_ADD, "+", left, right)
  }

  /// Returns the sum of a number and every element.
  public static func + (left: some TensorScalar, right: Tensor) -> Tensor {
    binary(CTORCH_ADD, "+", left, right)
  }

  /// Returns the difference element by element.
  public static func - (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_SUBTRACT, "-", left, right)
  }

  /// Returns the difference of every element and a number.
  public static func - (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_SUBTRACT, "-", left, right)
  }

  /// Returns the difference of a number and every element.
  public static func - (left: some TensorScalar, right: Tensor) -> Tensor {
    binary(CTORCH_SUBTRACT, "-", left, right)
  }

  /// Returns the product element by element.
  public static func * (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_MULTIPLY, "*", left, right)
  }

  /// Returns the product of every element and a number.
  public static func * (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_MULTIPLY, "*", left, right)
  }

  /// Returns the product of a number and every element.
  public static func * (left: some TensorScalar, right: Tensor) -> Tensor {
    binary(CTORCH_MULTIPLY, "*", left, right)
  }

  /// Returns the quotient element by element; integers give real numbers.
  public static func / (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_DIVIDE, "/", left, right)
  }

  /// Returns the quotient of every element and a number.
  public static func / (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_DIVIDE, "/", left, right)
  }

  /// Returns the quotient of a number and every element.
  public static func / (left: some TensorScalar, right: Tensor) -> Tensor {
    binary(CTORCH_DIVIDE, "/", left, right)
  }

  // MARK: - Comparisons, with broadcasting; the results are `bool`

  /// Tells element by element whether the left one is equal.
  public static func .== (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_EQUAL, ".==", left, right)
  }

  /// Tells of every element whether it is equal to a number.
  public static func .== (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_EQUAL, ".==", left, right)
  }

  /// Tells element by element whether the left one is different.
  public static func .!= (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_NOT_EQUAL, ".!=", left, right)
  }

  /// Tells of every element whether it is different from a number.
  public static func .!= (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_NOT_EQUAL, ".!=", left, right)
  }

  /// Tells element by element whether the left one is less.
  public static func .< (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_LESS, ".<", left, right)
  }

  /// Tells of every element whether it is less than a number.
  public static func .< (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_LESS, ".<", left, right)
  }

  /// Tells element by element whether the left one is less or equal.
  public static func .<= (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_LESS_EQUAL, ".<=", left, right)
  }

  /// Tells of every element whether it is less or equal to a number.
  public static func .<= (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_LESS_EQUAL, ".<=", left, right)
  }

  /// Tells element by element whether the left one is greater.
  public static func .> (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_GREATER, ".>", left, right)
  }

  /// Tells of every element whether it is greater than a number.
  public static func .> (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_GREATER, ".>", left, right)
  }

  /// Tells element by element whether the left one is greater or equal.
  public static func .>= (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_GREATER_EQUAL, ".>=", left, right)
  }

  /// Tells of every element whether it is greater or equal to a number.
  public static func .>= (left: Tensor, right: some TensorScalar) -> Tensor {
    binary(CTORCH_GREATER_EQUAL, ".>=", left, right)
  }

  // MARK: - Logic; every number but 0 counts as `true`, the results are `bool`

  /// Tells element by element whether both are `true`.
  public static func .& (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_LOGICAL_AND, ".&", left, right)
  }

  /// Tells element by element whether at least one is `true`.
  public static func .| (left: Tensor, right: Tensor) -> Tensor {
    binary(CTORCH_LOGICAL_OR, ".|", left, right)
  }

  /// Tells of every element whether it is `false`.
  public static prefix func .! (tensor: Tensor) -> Tensor {
    tensor.unary(CTORCH_LOGICAL_NOT, ".!")
  }
}
