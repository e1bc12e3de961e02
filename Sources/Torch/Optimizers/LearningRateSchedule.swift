// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The factor on the learning rate as a function of the step.
///
/// All schedules that warm up rise linearly from `1 / warmupSteps` at step 0 to 1 at step
/// `warmupSteps - 1`.
public enum LearningRateSchedule: Sendable, Hashable, Codable {
  /// 1 at all steps after the warm-up.
  case constant(warmupSteps: Int)
  /// After the warm-up half a period of a cosine from 1 down to `floor` at `totalSteps`.
  case cosine(warmupSteps: Int, totalSteps: Int, floor: Double)
  /// After the warm-up a straight line from 1 down to `floor` at `totalSteps`.
  case linear(warmupSteps: Int, totalSteps: Int, floor: Double)

  /// Returns the factor of a step.
  ///
  /// - Parameter step: The number of steps taken before this one, at least 0.
  /// - Returns: A factor of at most 1; from `totalSteps` on it is `floor`.
  public func factor(step: Int) -> Double {
    precondition(step >= 0, "The step \(step) is negative.")
    switch self {
    case .constant(let warmupSteps):
      return warmup(step, warmupSteps) ?? 1
    case .cosine(let warmupSteps, let totalSteps, let floor):
      if let factor = warmup(step, warmupSteps) { return factor }
      let progress = progress(step, from: warmupSteps, to: totalSteps)
      return floor + (1 - floor) * (1 + cos(.pi * progress)) / 2
    case .linear(let warmupSteps, let totalSteps, let floor):
      if let factor = warmup(step, warmupSteps) { return factor }
      return 1 - (1 - floor) * progress(step, from: warmupSteps, to: totalSteps)
    }
  }

  private func warmup(_ step: Int, _ warmupSteps: Int) -> Double? {
    step < warmupSteps ? Double(step + 1) / Double(warmupSteps) : nil
  }

  /// The share of the way from the end of the warm-up to the last step, in 0...1.
  private func progress(_ step: Int, from start: Int, to end: Int) -> Double {
    end <= start ? 1 : min(1, Double(step - start) / Double(end - start))
  }
}
