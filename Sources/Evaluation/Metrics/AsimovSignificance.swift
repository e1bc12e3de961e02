// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Computes the significance with which a counting experiment would discover a signal above a
/// known background.
///
///     Z = sqrt(2 ((s + b) ln(1 + s / b) - s))
///
/// Without background it is infinite, unless there is no signal either: then it is 0. Where s is
/// much smaller than b the two terms cancel, so a series in s / b takes over; both agree to
/// 10^-11 where they meet, and tend to s / sqrt(b).
///
/// - Parameters:
///   - signalYield: The expected number of signal events, 0 or more.
///   - backgroundYield: The expected number of background events, 0 or more.
/// - Returns: The median significance, in standard deviations.
///
/// Source: G. Cowan, K. Cranmer, E. Gross, O. Vitells, arXiv:1007.1727, equation 97.
public func asimovSignificance(signalYield: Double, backgroundYield: Double) -> Double {
  precondition(
    signalYield >= 0 && backgroundYield >= 0,
    "The expected yields \(signalYield) and \(backgroundYield) are not both positive or zero.")
  if signalYield == 0 { return 0 }
  if backgroundYield == 0 { return .infinity }
  let ratio = signalYield / backgroundYield
  // (1 + x) ln(1 + x) - x = x^2/2 - x^3/6 + x^4/12 - x^5/20 + ...
  let half =
    ratio < 1e-3
    ? ratio * ratio * (1 / 2.0 - ratio * (1 / 6.0 - ratio * (1 / 12.0 - ratio / 20)))
    : (1 + ratio) * log1p(ratio) - ratio
  return (2 * backgroundYield * half).squareRoot()
}

/// What passes a threshold, and the significance of a counting experiment with it.
public struct ThresholdSignificance: Sendable, Equatable {
  /// Events with this score or a higher one are counted.
  public let threshold: Double
  /// The expected number of signal events counted.
  public let signalYield: Double
  /// The expected number of background events counted.
  public let backgroundYield: Double
  /// The number of simulated background events behind ``backgroundYield``.
  public let backgroundCount: Int
  /// The Asimov significance; absent where negative weights leave a yield below zero or no
  /// background, so that the formula has no meaning.
  public let significance: Double?
}

extension LabeledScores {
  /// Returns the significance of a cut at every distinct score, highest first.
  ///
  /// Weights are taken as yields: scale them to the luminosity, and to the share of the simulation
  /// that these events are.
  public func significanceScan() -> [ThresholdSignificance] {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var scan: [ThresholdSignificance] = []
    var signal = 0.0
    var background = 0.0
    var count = 0
    for (position, index) in order.enumerated() {
      if labels[index] {
        signal += weights[index]
      } else {
        background += weights[index]
        count += 1
      }
      let isLastOfGroup =
        position + 1 == order.count || scores[order[position + 1]] != scores[index]
      guard isLastOfGroup else { continue }
      let isDefined = signal >= 0 && background > 0
      scan.append(
        ThresholdSignificance(
          threshold: scores[index], signalYield: signal, backgroundYield: background,
          backgroundCount: count,
          significance: isDefined
            ? asimovSignificance(signalYield: signal, backgroundYield: background) : nil))
    }
    return scan
  }

  /// Returns the cut with the highest significance.
  ///
  /// - Parameter minimumBackgroundCount: The simulated background events that must pass, so that
  ///   the answer does not hang on the last one.
  /// - Returns: `nil` where no threshold lets so many pass.
  public func bestThreshold(minimumBackgroundCount: Int = 10) -> ThresholdSignificance? {
    var best: ThresholdSignificance?
    for candidate in significanceScan() where candidate.backgroundCount >= minimumBackgroundCount {
      guard let significance = candidate.significance else { continue }
      if significance > best?.significance ?? -1 { best = candidate }
    }
    return best
  }

  /// Computes the significance of all bins of the score together.
  ///
  /// It is what a fit of the score's distribution reaches without systematic uncertainties.
  ///
  /// - Parameters:
  ///   - binCount: The number of bins of equal width.
  ///   - range: What the bins cover.
  /// - Returns: The root of the sum of the squares of the bins' significances.
  /// - Throws: ``EvaluationError`` with code `emptyBackgroundBin` if a bin expects signal but no
  ///   background, or `scoreOutOfRange` if a score is outside the range.
  public func binnedSignificance(
    binCount: Int, range: ClosedRange<Double> = 0...1
  ) throws(EvaluationError) -> Double {
    let histogram = try ScoreHistogram(self, binCount: binCount, range: range)
    var sum = 0.0
    for bin in 0..<binCount {
      let signal = histogram.signal[bin] * signalWeight
      let background = histogram.background[bin] * backgroundWeight
      if signal == 0, background >= 0 { continue }
      guard background > 0, signal >= 0 else {
        throw EvaluationError(
          .emptyBackgroundBin, cannot: "compute the significance of bin \(bin) of \(binCount)",
          because:
            "it expects \(Format.significant(signal)) signal and \(Format.significant(background)) background events",
          remedy: "Take fewer bins, or more simulated background.")
      }
      let significance = asimovSignificance(signalYield: signal, backgroundYield: background)
      sum += significance * significance
    }
    return sum.squareRoot()
  }
}
