// SPDX-License-Identifier: Apache-2.0

import Foundation

/// First values of parameters.
///
/// The numbers come from Swift's generators, not from LibTorch's, so that they depend on the seed
/// alone: not on the device, its kernels or the number of threads.
public enum Initialization {
  /// Returns `float32` numbers from the uniform distribution on [-bound, bound).
  public static func uniform(
    _ shape: [Int], bound: Float, using generator: inout some RandomNumberGenerator
  ) -> Tensor {
    let count = shape.reduce(1, *)
    var values: [Float] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(bound * (2 * unitInterval(&generator) - 1)) }
    return Tensor(values, shape: shape)
  }

  /// Returns `float32` numbers from the normal distribution with mean 0.
  ///
  /// By the method of Box and Muller, in double precision.
  public static func normal(
    _ shape: [Int], standardDeviation: Float,
    using generator: inout some RandomNumberGenerator
  ) -> Tensor {
    let count = shape.reduce(1, *)
    var values: [Float] = []
    values.reserveCapacity(count + 1)
    while values.count < count {
      // 1 - u is in (0, 1], so that the logarithm is finite.
      let radius = (-2 * log(1 - Double(generator.next() >> 11) * 0x1p-53)).squareRoot()
      let angle = 2 * Double.pi * (Double(generator.next() >> 11) * 0x1p-53)
      values.append(standardDeviation * Float(radius * cos(angle)))
      values.append(standardDeviation * Float(radius * sin(angle)))
    }
    return Tensor(Array(values.prefix(count)), shape: shape)
  }

  /// A number in [0, 1) with 24 random bits, every one of which `Float` holds exactly.
  private static func unitInterval(_ generator: inout some RandomNumberGenerator) -> Float {
    Float(generator.next() >> 40) * 0x1p-24
  }
}
