// SPDX-License-Identifier: Apache-2.0

import Torch

/// Multinomial logistic regression on frozen embeddings: the head's warm-up.
///
/// A random head would send random gradients into a pre-trained backbone. The best head for the
/// backbone as it is, is found first; the loss is convex, so its result depends on nothing else.
///
/// Source of the order "linear probe, then fine-tune": A. Kumar et al., arXiv:2202.10054.
package enum LinearProbe {
  /// Finds the head.
  ///
  /// - Parameters:
  ///   - embeddings: The event vectors. Shape `[N, D]`.
  ///   - labels: The classes. Shape `[N]`, int64.
  ///   - weights: The events' weights, with mean 1. Shape `[N]`.
  ///   - classCount: Number of classes, `C`.
  ///   - penalty: L2 penalty of the weights on standardized embeddings.
  /// - Returns: Weight `[C, D]`, row by row, and bias `[C]`, for embeddings that are not
  ///   standardized.
  package static func fit(
    embeddings: Tensor, labels: Tensor, weights: Tensor, classCount: Int, penalty: Double
  ) -> (weight: [Float], bias: [Float]) {
    let width = embeddings.shape[1]
    let mean = embeddings.mean(dimensions: [0])
    // A direction without spread carries nothing; the floor keeps it from being blown up.
    let deviation =
      ((embeddings - mean).square().mean(dimensions: [0]).sqrt() + 1e-3)
    let standardized = (embeddings - mean) / deviation
    let weight = Parameter(Tensor.zeros([classCount, width], device: embeddings.device))
    let bias = Parameter(Tensor.zeros([classCount], device: embeddings.device))
    let steps = 300
    let optimizer = AdamW(
      groups: [
        AdamW.Group(
          parameters: [("weight", weight), ("bias", bias)], learningRateScale: 1, weightDecay: 0)
      ])
    let schedule = LearningRateSchedule.cosine(warmupSteps: 0, totalSteps: steps, floor: 0)
    for step in 0..<steps {
      optimizer.zeroGradients()
      let logits = Tensor.linear(standardized, weight: weight.value, bias: bias.value)
      let loss =
        (Tensor.crossEntropy(logits: logits, targets: labels, reduction: .none) * weights).mean()
        + weight.value.square().sum() * (penalty / 2)
      loss.backward()
      optimizer.step(learningRate: 0.05 * schedule.factor(step: step))
    }
    return withoutGradients {
      let scaled = weight.value / deviation  // [C, D]
      let shifted = bias.value - (scaled * mean).sum(dimensions: [1])
      return (scaled.floats(), shifted.floats())
    }
  }
}
