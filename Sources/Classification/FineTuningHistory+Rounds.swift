// SPDX-License-Identifier: Apache-2.0

extension FineTuningHistory {
  /// Makes the record of a training that passes over its events a fixed number of times and looks
  /// at no validation split, as that of boosted trees.
  ///
  /// - Parameters:
  ///   - rounds: The passes over the events.
  ///   - trainingCount: The number of training events.
  ///   - seconds: The time of the training.
  package init(rounds: Int, trainingCount: Int, seconds: Double) {
    self.init()
    bestStep = rounds
    epochs = Double(rounds)
    self.trainingCount = trainingCount
    self.seconds = seconds
  }
}
