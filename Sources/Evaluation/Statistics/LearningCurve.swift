// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How good a way of training becomes with the number of labels.
public struct LearningCurve: Sendable, Equatable {
  /// The areas under the ROC curve that were reached with one number of labels.
  public struct Point: Sendable, Equatable {
    /// The number of labeled events of each class.
    public let labelsPerClass: Int
    /// The areas over seeds.
    public let area: SampleSummary
  }

  /// The points, by rising number of labels.
  public let points: [Point]

  /// Makes a curve.
  ///
  /// - Parameter areas: For each number of labels per class the areas of all seeds; numbers of
  ///   labels without any area are left out.
  public init(areas: [Int: [Double]]) {
    points = areas.filter { !$0.value.isEmpty }
      .map { Point(labelsPerClass: $0.key, area: SampleSummary($0.value)) }
      .sorted { $0.labelsPerClass < $1.labelsPerClass }
  }

  /// Returns the point with a number of labels.
  public func point(labelsPerClass: Int) -> Point? {
    points.first { $0.labelsPerClass == labelsPerClass }
  }

  /// Returns how many labels the curve needs to reach an area, with straight lines between the
  /// mean areas at the logarithms of the numbers of labels.
  ///
  /// Where noise lets the curve pass the area more than once, the smallest number counts, which
  /// favors this curve.
  ///
  /// - Returns: `nil` for a curve without points.
  public func labelsNeeded(forArea area: Double) -> LabelsNeeded? {
    guard let first = points.first, let last = points.last else { return nil }
    if area == first.area.mean { return .exactly(Double(first.labelsPerClass)) }
    if area < first.area.mean { return .fewerThan(first.labelsPerClass) }
    for (left, right) in zip(points, points.dropFirst()) where right.area.mean >= area {
      let share = (area - left.area.mean) / (right.area.mean - left.area.mean)
      let logarithm =
        (1 - share) * log(Double(left.labelsPerClass)) + share * log(Double(right.labelsPerClass))
      return .exactly(exp(logarithm))
    }
    return .moreThan(last.labelsPerClass)
  }

  /// Returns how many times more labels a reference needs for the area that this curve reaches.
  ///
  /// - Parameters:
  ///   - labelsPerClass: The number of labels of this curve, one of its points.
  ///   - reference: The curve of the reference.
  /// - Returns: `nil` where this curve has no such point, or the reference no point at all.
  public func labelEfficiency(
    labelsPerClass: Int, reference: LearningCurve
  ) -> LabelEfficiency? {
    guard let area = point(labelsPerClass: labelsPerClass)?.area.mean,
      let needed = reference.labelsNeeded(forArea: area)
    else { return nil }
    let labels = Double(labelsPerClass)
    return switch needed {
    case .exactly(let count): .factor(count / labels)
    case .moreThan(let count): .moreThan(Double(count) / labels)
    case .fewerThan(let count): .lessThan(Double(count) / labels)
    }
  }
}

/// The number of labels per class that a learning curve needs to reach an area.
public enum LabelsNeeded: Sendable, Equatable {
  /// A number between the curve's smallest and largest.
  case exactly(Double)
  /// The area is above all of the curve: more than its largest number of labels.
  case moreThan(Int)
  /// The area is below the curve's first point: fewer than its smallest number of labels.
  case fewerThan(Int)
}

/// How many times more labels a reference needs to be as good.
public enum LabelEfficiency: Sendable, Equatable, CustomStringConvertible {
  /// The factor; above 1 the reference needs more.
  case factor(Double)
  /// The reference never becomes as good: the factor is higher than this.
  case moreThan(Double)
  /// The reference is better already with its smallest number: the factor is lower than this.
  case lessThan(Double)

  /// The factor with two digits, as in "3.1", "> 10" or "< 0.50".
  public var description: String {
    switch self {
    case .factor(let value): Self.text(value)
    case .moreThan(let value): "> \(Self.text(value))"
    case .lessThan(let value): "< \(Self.text(value))"
    }
  }

  private static func text(_ value: Double) -> String {
    value >= 9.95
      ? String(format: "%.0f", value) : String(format: value >= 0.995 ? "%.1f" : "%.2f", value)
  }
}
