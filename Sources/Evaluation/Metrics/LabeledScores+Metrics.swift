// SPDX-License-Identifier: Apache-2.0

import Foundation

extension LabeledScores {
  /// Measures how often a threshold decides rightly.
  ///
  /// - Parameter threshold: Events with this score or a higher one are taken for signal.
  /// - Returns: The fraction of the weight that is on the right side.
  public func accuracy(threshold: Double = 0.5) -> Double {
    var right = 0.0
    for index in scores.indices where (scores[index] >= threshold) == labels[index] {
      right += weights[index]
    }
    return right / (signalWeight + backgroundWeight)
  }

  /// Returns the weighted mean of -ln(probability given to the true class).
  ///
  /// A probability nearer to 0 or 1 than 2^-23 counts as 2^-23 away, because a sigmoid in single
  /// precision reaches 0 and 1 although it never means them; the loss stays finite.
  ///
  /// - Throws: ``EvaluationError`` with code `scoreOutOfRange` if a score is not in 0...1.
  public func logLoss() throws(EvaluationError) -> Double {
    try requireProbabilities(for: "compute the log loss")
    let floor = Double(Float.ulpOfOne)
    var sum = 0.0
    for index in scores.indices {
      let probability = labels[index] ? scores[index] : 1 - scores[index]
      sum -= weights[index] * log(min(max(probability, floor), 1 - floor))
    }
    return sum / (signalWeight + backgroundWeight)
  }

  /// Measures how far scores are from being probabilities.
  ///
  /// A bin whose weights add up to zero or less has no fraction of signal and does not count.
  ///
  /// - Parameter binCount: The number of bins between 0 and 1.
  /// - Returns: The expected calibration error: the distance of the mean score of a bin from the
  ///   fraction of signal in it, averaged over bins of equal width with their share of the weight.
  /// - Throws: ``EvaluationError`` with code `scoreOutOfRange` if a score is not in 0...1.
  ///
  /// Source: M. Naeini, G. Cooper, M. Hauskrecht, AAAI 2015, 2901.
  public func calibrationError(binCount: Int = 10) throws(EvaluationError) -> Double {
    precondition(binCount > 0, "The number of bins, \(binCount), is not positive.")
    try requireProbabilities(for: "compute the calibration error")
    var weight = [Double](repeating: 0, count: binCount)
    var excess = weight
    for index in scores.indices {
      let bin = min(Int(scores[index] * Double(binCount)), binCount - 1)
      weight[bin] += weights[index]
      excess[bin] += weights[index] * (scores[index] - (labels[index] ? 1 : 0))
    }
    var error = 0.0
    var total = 0.0
    for bin in 0..<binCount where weight[bin] > 0 {
      error += abs(excess[bin])
      total += weight[bin]
    }
    return error / total
  }

  private func requireProbabilities(for operation: String) throws(EvaluationError) {
    if let index = scores.firstIndex(where: { $0 < 0 || $0 > 1 }) {
      throw EvaluationError(
        .scoreOutOfRange, cannot: operation,
        because: "score \(index) is \(scores[index]), which is not a probability",
        remedy: "Pass logits through a sigmoid first.")
    }
  }
}
