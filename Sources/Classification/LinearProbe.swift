// SPDX-License-Identifier: Apache-2.0

import Torch

/// Multinomial logistic regression on frozen embeddings: the head's warm-up.
///
/// A random head would send random gradients into a pre-trained backbone. The best head for the
/// backbone as it is, is found first; the loss is convex, so its result depends on nothing else.
/// How strongly weights are held back matters more with few events than anything else: where no
/// penalty is given, it is chosen by cross-validation.
///
/// Source of the order "linear probe, then fine-tune": A. Kumar et al., arXiv:2202.10054.
package enum LinearProbe {
  /// The penalties among which cross-validation chooses.
  package static let penalties = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]

  /// What regressions are fitted to: embeddings with a class and a weight each.
  package struct Events {
    /// The event vectors.
    ///
    /// Shape `[N, D]`.
    package let embeddings: Tensor
    /// The classes.
    ///
    /// Shape `[N]`, int64.
    package let labels: Tensor
    /// The events' weights, with mean 1.
    ///
    /// Shape `[N]`.
    package let weights: Tensor
    /// Number of classes, `C`.
    package let classCount: Int

    /// -1 for events of the first class, 1 for those of the second.
    ///
    /// Shape `[N, 1]`.
    fileprivate let signs: Tensor

    /// Gathers events.
    package init(embeddings: Tensor, labels: Tensor, weights: Tensor, classCount: Int) {
      self.embeddings = embeddings
      self.labels = labels
      self.weights = weights
      self.classCount = classCount
      signs = (labels.to(dtype: .float32) * 2 - 1).reshaped([labels.shape[0], 1])
    }

    fileprivate var isBinary: Bool { classCount == 2 }
  }

  /// Finds the head.
  ///
  /// - Parameters:
  ///   - events: The training events.
  ///   - penalty: L2 penalty of the weights on standardized embeddings.
  /// - Returns: Weight `[C, D]`, row by row, and bias `[C]`, for embeddings that are not
  ///   standardized.
  package static func fit(
    _ events: Events, penalty: Double
  ) -> (weight: [Float], bias: [Float]) {
    let (standardized, mean, deviation) = standardized(events.embeddings)
    let everywhere = Tensor.ones([events.labels.shape[0], 1], device: events.embeddings.device)
    let (weight, bias) = regressions(
      events, standardized: standardized, isUsed: everywhere, penalties: [penalty])
    return withoutGradients {
      let scaled = weight / deviation
      let shifted = bias - (scaled * mean).sum(dimensions: [1])
      let (rows, offsets) = (scaled.floats(), shifted.floats())
      return events.isBinary
        ? (rows.map { -$0 } + rows, offsets.map { -$0 } + offsets) : (rows, offsets)
    }
  }

  /// Chooses the penalty with the smallest cross-entropy of events that a fit has not seen.
  ///
  /// - Parameters:
  ///   - events: The training events.
  ///   - folds: Which part of the cross-validation an event is held out in. From 0; one for each
  ///     event.
  /// - Returns: One of ``penalties``; of equals the larger.
  package static func penalty(for events: Events, folds: [Int]) -> Double {
    heldOut(events, folds: folds, weights: events.weights.floats()).penalty
  }

  /// Tells each event's class by a fit that has not seen it.
  ///
  /// - Parameters:
  ///   - events: The training events.
  ///   - folds: Which part of the cross-validation an event is held out in, from 0; −1 for events
  ///     that all fits see.
  ///   - weights: How much an event counts where it is held out.
  /// - Returns: The penalty with the smallest cross-entropy, of equals the larger, and the
  ///   cross-entropy of each event with it, 0 for those that are never held out.
  package static func heldOut(
    _ events: Events, folds: [Int], weights: [Float]
  ) -> (penalty: Double, entropies: [Float]) {
    let foldCount = (folds.max() ?? 0) + 1
    guard foldCount > 1 else { return (0.1, folds.map { _ in 0 }) }
    let device = events.embeddings.device
    let (standardized, _, _) = standardized(events.embeddings)
    // One problem for each fold and penalty, all solved at once: penalties inside.
    let problems = (0..<foldCount).flatMap { fold in penalties.map { (fold: fold, penalty: $0) } }
    let isUsed = Tensor(
      folds.flatMap { own in problems.map { $0.fold == own ? Float(0) : 1 } },
      shape: [folds.count, problems.count], device: device)
    let (weight, bias) = regressions(
      events, standardized: standardized, isUsed: isUsed, penalties: problems.map(\.penalty))
    let entropies = withoutGradients {
      self.entropies(events, standardized: standardized, weight: weight, bias: bias).floats()
    }
    var best = (loss: Double.infinity, place: 0)
    for place in penalties.indices {
      var loss = 0.0
      for (event, fold) in folds.enumerated() where fold >= 0 {
        let problem = event * problems.count + fold * penalties.count + place
        loss += Double(entropies[problem] * weights[event])
      }
      if loss <= best.loss { best = (loss, place) }
    }
    let own = folds.enumerated().map { event, fold in
      fold < 0 ? 0 : entropies[event * problems.count + fold * penalties.count + best.place]
    }
    return (penalties[best.place], own)
  }

  private static func standardized(
    _ embeddings: Tensor
  ) -> (values: Tensor, mean: Tensor, deviation: Tensor) {
    let mean = embeddings.mean(dimensions: [0])
    // A direction without spread carries nothing; the floor keeps it from being blown up.
    let deviation = ((embeddings - mean).square().mean(dimensions: [0]).sqrt() + 1e-3)
    return ((embeddings - mean) / deviation, mean, deviation)
  }

  /// The cross-entropy of each event in each of `P` problems, with as many logits as
  /// ``regressions(_:standardized:isUsed:penalties:)`` fits.
  ///
  /// Shape `[N, P]`.
  private static func entropies(
    _ events: Events, standardized: Tensor, weight: Tensor, bias: Tensor
  ) -> Tensor {
    let count = events.labels.shape[0]
    let logits = Tensor.linear(standardized, weight: weight, bias: bias)  // [N, P C]
    // The logits of two classes are -z and z: half the products, and no softmax.
    if events.isBinary { return (logits * events.signs * -2).softplus() }
    let problems = weight.shape[0] / events.classCount
    let targets = events.labels.reshaped([count, 1]).expanded([count, problems])
    let entropies = Tensor.crossEntropy(
      logits: logits.reshaped([count * problems, events.classCount]),
      targets: targets.reshaped([count * problems]), reduction: .none)
    return entropies.reshaped([count, problems])
  }

  /// Solves several regressions on the same embeddings at once.
  ///
  /// - Parameters:
  ///   - events: The events.
  ///   - standardized: Their embeddings, standardized.
  ///   - isUsed: 1 where an event counts in a problem, else 0. Shape `[N, P]`.
  ///   - penalties: The penalty of each problem.
  /// - Returns: Weights `[P C, D]` and biases `[P C]`; for two classes `[P, D]` and `[P]`, those of
  ///   the second, whose negatives are those of the first.
  private static func regressions(
    _ events: Events, standardized: Tensor, isUsed: Tensor, penalties: [Double]
  ) -> (weight: Tensor, bias: Tensor) {
    let threads = Threads.count
    defer { Threads.setCount(threads) }
    // Hundreds of small steps: beside other work LibTorch's threads would wait for one another,
    // busily, for most of the time.
    Threads.setCount(1)
    let device = standardized.device
    let width = standardized.shape[1]
    let rows = events.isBinary ? 1 : events.classCount
    let outputs = penalties.count * rows
    let weight = Parameter(Tensor.zeros([outputs, width], device: device))
    let bias = Parameter(Tensor.zeros([outputs], device: device))
    let weights = events.weights.reshaped([events.labels.shape[0], 1])
    let shares = isUsed / isUsed.sum(dimensions: [0])  // [N, P]
    // Both classes have weights.
    let strength = events.isBinary ? 1 : 0.5
    let strengths = Tensor(penalties.map { Float($0 * strength) }, device: device)
    let steps = 300
    let optimizer = AdamW(
      groups: [
        AdamW.Group(
          parameters: [("weight", weight), ("bias", bias)], learningRateScale: 1, weightDecay: 0)
      ])
    let schedule = LearningRateSchedule.cosine(warmupSteps: 0, totalSteps: steps, floor: 0)
    for step in 0..<steps {
      optimizer.zeroGradients()
      let losses =
        entropies(events, standardized: standardized, weight: weight.value, bias: bias.value)
        * weights
      let sizes = weight.value.square().reshaped([penalties.count, rows * width])
        .sum(dimensions: [1])
      // Problems share no parameter: the sum has the gradients of each.
      let loss = (losses * shares).sum() + (sizes * strengths).sum()
      loss.backward()
      optimizer.step(learningRate: 0.05 * schedule.factor(step: step))
    }
    return (weight.value.detached(), bias.value.detached())
  }
}
