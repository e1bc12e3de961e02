// SPDX-License-Identifier: Apache-2.0

import Classification
import Evaluation
import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import Synchronization
import Torch

/// Runs a study: prepares events, pre-trains, fine-tunes every arm, and reports.
///
///     FOLDER/configuration.yaml     the merged configuration
///     FOLDER/stores/SAMPLE/         the events
///     FOLDER/pretraining/NAME/      a checkpoint each, of further seeds in NAME/seeds/2, 3 …
///     FOLDER/runs/ARM-LABELS-SEED.json   the result of a training, scores included
///     FOLDER/results.json tables.txt report.html plots/
///
/// Whatever is there and was made with the same settings is used again, so that an interrupted
/// study continues where it stopped.
public struct StudyRunner {
  /// The configuration.
  public let configuration: StudyConfiguration
  /// The output folder.
  public let folder: String
  /// The command that repeats the study, for the report.
  public let command: String
  let progress: ProgressReporter

  /// Prepares a study.
  ///
  /// - Parameters:
  ///   - configuration: What to do.
  ///   - folder: Where everything is written.
  ///   - command: The command that repeats the study.
  ///   - progress: Is told how far it is.
  public init(
    configuration: StudyConfiguration, folder: String, command: String, progress: ProgressReporter
  ) {
    self.configuration = configuration
    self.folder = folder
    self.command = command
    self.progress = progress
  }

  /// Runs the study and writes the report.
  ///
  /// - Throws: What preparing, training or writing throws; `InterruptedError` on Ctrl-C.
  public func run() throws -> StudyResults {
    try createFolder(folder)
    try writeAtomically(configuration.text, to: folder + "/configuration.yaml")
    let stores = try prepareStores()
    let labeled = try labeledSource(stores: stores)
    let split = try TestSplit(
      labels: labeled.labels(), configuration: configuration,
      needed: configuration.labels.last ?? 0)
    let histories = try pretrainAll(stores: stores)
    let runs = try trainAll(stores: stores, labeled: labeled, split: split)
    progress.finish()
    let results = try results(
      stores: stores, split: split, labeled: labeled, histories: histories, runs: runs)
    try Report(results).write(to: folder)
    return results
  }

  /// Prepares the store of every sample, or of those that a closure chooses.
  func prepareStores(
    where isNeeded: (SampleConfiguration) -> Bool = { _ in true }
  ) throws -> [String: EventStore] {
    // The files of all samples are looked for before the first is read.
    for sample in configuration.samples where isNeeded(sample) { _ = try sample.matchingFiles() }
    var stores: [String: EventStore] = [:]
    for sample in configuration.samples where isNeeded(sample) {
      let path = "\(folder)/stores/\(sample.name)"
      _ = try prepare(
        sample: sample, events: configuration.events(of: sample), into: path, progress: progress)
      stores[sample.name] = try EventStore(path: path)
    }
    return stores
  }

  /// The labeled events: the samples with a label as one, and further stores behind them.
  ///
  /// - Throws: `ModelError` with code `schemaMismatch` if their schemas differ.
  func labeledSource(
    stores: [String: EventStore], followedBy further: [EventStore] = []
  ) throws -> EventUnion {
    let labeled = configuration.samples.filter { $0.label != nil }
    try configuration.checkSchemasAgree(labeled)
    let chosen = labeled.compactMap { stores[$0.name] }
    guard !chosen.isEmpty else {
      throw ClassificationError(
        code: .tooFewEvents,
        "cannot fine-tune: no sample with a label is configured. Give samples `label: 0` for "
          + "background and `label: 1` for signal.")
    }
    return try EventUnion(chosen + further)
  }

  /// The labeled events, and after them collisions that may count as background.
  ///
  /// - Throws: ``ClassificationError`` with code `tooFewEvents` if there are no such collisions;
  ///   what ``labeledSource(stores:followedBy:)`` throws.
  func labeledSourceWithCollisions(stores: [String: EventStore]) throws -> CollisionSource {
    let collisions = configuration.collisionSamples.compactMap { stores[$0] }
    let count = collisions.map(\.eventCount).reduce(0, +)
    guard count >= 10 else {
      throw ClassificationError(
        code: .tooFewEvents,
        "cannot count collisions as background: there are \(count), expected at least 10, in the "
          + "samples of pretraining.samples that have no label, and the kinds, features and "
          + "scalars of those with one. Add files, or set finetuning.collisions: {events: 0}.")
    }
    let source = try labeledSource(stores: stores, followedBy: collisions)
    let end = source.eventCount
    return CollisionSource(source: source, candidates: end - count..<end)
  }

  /// The events of a pre-training: its samples as one.
  func pretrainingSource(
    _ samples: [String], stores: [String: EventStore]
  ) throws -> any EventSource {
    let chosen = samples.compactMap { stores[$0] }
    guard !chosen.isEmpty else {
      throw ClassificationError(
        code: .tooFewEvents,
        "cannot pre-train: no sample without a label is configured. Add one to samples, or name "
          + "samples in pretraining.samples.")
    }
    return try EventUnion(chosen)
  }

  // MARK: - Fine-tuning

