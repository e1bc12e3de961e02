// SPDX-License-Identifier: Apache-2.0

import BoostedTrees
import Classification
import Events
import Foundation

extension StudyRun {
  /// Trains boosted trees on the labeled events that the other arms are given, with the weights
  /// that they have in their losses, and scores the test events.
  static func trainTrees(
    _ plan: Plan, as arm: TreeArm, variables: EventVariables?, labeled: EventUnion,
    collisions: CollisionSource?, split: TestSplit, folder: String
  ) throws -> StudyRun {
    let chosen = split.draw(labelsPerClass: plan.labelsPerClass, seed: plan.seed)
    let start = ProcessInfo.processInfo.systemUptime
    let source: EventUnion = collisions?.source ?? labeled
    let labels = source.labels()
    let weights = try FineTuner.lossWeights(
      source: source, events: chosen, labels: labels, classCount: plan.classNames.count,
      configuration: plan.arm.finetuning)
    var embedder: Classifier?
    if arm.inputs.contains(.embedding) {
      let backbone = try plan.startingBackbone(
        labeled, chosen: chosen, seed: plan.seed, folder: folder)
      embedder = Classifier(backbone: backbone, classNames: plan.classNames)
    }
    let table = TreeTable(
      arm, training: try labeled.batch(events: chosen), variables: variables, embedder: embedder)
    let background = try collisions?.plan(plan.arm.finetuning).map {
      try BackgroundCollisions(
        $0, source: source, labeled: chosen, weights: weights,
        balancesClasses: plan.arm.finetuning.balancesClasses, seed: plan.seed,
        inputs: table.regressionInputs(labeled, training: chosen))
    }
    let training = TreeEvents(
      chosen, labels: labels, weights: weights, collisions: background,
      balancesClasses: plan.arm.finetuning.balancesClasses)
    let inputs = try table.values(of: source, events: training.events)
    let trees = try TreeClassifier(
      training: inputs.values, width: inputs.width, labels: training.labels,
      weights: training.weights, configuration: arm.training, seed: plan.seed)
    var history = FineTuningHistory(
      rounds: arm.training.rounds, trainingCount: chosen.count,
      seconds: ProcessInfo.processInfo.systemUptime - start)
    history.collisionWorth = background?.worth
    let test = split.allTestEvents
    return StudyRun(
      plan: plan, history: history, parameterCount: try trees.leafCount(),
      scores: try trees.scores(of: table.values(of: labeled, events: test).values),
      testEvents: test)
  }
}
