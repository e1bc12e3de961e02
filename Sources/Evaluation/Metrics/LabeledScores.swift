// SPDX-License-Identifier: Apache-2.0

/// The scores that a classifier gave to labeled events, checked once for all metrics.
///
///     let events = try LabeledScores(scores: [0.9, 0.4, 0.2], labels: [true, true, false])
///     let curve = ROCCurve(events)
///     let loss = try events.logLoss()
///
/// A weight may be negative, as in simulation beyond leading order; only the total of each class
/// has to be positive.
public struct LabeledScores: Sendable, Equatable {
  /// One score for each event; the higher, the more like signal.
  public let scores: [Double]
  /// `true` where the event is signal.
  public let labels: [Bool]
  /// One weight for each event.
  public let weights: [Double]
  /// The number of signal events.
  public let signalCount: Int
  /// The sum of the weights of the signal events.
  public let signalWeight: Double
  /// The sum of the weights of the background events.
  public let backgroundWeight: Double

  /// Checks and keeps scores, labels and weights.
  ///
  /// - Parameters:
  ///   - scores: One score for each event; infinities are allowed.
  ///   - labels: `true` where the event is signal.
  ///   - weights: One finite weight for each event; all are 1 where it is absent.
  /// - Throws: ``EvaluationError`` with code `unequalLengths`, `emptyClass`, `invalidScore`,
  ///   `invalidWeight` or `nonPositiveTotalWeight`.
  public init(
    scores: [some BinaryFloatingPoint], labels: [Bool], weights: [Double]? = nil
  ) throws(EvaluationError) {
    let operation = "evaluate \(scores.count) scores"
    guard labels.count == scores.count, (weights?.count ?? scores.count) == scores.count else {
      let found =
        weights.map { "\(labels.count) labels and \($0.count) weights" }
        ?? "\(labels.count) labels"
      throw EvaluationError(
        .unequalLengths, cannot: operation, because: "there are \(found)",
        remedy: "Give one label and one weight for each score.")
    }
    if let index = scores.firstIndex(where: \.isNaN) {
      throw EvaluationError(
        .invalidScore, cannot: operation, because: "score \(index) is not a number",
        remedy: "Training has probably diverged; lower the learning rate.")
    }
    let weights = weights ?? [Double](repeating: 1, count: scores.count)
    if let index = weights.firstIndex(where: { !$0.isFinite }) {
      throw EvaluationError(
        .invalidWeight, cannot: operation, because: "weight \(index) is \(weights[index])",
        remedy: "Check the weight column of the input files.")
    }
    var count = 0
    var signal = 0.0
    var background = 0.0
    for (label, weight) in zip(labels, weights) {
      if label {
        count += 1
        signal += weight
      } else {
        background += weight
      }
    }
    for (name, size, total) in [
      ("signal", count, signal), ("background", labels.count - count, background),
    ] {
      guard size > 0 else {
        throw EvaluationError(
          .emptyClass, cannot: operation, because: "there is no \(name) event",
          remedy: "Check the selection and the labels of the test events.")
      }
      guard total > 0 else {
        throw EvaluationError(
          .nonPositiveTotalWeight, cannot: operation,
          because: "the weights of the \(size) \(name) events add up to \(total)",
          remedy:
            "Check the weight column; negative weights are fine if their class's total is not.")
      }
    }
    self.scores = scores.map { Double($0) }
    self.labels = labels
    self.weights = weights
    signalCount = count
    signalWeight = signal
    backgroundWeight = background
  }

  /// The number of background events.
  public var backgroundCount: Int { labels.count - signalCount }

  /// The number of unweighted background events that would know a fraction as well as these:
  /// (sum of weights)^2 / (sum of squared weights).
  public var effectiveBackgroundCount: Double {
    var squares = 0.0
    for (label, weight) in zip(labels, weights) where !label { squares += weight * weight }
    return backgroundWeight * backgroundWeight / squares
  }
}
