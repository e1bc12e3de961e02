// SPDX-License-Identifier: Apache-2.0

import CTorch

/// Scales all gradients down, in place, so that their norm together is at most `maximum`.
///
/// The factor is `maximum / (norm + 1e-6)` where that is below 1, as in PyTorch. A norm that is
/// infinite or NaN is returned as it is; the gradients are then useless, and the step should be
/// left out.
///
/// - Parameters:
///   - parameters: Those without a gradient do not count. All on one device.
///   - maximum: The largest norm, positive.
/// - Returns: The norm before, the square root of the sum of all squares; 0 without gradients, NaN
///   where the call is skipped because memory ran out earlier in the error scope.
@discardableResult
public func clipGradientNorm(_ parameters: [Parameter], maximum: Double) -> Double {
  precondition(maximum > 0, "The largest norm of the gradients must be positive, not \(maximum).")
  let values = parameters.map(\.value)
  var norm = Double.nan
  Tensor.execute("clipGradientNorm(maximum: \(maximum))", values) {
    Tensor.withHandles(of: values) { ctorch_clip_gradient_norm($1, $0, maximum, &norm) }
  }
  return norm
}

/// Scales all gradients down as ``clipGradientNorm(_:maximum:)`` does, without waiting for the
/// device.
///
/// - Parameters:
///   - parameters: Those without a gradient do not count. All of one type, on one device.
///   - maximum: The largest norm, positive.
/// - Returns: The norm before, a `float64` scalar on the device. Where it is infinite or NaN the
///   gradients are useless: see the argument `skipping` of ``AdamW/step(learningRate:skipping:)``.
public func clipGradientNormOnDevice(_ parameters: [Parameter], maximum: Double) -> Tensor {
  precondition(maximum > 0, "The largest norm of the gradients must be positive, not \(maximum).")
  let values = parameters.map(\.value)
  return Tensor.perform("clipGradientNormOnDevice(maximum: \(maximum))", values) { result in
    Tensor.withHandles(of: values) {
      ctorch_clip_gradient_norm_on_device($1, $0, maximum, result)
    }
  }
}
