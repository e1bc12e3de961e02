// SPDX-License-Identifier: Apache-2.0

import Runtime

/// A point of a ROC curve.
public struct ROCPoint: Codable, Sendable, Equatable {
  /// The fraction of the signal's weight that passes the threshold.
  public var signalEfficiency: Double
  /// The fraction of the background's weight that passes the threshold.
  public var backgroundEfficiency: Double

  /// Makes a point.
  public init(signalEfficiency: Double, backgroundEfficiency: Double) {
    self.signalEfficiency = signalEfficiency
    self.backgroundEfficiency = backgroundEfficiency
  }
}

/// The receiver operating characteristic: what passes of signal and of background, for every
/// threshold on the score.
///
///     let curve = try ROCCurve(scores: [0.9, 0.4, 0.2], labels: [true, true, false])
///     curve.areaUnderCurve   // 1
///
/// Goals, in order: exact with ties, exact with weights of either sign, O(n log n).
///
/// Events with equal scores enter together, which gives the straight segment between the two
/// corners that any order among them could draw. The area is then the weighted fraction of
/// (signal, background) pairs in which the signal has the higher score, pairs with equal scores
/// counted half. That sum is linear in the weights of each class, so that it stays the unbiased
/// estimate with negative weights, though the curve may then bend back.
public struct ROCCurve: Sendable {
  /// The corners of the curve, from (0, 0) to (1, 1), by falling threshold.
  public let points: [ROCPoint]
  /// The threshold of each corner: events with this score or a higher one pass.
  ///
  /// The first is infinite.
  public let thresholds: [Double]
  /// The area under the curve of signal efficiency against background efficiency: 0.5 for
  /// guessing, 1 for perfect separation.
  public let areaUnderCurve: Double
  /// The standard error of the area from the finite number of test events; absent where a class
  /// has only one event.
  ///
  /// DeLong's estimate, from the variance of each event's share in the area. With weights it is
  /// the variance of a weighted mean, sum w^2 (V - A)^2 / (sum w)^2, which is DeLong's for equal
  /// weights.
  ///
  /// Source: E. DeLong, D. DeLong, D. Clarke-Pearson, Biometrics 44 (1988) 837,
  /// doi:10.2307/2531595.
  public let areaStandardError: Double?
  /// The effective number of background events, below whose inverse no efficiency is known.
  public let effectiveBackgroundCount: Double
  /// The largest signal efficiency up to each corner; rises also where weights are negative.
  private let reached: [Double]

  /// Makes the curve of scores with labels and weights.
  ///
  /// - Parameters:
  ///   - scores: One score for each event; the higher, the more like signal.
  ///   - labels: `true` where the event is signal.
  ///   - weights: One weight for each event, of either sign; all are 1 where it is absent.
  /// - Throws: ``EvaluationError``, as ``LabeledScores`` does.
  public init(
    scores: [some BinaryFloatingPoint], labels: [Bool], weights: [Double]? = nil
  ) throws(EvaluationError) {
    self.init(try LabeledScores(scores: scores, labels: labels, weights: weights))
  }

  /// Makes the curve of events that were checked before.
  ///
  /// - Complexity: O(n log n) for n events.
  public init(_ events: LabeledScores) {
    let groups = Self.groups(of: events)
    let signalTotal = events.signalWeight
    let backgroundTotal = events.backgroundWeight

    var points = [ROCPoint(signalEfficiency: 0, backgroundEfficiency: 0)]
    var area = 0.0
    var signal = 0.0
    var background = 0.0
    for group in groups {
      area += group.background * (signal + group.signal / 2)
      signal += group.signal
      background += group.background
      points.append(
        ROCPoint(
          signalEfficiency: signal / signalTotal,
          backgroundEfficiency: background / backgroundTotal))
    }
    // The running sums may miss the totals by rounding; the last corner is (1, 1) by definition.
    points[points.count - 1] = ROCPoint(signalEfficiency: 1, backgroundEfficiency: 1)
    area /= signalTotal * backgroundTotal

    self.points = points
    thresholds = [.infinity] + groups.map(\.score)
    areaUnderCurve = area
    areaStandardError = Self.standardError(area: area, groups: groups, events: events)
    effectiveBackgroundCount = events.effectiveBackgroundCount
    var highest = -Double.infinity
    reached = points.map {
      highest = max(highest, $0.signalEfficiency)
      return highest
    }
  }

  /// Interpolates the background efficiency at a signal efficiency.
  ///
  /// Where the curve has that signal efficiency more than once, the highest threshold counts.
  ///
  /// - Parameter signalEfficiency: A signal efficiency in 0...1.
  /// - Returns: The value on the straight line between the two corners around it.
  public func backgroundEfficiency(atSignalEfficiency signalEfficiency: Double) -> Double {
    precondition(
      (0...1).contains(signalEfficiency),
      "The signal efficiency \(signalEfficiency) is not in 0...1.")
    // The first corner that reaches the efficiency; the last one does, up to rounding.
    let corner = reached.dropLast().firstIndexOfSorted { $0 >= signalEfficiency }
    guard corner > 0 else { return points[0].backgroundEfficiency }
    let left = points[corner - 1]
    let right = points[corner]
    let share =
      (signalEfficiency - left.signalEfficiency) / (right.signalEfficiency - left.signalEfficiency)
    return left.backgroundEfficiency
      + share * (right.backgroundEfficiency - left.backgroundEfficiency)
  }

  // MARK: - Events with equal scores

  private struct Group {
    var score: Double
    var signal = 0.0
    var background = 0.0
    var signalSquares = 0.0
    var backgroundSquares = 0.0
  }

  /// Returns the sums of weights for each distinct score, highest score first.
  private static func groups(of events: LabeledScores) -> [Group] {
    let order = events.scores.indices.sorted { events.scores[$0] > events.scores[$1] }
    var groups: [Group] = []
    for index in order {
      let score = events.scores[index]
      let weight = events.weights[index]
      if groups.last?.score != score { groups.append(Group(score: score)) }
      if events.labels[index] {
        groups[groups.count - 1].signal += weight
        groups[groups.count - 1].signalSquares += weight * weight
      } else {
        groups[groups.count - 1].background += weight
        groups[groups.count - 1].backgroundSquares += weight * weight
      }
    }
    return groups
  }

  private static func standardError(
    area: Double, groups: [Group], events: LabeledScores
  ) -> Double? {
    let signalCount = Double(events.signalCount)
    let backgroundCount = Double(events.backgroundCount)
    guard signalCount > 1, backgroundCount > 1 else { return nil }
    var signalVariance = 0.0
    var backgroundVariance = 0.0
    var signalAbove = 0.0
    var backgroundAbove = 0.0
    for group in groups {
      // The fraction of background below a signal event of this score, and of signal above a
      // background event of it: the placements whose means are both the area.
      let signalPlacement =
        1 - (backgroundAbove + group.background / 2) / events.backgroundWeight
      let backgroundPlacement = (signalAbove + group.signal / 2) / events.signalWeight
      signalVariance += group.signalSquares * (signalPlacement - area) * (signalPlacement - area)
      backgroundVariance +=
        group.backgroundSquares * (backgroundPlacement - area) * (backgroundPlacement - area)
      signalAbove += group.signal
      backgroundAbove += group.background
    }
    signalVariance *= signalCount / (signalCount - 1) / (events.signalWeight * events.signalWeight)
    backgroundVariance *=
      backgroundCount / (backgroundCount - 1)
      / (events.backgroundWeight * events.backgroundWeight)
    return (signalVariance + backgroundVariance).squareRoot()
  }
}
