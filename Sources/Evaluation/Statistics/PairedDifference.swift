// SPDX-License-Identifier: Apache-2.0

/// How much better one arm of a study is than another with the same labels and the same seeds.
///
/// A seed draws the same labeled events for every arm, so that what the draw does to both cancels
/// in the difference, which is known better than either area.
public struct PairedDifference: Sendable, Equatable {
  /// The number of labeled events of each class.
  public let labelsPerClass: Int
  /// The differences of the area under the ROC curve, arm minus reference, over common seeds.
  public let difference: SampleSummary
  /// In how many seeds the arm had the larger area.
  public let winCount: Int

  /// Compares the areas of common seeds.
  ///
  /// There is no difference, and the initializer fails, where no seed is common to both.
  ///
  /// - Parameters:
  ///   - labelsPerClass: The number of labeled events of each class.
  ///   - areas: The arm's area for each seed.
  ///   - reference: The reference's area for each seed.
  public init?(labelsPerClass: Int, areas: [UInt64: Double], reference: [UInt64: Double]) {
    let differences = areas.keys.sorted().compactMap { seed -> Double? in
      guard let area = areas[seed], let other = reference[seed] else { return nil }
      return area - other
    }
    guard !differences.isEmpty else { return nil }
    self.labelsPerClass = labelsPerClass
    difference = SampleSummary(differences)
    winCount = differences.count { $0 > 0 }
  }

  /// What the seeds say about the difference.
  public enum Verdict: Sendable, Equatable {
    /// The arm is better with 95 % confidence.
    case better
    /// The arm is worse with 95 % confidence.
    case worse
    /// The seeds do not tell.
    case undecided
    /// A single seed cannot tell.
    case singleSeed
  }

  /// What the seeds say, by Student's t interval of 95 %.
  public var verdict: Verdict {
    guard let halfWidth = difference.confidenceHalfWidth else { return .singleSeed }
    if difference.mean > halfWidth { return .better }
    if difference.mean < -halfWidth { return .worse }
    return .undecided
  }

  /// The mean difference and its standard error, as in "+0.077 ± 0.012".
  public var text: String {
    Format.difference(difference.mean)
      + (difference.standardError.map { " ± \(Format.area($0))" } ?? "")
  }
}
