// SPDX-License-Identifier: Apache-2.0

import CTorch

/// A Swift number that can stand beside a tensor in an operation.
///
/// It does not change the type of the tensor, except that a real number turns integers into
/// `float32`: `indices + 1` is `int64`, `indices + 1.0` is `float32`.
public protocol TensorScalar: Sendable {
  /// The number as LibTorch takes it.
  var scalar: Scalar { get }
}

/// A number: an integer or a real one.
public enum Scalar: Sendable, Hashable {
  /// An integer.
  case integer(Int)
  /// A real number.
  case real(Double)

  var code: ctorch_scalar {
    switch self {
    case .integer(let value):
      ctorch_scalar(is_integer: true, integer: Int64(value), real: Double(value))
    case .real(let value): ctorch_scalar(is_integer: false, integer: 0, real: value)
    }
  }
}

extension Int: TensorScalar {
  /// The integer.
  public var scalar: Scalar { .integer(self) }
}

extension Double: TensorScalar {
  /// The real number.
  public var scalar: Scalar { .real(self) }
}

extension Float: TensorScalar {
  /// The real number, in double precision.
  public var scalar: Scalar { .real(Double(self)) }
}