  private func trainAll(
    stores: [String: EventStore], labeled: EventUnion, split: TestSplit
  ) throws -> [StudyRun] {
    let all = try plans(stores: stores, labeled: labeled, split: split)
    let results = Mutex([StudyRun?](repeating: nil, count: all.count))
    let count = all.count
    let (folder, progress, variables) = (folder, progress, configuration.variables)
    let finished = Mutex(0)
    let testEvents = split.allTestEvents
    let collisions =
      all.contains { $0.arm.finetuning.collisions != nil }
      ? try labeledSourceWithCollisions(stores: stores) : nil
    try runInParallel(count: count, width: configuration.parallel) { index in
      try Interruption.check()
      let plan = all[index]
      let path = "\(folder)/runs/\(plan.name).json"
      let run =
        try StudyRun.saved(at: path, plan: plan, testEvents: testEvents)
        ?? StudyRun.train(
          plan, variables: variables, labeled: labeled,
          collisions: plan.arm.finetuning.collisions == nil ? nil : collisions, split: split,
          folder: folder)
      try writeJSON(run, to: path)
      results.withLock { $0[index] = run }
      let done = finished.withLock { value -> Int in
        value += 1
        return value
      }
      progress.update(task: "fine-tune", done: done, total: count, unit: "trainings")
    }
    let runs = results.withLock { $0.compactMap { $0 } }
    return runs + joined(runs)
  }

  /// What is trained, in its order.
  private func plans(
    stores: [String: EventStore], labeled: EventUnion, split: TestSplit
  ) throws -> [StudyRun.Plan] {
    let eventFingerprint = labeled.fingerprint
    let arms = configuration.arms.filter(\.joins.isEmpty).map { arm in
      var arm = arm
      arm.finetuning = configuration.fitted(arm.finetuning, to: labeled.schema)
      return (
        arm: arm, variables: variableTexts(arm, schema: labeled.schema),
        trees: configuration.trees(joining: arm)
      )
    }
    // What stands in files is looked at once for each backbone.
    var origins: [String: (events: String, start: String?)] = [:]
    func origin(of backbone: Backbone) throws -> (events: String, start: String?) {
      if let known = origins[backbone.folder] { return known }
      let origin = (
        events: try pretrainingSource(backbone.pretraining.samples, stores: stores).fingerprint,
        start: try backbone.start.map {
          try ModelCheckpoint.checksum("\(folder)/pretraining/\($0)")
        }
      )
      origins[backbone.folder] = origin
      return origin
    }
    let collisionFingerprint = configuration.collisionSamples.compactMap {
      stores[$0]?.fingerprint
    }.joined(separator: " ")
    var plans: [StudyRun.Plan] = []
    // Seeds outside: an interrupted study then has complete comparisons.
    for offset in 0..<configuration.seeds {
      for labels in configuration.labels {
        for (arm, variables, trees) in arms {
          let backbone = backbone(of: arm, labelSeed: offset)
          let origin = try backbone.map(origin)
          plans.append(
            StudyRun.Plan(
              arm: arm, labelsPerClass: labels, seed: configuration.seed + UInt64(offset),
              backbone: backbone?.folder, pretraining: backbone?.pretraining.configuration,
              model: backbone?.pretraining.model ?? arm.model ?? configuration.model,
              testEvents: split.test.map(\.count), eventFingerprint: eventFingerprint,
              pretrainingEventFingerprint: origin?.events,
              collisionFingerprint: arm.finetuning.collisions.map { _ in collisionFingerprint },
              pretrainingStart: origin?.start,
              isDevelopment: configuration.isDevelopment, classNames: configuration.classNames,
              variables: variables, joinedTrees: trees))
        }
      }
    }
    return plans
  }

  /// The runs of arms that join others.
  private func joined(_ runs: [StudyRun]) -> [StudyRun] {
    let draws = Dictionary(grouping: runs) { [UInt64($0.plan.labelsPerClass), $0.plan.seed] }
    return configuration.arms.filter { !$0.joins.isEmpty }.flatMap { arm in
      draws.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { _, runs in
        StudyRun.joined(
          arm.joins.compactMap { name in runs.first { $0.plan.arm.name == name } }, as: arm)
      }
    }
  }

  /// The names and texts of the variables that an arm's head and trees are given.
  private func variableTexts(
    _ arm: StudyConfiguration.Arm, schema: EventSchema
  ) -> [String]? {
    let groups =
      arm.trees?.inputs.compactMap { TreeTable.variables(of: $0, configuration.variables, schema) }
      ?? [
        arm.finetuning.headVariables(configuration.variables, schema: schema)
          ?? configuration.trees(joining: arm)?.plan(configuration.variables, schema: schema)
          .variables
      ].compactMap { $0 }
    guard !groups.isEmpty else { return nil }
    return groups.flatMap { group in
      zip(group.names, group.expressions).map { "\($0) = \($1)" }
    }
  }
}

/// Labeled events, and after them collisions without labels.
struct CollisionSource {
  /// All of them.
  let source: EventUnion
  /// The positions of the collisions.
  let candidates: Range<Int>

  /// What a fine-tuning is to do with the collisions; `nil` where it asks for none.
  func plan(_ settings: FineTuningConfiguration) -> BackgroundCollisions.Plan? {
    settings.collisions.map { .init(candidates: candidates, configuration: $0) }
  }
}
