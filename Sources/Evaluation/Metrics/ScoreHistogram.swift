// SPDX-License-Identifier: Apache-2.0

/// How the scores of signal and of background are distributed over bins of equal width.
public struct ScoreHistogram: Codable, Sendable, Equatable {
  /// Where the first bin begins.
  public var lowerBound: Double
  /// Where the last bin ends.
  public var upperBound: Double
  /// The fraction of the signal's weight in each bin.
  public var signal: [Double]
  /// The fraction of the background's weight in each bin.
  public var background: [Double]

  /// Makes a histogram of fractions that are known.
  public init(lowerBound: Double, upperBound: Double, signal: [Double], background: [Double]) {
    self.lowerBound = lowerBound
    self.upperBound = upperBound
    self.signal = signal
    self.background = background
  }

  /// Counts scores.
  ///
  /// - Parameters:
  ///   - events: The scores, labels and weights.
  ///   - binCount: The number of bins.
  ///   - range: What the bins cover; its upper end belongs to the last bin.
  /// - Throws: ``EvaluationError`` with code `scoreOutOfRange` if a score is outside the range:
  ///   no event is left out.
  public init(
    _ events: LabeledScores, binCount: Int = 40, range: ClosedRange<Double> = 0...1
  ) throws(EvaluationError) {
    precondition(binCount > 0, "The number of bins, \(binCount), is not positive.")
    let width = range.upperBound - range.lowerBound
    precondition(width > 0 && width.isFinite, "The bins cover nothing finite: \(range).")
    lowerBound = range.lowerBound
    upperBound = range.upperBound
    signal = [Double](repeating: 0, count: binCount)
    background = signal
    for index in events.scores.indices {
      let score = events.scores[index]
      guard range.contains(score) else {
        throw EvaluationError(
          .scoreOutOfRange, cannot: "fill the score histogram",
          because: "score \(index) is \(score), outside \(lowerBound)...\(upperBound)",
          remedy: "Give a range that holds all scores.")
      }
      let bin = min(Int((score - lowerBound) / width * Double(binCount)), binCount - 1)
      if events.labels[index] {
        signal[bin] += events.weights[index] / events.signalWeight
      } else {
        background[bin] += events.weights[index] / events.backgroundWeight
      }
    }
  }

  /// The width of a bin.
  public var binWidth: Double { (upperBound - lowerBound) / Double(signal.count) }
}
