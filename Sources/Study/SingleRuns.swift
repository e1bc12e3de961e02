// SPDX-License-Identifier: Apache-2.0

import Classification
import Configuration
import Evaluation
import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import Torch

/// Pre-trains a backbone on the samples without labels, or goes on with the run in the folder.
///
/// - Parameters:
///   - configuration: The configuration.
///   - backbone: The checkpoint to start from; `nil` for random weights.
///   - folder: Where the checkpoint and, under `stores`, the events go.
///   - device: Where it is trained.
///   - progress: Is told how far it is.
/// - Returns: The losses by epoch.
/// - Throws: What preparing and training throw.
public func pretrain(
  _ configuration: StudyConfiguration, backbone: String?, folder: String, device: Device,
  progress: ProgressReporter
) throws -> PretrainingHistory {
  // A wrong path is told before events are prepared.
  if let backbone { _ = try ModelCheckpoint.read(backbone) }
  let runner = StudyRunner(
    configuration: configuration, folder: folder, command: "", progress: progress)
  let stores = try runner.prepareStores { configuration.pretrainingSamples.contains($0.name) }
  let source = try runner.pretrainingSource(configuration.pretrainingSamples, stores: stores)
  let pretrainer = try Pretrainer(
    store: source, model: configuration.model,
    configuration: configuration.fitted(configuration.pretraining, to: source.schema),
    folder: folder, startingFrom: backbone, device: device)
  try writeAtomically(configuration.text, to: folder + "/configuration.yaml")
  return try pretrainer.run { report in
    progress.update(
      task: "pretrain", done: report.eventsDone, total: report.eventsTotal, unit: "events",
      detail: String(format: "epoch %d  loss %.4f", report.epoch + 1, report.loss))
  }
}

/// Trains a classifier on the labeled events that are not kept for the test.
///
/// - Parameters:
///   - configuration: The configuration.
///   - backbone: The checkpoint of a pre-training; `nil` for the mode `scratch`.
///   - labelsPerClass: Labeled events of each class; `nil` takes all.
///   - folder: Where the classifier and, under `stores`, the events go.
///   - device: Where it is trained.
///   - progress: Is told how far it is.
/// - Returns: The losses by look.
/// - Throws: What preparing and training throw; ``ClassificationError`` if backbone and mode do
///   not fit.
public func finetune(
  _ configuration: StudyConfiguration, backbone: String?, labelsPerClass: Int?, folder: String,
  device: Device, progress: ProgressReporter
) throws -> FineTuningHistory {
  var settings = configuration.finetuning
  if (backbone == nil) != (settings.mode == .scratch) {
    throw ClassificationError(
      code: .notAClassifier,
      backbone == nil
        ? "cannot fine-tune: no backbone is given and finetuning.mode is \(settings.mode). "
          + "Give --backbone FOLDER, or --set finetuning.mode=scratch."
        : "cannot fine-tune: a backbone is given and finetuning.mode is scratch. "
          + "Leave out --backbone, or set finetuning.mode to full or frozen.")
  }
  // A wrong path is told before events are prepared.
  if let backbone { _ = try ModelCheckpoint.read(backbone) }
  let runner = StudyRunner(
    configuration: configuration, folder: folder, command: "", progress: progress)
  // Where no collisions are like the labeled events, or nothing weighs them, none count.
  if configuration.collisionSamples.isEmpty
    || settings.mode == .scratch && !settings.variables
  {
    settings.collisions = nil
  }
  let needed = settings.collisions == nil ? [] : configuration.collisionSamples
  let stores = try runner.prepareStores { $0.label != nil || needed.contains($0.name) }
  let collisions =
    settings.collisions == nil ? nil : try runner.labeledSourceWithCollisions(stores: stores)
  let source = try collisions?.source ?? runner.labeledSource(stores: stores)
  settings = configuration.fitted(settings, to: source.schema)
  let split = try TestSplit(
    labels: source.labels(), configuration: configuration, needed: labelsPerClass ?? 2)
  let chosen = split.draw(labelsPerClass: labelsPerClass ?? .max, seed: settings.seed)
  let (scorer, history) = try FineTuner.trainMembers(
    source: source, events: chosen, classNames: configuration.classNames, configuration: settings,
    variables: settings.headVariables(configuration.variables, schema: source.schema),
    trees: try joinedTrees(configuration, settings, source: source, events: chosen),
    collisions: collisions?.plan(settings),
    backbone: { seed in
      let model = try EventTransformer.starting(
        from: backbone, configuration: configuration.model, source: source, events: chosen,
        allowsGrowth: settings.growSchema, seed: seed)
      model.place(on: device)
      return model
    },
    report: { step, total in
      progress.update(task: "fine-tune", done: step, total: total, unit: "steps")
    })
  try ClassifierCheckpoint.save(
    scorer, configuration: settings, history: history,
    text: configuration.text,
    configurationFolder: URL(fileURLWithPath: configuration.folder).path, to: folder)
  return history
}

