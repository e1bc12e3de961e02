// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import Events
import Foundation
import Pretraining

/// One training of a study with its test scores: a file in the folder `runs`.
package struct StudyRun: Codable {
  /// All that decides the result; a saved run with the same plan is not trained again.
  package struct Plan: Codable, Hashable {
    var arm: StudyConfiguration.Arm
    var labelsPerClass: Int
    var seed: UInt64
    /// The folder of the backbone under `pretraining`; `nil` for random weights.
    var backbone: String?
    var pretraining: PretrainingConfiguration?
    var model: ModelConfiguration
    var testEvents: [Int]
    var eventFingerprint: String
    var pretrainingEventFingerprint: String?
    /// The events among which collisions that count as background are; `nil` where none do.
    var collisionFingerprint: String?
    /// The checksum of the weights that the pre-training started from; `nil` for random ones.
    var pretrainingStart: String?
    var isDevelopment: Bool
    var classNames: [String]
    /// The variables that heads or trees are given, as in "ht = sum(jet.pt)"; `nil` where there are none.
    var variables: [String]?
    /// The trees that another arm joins with this one; `nil` where none does.
    var joinedTrees: TreeArm?

    /// The name of the file, without its ending.
    var name: String { "\(arm.name)-\(labelsPerClass)-\(seed)" }
  }

  var plan: Plan
  var history: FineTuningHistory
  /// The number of parameters, or of the leaves of trees.
  var parameterCount: Int
  /// The signal probability of every test event, in the order of ``testEvents``.
  var scores: [Float]
  /// The positions of the test events among the labeled events.
  var testEvents: [Int]
  /// How much the trees count that another arm joins with this one.
  var treeShare: TreeShare?

  /// Returns the run of a file if it was made by the same plan and tested on the same events.
  package static func saved(
    at path: String, plan: Plan, testEvents: [Int]
  ) throws -> StudyRun? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let run = try readJSON(StudyRun.self, from: path)
    return run.plan == plan && run.testEvents == testEvents ? run : nil
  }

  /// Trains and scores the test events.
  ///
  /// - Parameters:
  ///   - plan: What is trained.
  ///   - variables: The variables of the configuration.
  ///   - labeled: The labeled events.
  ///   - collisions: The same and collisions, if these count as background; `nil` where none do.
  ///   - split: Which labeled events are tested on.
  ///   - folder: The folder of the study.
  /// - Returns: The run.
  /// - Throws: What the trainings throw.
  static func train(
    _ plan: Plan, variables: EventVariables?, labeled: EventUnion, collisions: CollisionSource?,
    split: TestSplit, folder: String
  ) throws -> StudyRun {
    if let trees = plan.arm.trees {
      return try trainTrees(
        plan, as: trees, variables: variables, labeled: labeled, collisions: collisions,
        split: split, folder: folder)
    }
    let chosen = split.draw(labelsPerClass: plan.labelsPerClass, seed: plan.seed)
    var settings = plan.arm.finetuning
    settings.seed = plan.seed
    // The share that trees are given is chosen here, where there are events that neither saw.
    let joinedTrees = plan.joinedTrees?.plan(variables, schema: labeled.schema)
    let (joined, history) = try FineTuner.trainMembers(
      source: collisions?.source ?? labeled, events: chosen, classNames: plan.classNames,
      configuration: settings,
      variables: settings.headVariables(variables, schema: labeled.schema), trees: joinedTrees,
      collisions: collisions?.plan(settings),
      backbone: { seed in
        try plan.startingBackbone(labeled, chosen: chosen, seed: seed, folder: folder)
      })
    let test = split.allTestEvents
    let scores = try joined.withoutTrees.scores(of: labeled, events: test)
    return StudyRun(
      plan: plan, history: history,
      parameterCount: joined.members.map(\.parameterCount).reduce(0, +),
      scores: scores[1].map { Float($0) }, testEvents: test,
      treeShare: joinedTrees == nil ? nil : joined.treeShare)
  }

  /// Joins the logits of runs with the same labeled events and adds up their costs.
  ///
  /// Trees count as much as the classifier they join chose; others count alike.
  ///
  /// - Parameters:
  ///   - runs: The runs, at least one.
  ///   - arm: The arm that joins them.
  /// - Returns: A run of that arm.
  static func joined(_ runs: [StudyRun], as arm: StudyConfiguration.Arm) -> StudyRun {
    func logit(_ score: Float) -> Double {
      // A score of exactly 0 or 1 has no logit; float32 knows none closer to 1 than this.
      let inside = min(max(Double(score), 1e-7), 1 - 1e-7)
      return log(inside / (1 - inside))
    }
    var result = runs[0]
    result.plan.arm = arm
    result.parameterCount = runs.map(\.parameterCount).reduce(0, +)
    result.history.seconds = runs.map(\.history.seconds).reduce(0, +)
    let factors = factors(runs)
    result.scores = result.scores.indices.map { event in
      let sum = zip(runs, factors).reduce(0) { $0 + $1.1 * logit($1.0.scores[event]) }
      return Float(1 / (1 + exp(-sum)))
    }
    return result
  }

  /// Returns by what the logit of each run is multiplied when they are added.
  private static func factors(_ runs: [StudyRun]) -> [Double] {
    guard runs.count == 2, let share = runs.compactMap(\.treeShare).first,
      runs.contains(where: { $0.plan.arm.trees != nil })
    else { return runs.map { _ in 1 / Double(runs.count) } }
    return runs.map {
      share.scale * ($0.plan.arm.trees == nil ? 1 - share.share : share.share)
    }
  }
}

extension StudyRun.Plan {
  /// Opens the backbone of the plan's pre-training in the folder of a study, or makes one.
  func startingBackbone(
    _ labeled: EventUnion, chosen: [Int], seed: UInt64, folder: String
  ) throws -> EventTransformer {
    try EventTransformer.starting(
      from: backbone.map { "\(folder)/pretraining/\($0)" }, configuration: model,
      source: labeled, events: chosen, allowsGrowth: arm.finetuning.growSchema, seed: seed)
  }
}
