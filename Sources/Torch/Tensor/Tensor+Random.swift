// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  /// Returns numbers from a normal distribution, on the generator's device.
  public static func normal(
    _ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, generator: Generator,
    dtype: DType = .float32
  ) -> Tensor {
    perform("normal(\(shape), standardDeviation: \(standardDeviation))", []) { result in
      withExtendedLifetime(generator) {
        shape.withPointer {
          ctorch_normal(
            $0, $1, mean, standardDeviation, generator.handle, dtype.code, generator.device.code,
            result)
        }
      }
    }
  }

  /// Returns numbers from the uniform distribution on a range, on the generator's device.
  public static func uniform(
    _ shape: [Int], in range: Range<Double> = 0..<1, generator: Generator,
    dtype: DType = .float32
  ) -> Tensor {
    perform("uniform(\(shape), in: \(range))", []) { result in
      withExtendedLifetime(generator) {
        shape.withPointer {
          ctorch_uniform(
            $0, $1, range.lowerBound, range.upperBound, generator.handle, dtype.code,
            generator.device.code, result)
        }
      }
    }
  }

  /// Returns the integers `0 ..< count` (`int64`) in random order, on the generator's device.
  public static func permutation(_ count: Int, generator: Generator) -> Tensor {
    perform("permutation(\(count))", []) { result in
      withExtendedLifetime(generator) {
        ctorch_permutation(count, generator.handle, generator.device.code, result)
      }
    }
  }
}
