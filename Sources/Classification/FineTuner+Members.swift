// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Pretraining
import Torch

extension FineTuner {
  /// Trains as many classifiers as the configuration has members.
  ///
  /// Each watches another part of the labeled events while it trains on the rest, so that together
  /// they have trained on all of them, and none is misled by the few events that another watches.
  ///
  /// - Parameters:
  ///   - source: The labeled events.
  ///   - events: Which of them may be used, validation included.
  ///   - classNames: The names of the classes, by label.
  ///   - configuration: How to train.
  ///   - variables: High-level variables that the heads read beside the event vectors. Quantiles of
  ///     all events are looked at, validation included, but no label.
  ///   - trees: Boosted trees to join; `nil` for none.
  ///   - collisions: Collisions that count as background; `nil` for none.
  ///   - backbone: Makes the backbone of a member, given a seed for random weights.
  ///   - report: Is told steps done and steps at most, over all members.
  /// - Returns: The classifiers as one, and what was recorded: the looks of the first member, and
  ///   passes and time of all.
  /// - Throws: What ``init(backbone:source:events:classNames:configuration:variables:member:)`` and
  ///   ``run(report:)`` throw.
  public static func trainMembers(
    source: any EventSource, events: [Int], classNames: [String],
    configuration: FineTuningConfiguration, variables: EventVariables? = nil,
    trees: JoinedTrees.Plan? = nil, collisions: BackgroundCollisions.Plan? = nil,
    backbone: (UInt64) throws -> EventTransformer, report: (Int, Int) -> Void = { _, _ in }
  ) throws -> (scorer: Scorer, history: FineTuningHistory) {
    let inputs = try variables.map {
      try VariableInputs($0, training: source.batch(events: events.sorted()))
    }
    let background = try collisions.map {
      try BackgroundCollisions(
        $0, source: source, labeled: events, classNames: classNames, configuration: configuration,
        variables: inputs, backbone: backbone(seed(ofMember: 0, configuration)))
    }
    var members: [Classifier] = []
    var comparison = TreeComparison()
    var history: FineTuningHistory?
    for member in 0..<configuration.members {
      let tuner = try FineTuner(
        backbone: backbone(seed(ofMember: member, configuration)), source: source, events: events,
        classNames: classNames, configuration: configuration, variables: inputs,
        collisions: background, member: member)
      let own = try tuner.run { step, total in
        report(member * total + step, configuration.members * total)
      }
      if let trees { try comparison.add(tuner, trees) }
      members.append(tuner.classifier)
      history = history?.joined(by: own) ?? own
    }
    guard let history else { preconditionFailure("A configuration has a member.") }
    if configuration.mode != .scratch, configuration.joining == .weights {
      members = [Self.mean(of: members)]
    }
    let joined = try trees.map { plan in
      let labels = source.labels()
      let weights = try lossWeights(
        source: source, events: events, labels: labels, classCount: classNames.count,
        configuration: configuration)
      return try JoinedTrees(
        plan, source: source,
        training: TreeEvents(
          events, labels: labels, weights: weights, collisions: background,
          balancesClasses: configuration.balancesClasses), seed: configuration.seed)
    }
    let scorer = Scorer(
      members: members, viewCount: configuration.scoreViews,
      augmentation: configuration.augmentation, trees: joined,
      treeShare: trees.map { comparison.share(expected: $0.expectedShare) } ?? TreeShare())
    return (scorer, history)
  }

  /// Gives the first classifier the mean parameters of all.
  private static func mean(of members: [Classifier]) -> Classifier {
    let values = members.map { $0.namedParameters().map(\.parameter.value) }
    withoutGradients {
      for index in values[0].indices {
        let sum = values.dropFirst().reduce(values[0][index].cloned()) { $0 + $1[index] }
        values[0][index].copy(from: sum * (1 / Double(members.count)))
      }
    }
    return members[0]
  }

  /// The seed of a member's weights, order and augmentation; the first has that of the configuration.
  static func seed(ofMember member: Int, _ configuration: FineTuningConfiguration) -> UInt64 {
    configuration.seed &+ UInt64(member) << 40
  }
}

/// The logits of members and of trees, for events that neither was trained on.
private struct TreeComparison {
  private var trees: [Double] = []
  private var classifier: [Double] = []
  private var isSignal: [Bool] = []
  private var weights: [Double] = []

  /// Trains trees on the training events of a member, and compares both on its validation events.
  mutating func add(_ tuner: FineTuner, _ plan: JoinedTrees.Plan) throws {
    let own = try JoinedTrees(
      plan, source: tuner.source,
      training: TreeEvents(
        tuner.trainingEvents, labels: tuner.labels, weights: tuner.labeledWeights,
        collisions: tuner.collisions, balancesClasses: tuner.configuration.balancesClasses),
      seed: tuner.seed)
    trees += try own.logits(of: tuner.source, events: tuner.validationEvents)
    let scores = try tuner.classifier.scores(of: tuner.source, events: tuner.validationEvents)
    for (index, event) in tuner.validationEvents.enumerated() {
      // A probability may round to 0 or 1.
      let ratio = max(scores[1][index], 1e-12) / max(scores[0][index], 1e-12)
      classifier.append(log(ratio))
      isSignal.append(tuner.labels[event] == 1)
      weights.append(Double(tuner.eventWeights[event]))
    }
  }

  /// Chooses how much the trees are to count.
  ///
  /// - Parameter expected: The share that is expected of them.
  /// - Returns: The share and the scale.
  func share(expected: Double) -> TreeShare {
    TreeShare(
      trees: trees, classifier: classifier, isSignal: isSignal, weights: weights,
      expected: expected)
  }
}

extension FineTuningHistory {
  /// The same with passes and time of another member added.
  fileprivate func joined(by other: FineTuningHistory) -> FineTuningHistory {
    var result = self
    result.epochs += other.epochs
    result.seconds += other.seconds
    return result
  }
}
