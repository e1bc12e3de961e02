// SPDX-License-Identifier: Apache-2.0

import Foundation
import Torch

/// The learning rates of head and backbone at each step of a fine-tuning.
///
/// Both rise linearly over the first steps and fall as a half cosine to zero. A pre-trained
/// backbone's rate lags behind: it catches up with the head's over `catchUpSteps`, so that a head
/// that is not good yet does not pull the backbone away from what pre-training made of it.
package struct FineTuningSchedule {
  /// Steps over which the learning rates rise.
  package let warmUpSteps = 20
  private let peak: Double
  private let catchUpSteps: Int
  private let shape: LearningRateSchedule

  /// Makes the schedule of a fine-tuning with a number of steps.
  package init(configuration: FineTuningConfiguration, totalSteps: Int) {
    let isScratch = configuration.mode == .scratch
    peak = isScratch ? configuration.scratchLearningRate : configuration.learningRate
    catchUpSteps = isScratch ? 0 : configuration.catchUpSteps
    shape = .cosine(warmupSteps: warmUpSteps, totalSteps: max(totalSteps, 1), floor: 0)
  }

  /// The learning rate of the head.
  package func headLearningRate(step: Int) -> Double { peak * shape.factor(step: step) }

  /// The learning rate of the backbone's last layer.
  package func backboneLearningRate(step: Int) -> Double {
    let lag = catchUpSteps > 0 ? min(1, Double(step) / Double(catchUpSteps)) : 1
    return headLearningRate(step: step) * lag
  }
}
