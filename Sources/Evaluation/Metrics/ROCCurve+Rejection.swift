// SPDX-License-Identifier: Apache-2.0

/// How many background events there are for each one that passes, 1 / (background efficiency).
public struct BackgroundRejection: Codable, Sendable, Equatable {
  /// The rejection, or its lower bound.
  public var value: Double
  /// Whether the test events only show that the rejection is higher than ``value``.
  public var isLowerBound: Bool

  /// Makes a rejection.
  public init(value: Double, isLowerBound: Bool = false) {
    self.value = value
    self.isLowerBound = isLowerBound
  }
}

extension ROCCurve {
  /// Finds the background rejection at a signal efficiency.
  ///
  /// Where less than one (effective) background event passes, the test events cannot tell the
  /// rejection: the result is then their effective number, as a lower bound, and never infinite.
  ///
  /// - Parameter signalEfficiency: A signal efficiency in 0...1, as in 0.3.
  /// - Returns: The rejection or its lower bound.
  public func backgroundRejection(
    atSignalEfficiency signalEfficiency: Double
  ) -> BackgroundRejection {
    let efficiency = backgroundEfficiency(atSignalEfficiency: signalEfficiency)
    // The tolerance keeps exactly one event from failing by rounding.
    guard efficiency * effectiveBackgroundCount >= 1 - 1e-9 else {
      return BackgroundRejection(value: effectiveBackgroundCount, isLowerBound: true)
    }
    return BackgroundRejection(value: 1 / efficiency)
  }

  /// Thins the curve out for plots and files.
  ///
  /// - Parameter count: The number of points, 2 or more.
  /// - Returns: The curve at equally spaced signal efficiencies, from (0, 0) to (1, 1).
  public func resampled(count: Int = 200) -> [ROCPoint] {
    Self.averaged([self], count: count)
  }

  /// Averages curves, as of several seeds.
  ///
  /// - Parameters:
  ///   - curves: One curve or more.
  ///   - count: The number of points, 2 or more.
  /// - Returns: The mean background efficiency at equally spaced signal efficiencies; the last
  ///   point is (1, 1).
  public static func averaged(_ curves: [ROCCurve], count: Int = 200) -> [ROCPoint] {
    precondition(!curves.isEmpty, "An average needs at least one curve.")
    precondition(count >= 2, "A curve needs at least two points, not \(count).")
    var points = (0..<count - 1).map { index in
      let efficiency = count == 2 ? 0 : Double(index) / Double(count - 2)
      let sum = curves.reduce(0) { $0 + $1.backgroundEfficiency(atSignalEfficiency: efficiency) }
      return ROCPoint(
        signalEfficiency: efficiency, backgroundEfficiency: sum / Double(curves.count))
    }
    points.append(ROCPoint(signalEfficiency: 1, backgroundEfficiency: 1))
    return points
  }
}
