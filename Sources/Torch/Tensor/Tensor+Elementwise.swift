// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  @inline(__always)
  func unary(_ operation: ctorch_unary_operation, _ name: StaticString) -> Tensor {
    Tensor.perform("\(name)", [self]) { ctorch_unary(operation, handle, $0) }
  }

  /// Returns e to the power of every element.
  public func exp() -> Tensor { unary(CTORCH_EXP, "exp") }

  /// Returns exp(x) - 1, exact near 0.
  public func expm1() -> Tensor { unary(CTORCH_EXPM1, "expm1") }

  /// Returns the natural logarithm; -infinity at 0, NaN below.
  public func log() -> Tensor { unary(CTORCH_LOG, "log") }

  /// Returns log(1 + x), exact near 0.
  public func log1p() -> Tensor { unary(CTORCH_LOG1P, "log1p") }

  /// Returns the square root; NaN below 0; the gradient at 0 is infinite.
  public func sqrt() -> Tensor { unary(CTORCH_SQRT, "sqrt") }

  /// Returns 1 / sqrt(x); infinity at 0, NaN below.
  public func rsqrt() -> Tensor { unary(CTORCH_RSQRT, "rsqrt") }

  /// Returns 1 / x.
  public func reciprocal() -> Tensor { unary(CTORCH_RECIPROCAL, "reciprocal") }

  /// Returns the square.
  public func square() -> Tensor { unary(CTORCH_SQUARE, "square") }

  /// Returns the absolute value; its gradient at 0 is 0.
  public func abs() -> Tensor { unary(CTORCH_ABS, "abs") }

  /// Returns -1, 0 or 1.
  public func sign() -> Tensor { unary(CTORCH_SIGN, "sign") }

  /// Returns the largest integer that is not above; the gradient is 0.
  public func floor() -> Tensor { unary(CTORCH_FLOOR, "floor") }

  /// Returns the nearest integer, the even one of two; the gradient is 0.
  public func rounded() -> Tensor { unary(CTORCH_ROUND, "rounded") }

  /// Returns the sine of an angle in radians.
  public func sin() -> Tensor { unary(CTORCH_SIN, "sin") }

  /// Returns the cosine of an angle in radians.
  public func cos() -> Tensor { unary(CTORCH_COS, "cos") }

  /// Returns the hyperbolic sine.
  public func sinh() -> Tensor { unary(CTORCH_SINH, "sinh") }

  /// Returns the hyperbolic cosine.
  public func cosh() -> Tensor { unary(CTORCH_COSH, "cosh") }

  /// Returns the hyperbolic tangent.
  public func tanh() -> Tensor { unary(CTORCH_TANH, "tanh") }

  /// Returns the inverse hyperbolic sine.
  public func asinh() -> Tensor { unary(CTORCH_ASINH, "asinh") }

  /// Returns the inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond.
  public func atanh() -> Tensor { unary(CTORCH_ATANH, "atanh") }

  /// Returns 1 / (1 + exp(-x)).
  public func sigmoid() -> Tensor { unary(CTORCH_SIGMOID, "sigmoid") }

  /// Returns log(sigmoid(x)), exact where the sigmoid underflows.
  public func logSigmoid() -> Tensor { unary(CTORCH_LOG_SIGMOID, "logSigmoid") }

  /// Returns log(1 + exp(x)); x itself above 20.
  public func softplus() -> Tensor { unary(CTORCH_SOFTPLUS, "softplus") }

  /// Returns the larger of x and 0.
  public func relu() -> Tensor { unary(CTORCH_RELU, "relu") }

  /// Returns x times the standard normal distribution function at x (the exact form, with erf).
  public func gelu() -> Tensor { unary(CTORCH_GELU, "gelu") }

  /// Returns x sigmoid(x).
  public func silu() -> Tensor { unary(CTORCH_SILU, "silu") }

  /// Tells of every element whether it is not a number.
  public func isNaN() -> Tensor { unary(CTORCH_IS_NAN, "isNaN") }

  /// Tells of every element whether it is neither infinite nor NaN.
  public func isFinite() -> Tensor { unary(CTORCH_IS_FINITE, "isFinite") }

  /// Returns every element to a power.
  public func pow(_ exponent: some TensorScalar) -> Tensor {
    Tensor.binary(CTORCH_POWER, "pow", self, exponent)
  }

  /// Returns every element to the power of the exponent's, with broadcasting.
  public func pow(_ exponent: Tensor) -> Tensor {
    Tensor.binary(CTORCH_POWER, "pow", self, exponent)
  }

  /// Returns the remainder of a division rounded down; it has the sign of the divisor.
  ///
  ///     (phi + .pi).remainder(2 * .pi) - .pi   // an angle in [-pi, pi)
  public func remainder(_ divisor: some TensorScalar) -> Tensor {
    Tensor.binary(CTORCH_REMAINDER, "remainder", self, divisor)
  }

  /// Returns the angle of the point (x, self) in radians, in [-pi, pi], with broadcasting.
  public func atan2(_ x: Tensor) -> Tensor { Tensor.binary(CTORCH_ATAN2, "atan2", self, x) }

  /// Returns every element moved into an interval; the gradient outside of it is 0.
  public func clamp(min: some TensorScalar, max: some TensorScalar) -> Tensor {
    clamp(lower: min.scalar, upper: max.scalar)
  }

  /// Returns every element, or the bound if that is larger; the gradient below it is 0.
  public func clamp(min: some TensorScalar) -> Tensor { clamp(lower: min.scalar, upper: nil) }

  /// Returns every element, or the bound if that is smaller; the gradient above it is 0.
  public func clamp(max: some TensorScalar) -> Tensor { clamp(lower: nil, upper: max.scalar) }

  private func clamp(lower: Scalar?, upper: Scalar?) -> Tensor {
    Tensor.perform("clamp", [self]) { result in
      var lowerCode = lower?.code ?? ctorch_scalar()
      var upperCode = upper?.code ?? ctorch_scalar()
      return withUnsafePointer(to: &lowerCode) { lowerPointer in
        withUnsafePointer(to: &upperCode) { upperPointer in
          ctorch_clamp(
            handle, lower == nil ? nil : lowerPointer, upper == nil ? nil : upperPointer, result)
        }
      }
    }
  }

  /// Returns, element by element, the first where the condition is `true` and else the second.
  ///
  /// All three broadcast. A NaN on the side that is not taken still spoils gradients; clamp before
  /// the operation that makes it.
  public static func `where`(_ condition: Tensor, _ first: Tensor, _ second: Tensor) -> Tensor {
    perform("where", [condition, first, second]) {
      ctorch_where(condition.handle, first.handle, second.handle, $0)
    }
  }

  /// Returns the larger one element by element, with broadcasting; NaN where either is NaN.
  public static func maximum(_ first: Tensor, _ second: Tensor) -> Tensor {
    binary(CTORCH_MAXIMUM, "maximum", first, second)
  }

  /// Returns the smaller one element by element, with broadcasting; NaN where either is NaN.
  public static func minimum(_ first: Tensor, _ second: Tensor) -> Tensor {
    binary(CTORCH_MINIMUM, "minimum", first, second)
  }
}