/// Returns how the trees that join a classifier are trained.
///
/// - Returns: `nil` where none are wanted, or cannot take the weights and need not be there.
/// - Throws: ``ClassificationError`` with code `badWeights` where they must be there.
private func joinedTrees(
  _ configuration: StudyConfiguration, _ settings: FineTuningConfiguration,
  source: any EventSource, events: [Int]
) throws -> JoinedTrees.Plan? {
  guard settings.trees ?? true else { return nil }
  let weights = source.weights()
  if settings.usesEventWeights, events.contains(where: { weights[$0] < 0 }) {
    guard settings.trees == true else { return nil }
    throw ClassificationError(
      code: .badWeights,
      "cannot join boosted trees: some events have negative weights, which they cannot take. "
        + "Set finetuning.trees: false, or finetuning.usesEventWeights: false.")
  }
  return configuration.trees.plan(configuration.variables, schema: source.schema)
}

/// How well a classifier does.
public struct Measurement: Codable, Sendable {
  /// Area under the ROC curve.
  public var auc: Double
  /// Its standard error, where it can be given.
  public var aucStandardError: Double?
  /// Background rejection at 30 % signal efficiency.
  public var rejection30: BackgroundRejection
  /// Background rejection at 50 % signal efficiency.
  public var rejection50: BackgroundRejection
  /// Share of the events on the right side of 1/2.
  public var accuracy: Double
  /// Number of signal and background test events.
  public var signalEvents: Int
  /// Number of background test events.
  public var backgroundEvents: Int

  /// The measurement in lines of text.
  public var text: String {
    func rejection(_ value: BackgroundRejection) -> String {
      (value.isLowerBound ? "> " : "") + String(format: "%.1f", value.value)
    }
    let error = aucStandardError.map { String(format: " ± %.4f", $0) } ?? ""
    return """
      AUC                                    \(String(format: "%.4f", auc))\(error)
      background rejection at 30 % signal    \(rejection(rejection30))
      background rejection at 50 % signal    \(rejection(rejection50))
      accuracy                               \(String(format: "%.4f", accuracy))
      test events                            \(signalEvents) signal, \(backgroundEvents) background
      """
  }
}

/// Measures a classifier on the labeled events that its training left for the test.
///
/// - Throws: What preparing and scoring throw.
public func evaluate(
  run: String, device: Device, progress: ProgressReporter
) throws -> Measurement {
  let checkpoint = try ClassifierCheckpoint.read(run)
  let configuration = try savedConfiguration(run, checkpoint)
  let runner = StudyRunner(
    configuration: configuration, folder: run, command: "", progress: progress)
  let source = try runner.labeledSource(stores: runner.prepareStores { $0.label != nil })
  let split = try TestSplit(labels: source.labels(), configuration: configuration, needed: 2)
  let scorer = try ClassifierCheckpoint.load(run)
  scorer.place(on: device)
  let test = split.allTestEvents
  let scores = try scorer.scores(of: source, events: test) { done in
    progress.update(task: "evaluate", done: done, total: test.count, unit: "events")
  }
  let labels = source.labels()
  let weights = source.weights()
  let labeled = try LabeledScores(
    scores: scores[1], labels: test.map { labels[$0] == 1 },
    weights: configuration.usesEventWeights ? test.map { Double(weights[$0]) } : nil)
  let curve = ROCCurve(labeled)
  return Measurement(
    auc: curve.areaUnderCurve, aucStandardError: curve.areaStandardError,
    rejection30: curve.backgroundRejection(atSignalEfficiency: 0.3),
    rejection50: curve.backgroundRejection(atSignalEfficiency: 0.5),
    accuracy: labeled.accuracy(), signalEvents: labeled.signalCount,
    backgroundEvents: labeled.backgroundCount)
}

func savedConfiguration(
  _ run: String, _ checkpoint: ClassifierCheckpoint
) throws -> StudyConfiguration {
  let path = run + "/configuration.yaml"
  return try StudyConfiguration(
    ConfigurationNode(
      text: String(decoding: readFile(path), as: UTF8.self), name: path,
      folder: checkpoint.configurationFolder))
}
