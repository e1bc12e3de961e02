// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Pretraining

extension FineTuner {
  /// Splits labeled events so that every class has its share of both parts.
  ///
  /// - Parameters:
  ///   - events: What to split.
  ///   - labels: The label of every event of the source.
  ///   - classNames: The names of the classes, by label.
  ///   - fraction: Share of the validation part; every class gives it at least one event.
  ///   - seed: The seed of the split.
  ///   - part: Which of the disjoint validation parts of a seed is taken, from 0; after the last
  ///     comes the first again.
  /// - Returns: The parts, each in rising order.
  /// - Throws: ``ClassificationError`` if a class has fewer than two events or a label no name.
  package static func stratifiedSplit(
    _ events: [Int], labels: [Int32], classNames: [String], fraction: Double, seed: UInt64,
    part: Int = 0
  ) throws -> (training: [Int], validation: [Int]) {
    var byClass = [[Int]](repeating: [], count: classNames.count)
    for event in events {
      let label = Int(labels[event])
      guard classNames.indices.contains(label) else {
        throw ClassificationError(
          code: .unknownLabel,
          "event \(event) has the label \(label); expected 0 to \(classNames.count - 1), for "
            + "\(classNames.joined(separator: ", ")). Give every sample a label.")
      }
      byClass[label].append(event)
    }
    var training: [Int] = []
    var validation: [Int] = []
    for (label, members) in byClass.enumerated() {
      guard members.count >= 2 else {
        throw ClassificationError(
          code: .tooFewEvents,
          "class \(classNames[label]) has \(members.count) labeled events; at least 2 are needed, "
            + "one to train and one to validate. Add files, or loosen the selection.")
      }
      let order = EventSplit.shuffled(members, seed: seed, epoch: label, purpose: .splitting)
      let count = min(
        members.count - 1, max(1, Int((Double(members.count) * fraction).rounded())))
      let parts = max(1, members.count / count)
      let own = part % parts * count..<(part % parts + 1) * count
      validation += order[own]
      training += order[..<own.lowerBound] + order[own.upperBound...]
    }
    return (training.sorted(), validation.sorted())
  }

  /// The training events and, if collisions count as background, those drawn for an epoch.
  func events(ofEpoch epoch: Int) -> [Int] {
    trainingEvents + (collisions?.draw(seed: seed, epoch: epoch) ?? [])
  }

  /// Returns each event's weight in the loss, with mean 1 over the given events.
  ///
  /// Event weights are scaled to mean 1 within a class; with balanced classes every class then
  /// has the same sum.
  package static func lossWeights(
    source: any EventSource, events: [Int], labels: [Int32], classCount: Int,
    configuration: FineTuningConfiguration
  ) throws -> [Float] {
    let stored = source.weights()
    var result = [Float](repeating: 0, count: labels.count)
    var sums = [Double](repeating: 0, count: classCount)
    var counts = [Double](repeating: 0, count: classCount)
    for event in events {
      let label = Int(labels[event])
      sums[label] += configuration.usesEventWeights ? Double(stored[event]) : 1
      counts[label] += 1
    }
    for label in 0..<classCount where sums[label] <= 0 {
      throw ClassificationError(
        code: .badWeights,
        "the weights of class \(label) sum to \(sums[label]); expected a positive sum. "
          + "Set finetuning.usesEventWeights: false, or use more events.")
    }
    let total = Double(events.count)
    for event in events {
      let label = Int(labels[event])
      let own = configuration.usesEventWeights ? Double(stored[event]) : 1
      let classWeight =
        configuration.balancesClasses
        ? total / Double(classCount) / sums[label] : counts[label] / sums[label]
      result[event] = Float(own * classWeight)
    }
    return result
  }
}
