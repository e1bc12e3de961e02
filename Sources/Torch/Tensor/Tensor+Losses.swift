// SPDX-License-Identifier: Apache-2.0

import CTorch

/// How the losses of single elements become one.
public enum LossReduction: Sendable, Hashable {
  /// They stay apart.
  case none
  /// Their mean; weighted where the loss has class weights.
  case mean
  /// Their sum.
  case sum

  var code: ctorch_loss_reduction {
    switch self {
    case .none: CTORCH_REDUCE_NONE
    case .mean: CTORCH_REDUCE_MEAN
    case .sum: CTORCH_REDUCE_SUM
    }
  }
}

extension Tensor {
  /// Returns the cross-entropy of class probabilities, -log softmax(logits)[target].
  ///
  /// - Parameters:
  ///   - logits: Shape `[n, C]`; half precision is made `float32` first.
  ///   - targets: The classes, `int64` in `0 ..< C`, shape `[n]`; an example with -100 does not
  ///     count.
  ///   - weight: A weight for every class, shape `[C]`; the mean is then over the weights.
  ///   - reduction: What becomes of the `n` losses.
  ///   - labelSmoothing: The share of a target's probability, in 0...1, that is spread over all
  ///     classes.
  /// - Returns: A scalar, or shape `[n]` for `.none`.
  public static func crossEntropy(
    logits: Tensor, targets: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean,
    labelSmoothing: Double = 0
  ) -> Tensor {
    perform("crossEntropy", [logits, targets] + (weight.map { [$0] } ?? [])) {
      ctorch_cross_entropy(
        logits.handle, targets.handle, weight?.handle, reduction.code, labelSmoothing, $0)
    }
  }

  /// Returns the cross-entropy of yes-or-no questions, from logits.
  ///
  ///     -w (p t log sigmoid(x) + (1 - t) log(1 - sigmoid(x)))
  ///
  /// - Parameters:
  ///   - logits: x, any shape.
  ///   - targets: t, real numbers in 0...1, of the same shape.
  ///   - weight: w, broadcasts to the shape. The mean is over the number of elements, not over w.
  ///   - positiveWeight: p, broadcasts to the shape.
  ///   - reduction: What becomes of the losses.
  /// - Returns: A scalar, or the shape of the logits for `.none`.
  public static func binaryCrossEntropyWithLogits(
    logits: Tensor, targets: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil,
    reduction: LossReduction = .mean
  ) -> Tensor {
    perform(
      "binaryCrossEntropyWithLogits",
      [logits, targets] + (weight.map { [$0] } ?? []) + (positiveWeight.map { [$0] } ?? [])
    ) {
      ctorch_binary_cross_entropy_with_logits(
        logits.handle, targets.handle, weight?.handle, positiveWeight?.handle, reduction.code, $0)
    }
  }

  /// Returns (predicted - expected)^2.
  ///
  /// - Precondition: Both have the same shape: broadcasting here is nearly always a mistake.
  public static func meanSquaredError(
    predicted: Tensor, expected: Tensor, reduction: LossReduction = .mean
  ) -> Tensor {
    perform("meanSquaredError", [predicted, expected]) {
      ctorch_mean_squared_error(predicted.handle, expected.handle, reduction.code, $0)
    }
  }

  /// Returns d^2 / (2 beta) where |d| < beta and |d| - beta / 2 elsewhere, d = predicted - expected.
  ///
  /// - Precondition: Both have the same shape; `beta` is not negative.
  public static func smoothL1(
    predicted: Tensor, expected: Tensor, beta: Double = 1, reduction: LossReduction = .mean
  ) -> Tensor {
    perform("smoothL1", [predicted, expected]) {
      ctorch_smooth_l1(predicted.handle, expected.handle, beta, reduction.code, $0)
    }
  }
}
