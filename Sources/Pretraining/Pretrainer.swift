// SPDX-License-Identifier: Apache-2.0

import Augmentation
import EventModel
import Events
import Foundation
import Runtime
import Torch

/// Pre-trains a backbone on unlabeled events.
///
///     let pretrainer = try Pretrainer(
///       store: store, model: ModelConfiguration(), configuration: configuration, folder: "runs/a")
///     let history = try pretrainer.run { progress in print(progress.loss) }
///
/// The state is saved after every epoch and on interruption. A run that is started again in the
/// same folder goes on from there and ends with the same numbers as one that was never stopped.
public final class Pretrainer {
  /// What is told after each step.
  public struct StepReport {
    /// The epoch, from 0.
    public let epoch: Int
    /// Events trained since the start, over all epochs.
    public let eventsDone: Int
    /// Events that the whole run trains.
    public let eventsTotal: Int
    /// The loss of the step.
    public let loss: Double
    /// Where the time of the step went.
    public let seconds: StepSeconds
  }

  /// The trained backbone.
  public let backbone: EventTransformer
  /// The objectives with their heads.
  public let objectives: [any PretrainingObjective]
  let store: any EventSource
  let configuration: PretrainingConfiguration
  private let folder: String
  let order: TrainingOrder
  private let augmenter: Augmenter
  let optimizer: AdamW
  let losses: ShardedLosses
  var state: PretrainingState
  /// Steps that may be begun before the numbers of one are read.
  let stepsAhead: Int
  /// Steps whose numbers are not read yet, in order.
  var begun: [BegunStep] = []

  /// Prepares a run, or goes on with the one in the folder.
  ///
  /// - Parameters:
  ///   - store: The events.
  ///   - model: The size of the backbone.
  ///   - configuration: How it is trained.
  ///   - folder: Where the run is saved.
  ///   - start: The folder of a checkpoint to start from, whose size is then that of the model;
  ///     `nil` for random weights. What the events have and it does not know is added.
  ///   - device: Where it is trained.
  ///   - stepsAhead: Steps that may be begun before the losses and the gradient's norm of one are
  ///     read, so that host and device do not wait for each other; `nil` takes 0 on the CPU, and 1
  ///     elsewhere. It does not change the numbers: a step that is not finite moves nothing, and
  ///     all are read before anything is saved.
  /// - Throws: ``ModelError`` if the folder holds a run of another configuration or schema, there
  ///   is no event to train on, or the mixture does not fit the samples.
  public init(
    store: any EventSource, model: ModelConfiguration, configuration: PretrainingConfiguration,
    folder: String, startingFrom start: String? = nil, device: Device = .cpu,
    stepsAhead: Int? = nil
  ) throws {
    self.store = store
    self.stepsAhead = stepsAhead ?? (device == .cpu ? 0 : 1)
    self.configuration = configuration
    self.folder = folder
    order = try TrainingOrder(store, configuration: configuration)
    backbone = try EventTransformer.starting(
      from: start, configuration: model, source: store, events: order.trainingEvents,
      allowsGrowth: true, seed: configuration.seed)
    let model = backbone.configuration
    objectives = try makeObjectives(
      configuration, store: store, indices: order.trainingEvents, layout: backbone.layout,
      model: model)
    augmenter = try Augmenter(
      configuration: configuration.augmentation, schema: store.schema, seed: configuration.seed)
    backbone.place(on: device)
    for objective in objectives { objective.move(to: device) }
    optimizer = makePretrainingOptimizer(
      backbone: backbone, objectives: objectives, weightDecay: configuration.weightDecay)
    losses = ShardedLosses(
      backbone: backbone, objectives: objectives, parameters: optimizer.parameters,
      precision: configuration.precision, threads: Threads.count)
    state = PretrainingState(
      configuration: configuration, model: model, events: store,
      start: try start.map(ModelCheckpoint.checksum))
    try resume()
  }

  /// What was recorded so far.
  public var history: PretrainingHistory { state.history }

  /// Trains until the configured number of epochs is done.
  ///
  /// - Parameter report: Is told of every step.
  /// - Returns: The losses by epoch.
  /// - Throws: `InterruptedError` after saving; ``ModelError`` with code `nonFinite` if the loss
  ///   is not a number; what the store throws for damaged events.
  public func run(report: (StepReport) -> Void = { _ in }) throws -> PretrainingHistory {
    let threads = Threads.count
    defer { Threads.setCount(threads) }
    // LibTorch's own threads would wait, busily, for what comes after the shards.
    if losses.isParallel { Threads.setCount(1) }
    while state.epoch < configuration.epochs {
      try trainEpoch(report: report)
      state.finishEpoch(validationLosses: try validationLosses())
      try save()
    }
    return state.history
  }

  private func trainEpoch(report: (StepReport) -> Void) throws {
    let epoch = state.epoch
    let draws = order.draws(ofEpoch: epoch)
    let size = min(configuration.batchSize, draws.count)
    let stepsPerEpoch = draws.count / size
    let schedule = LearningRateSchedule.cosine(
      warmupSteps: configuration.warmUpSteps, totalSteps: stepsPerEpoch * configuration.epochs,
      floor: 0)
    let batches = (state.optimizerSteps - epoch * stepsPerEpoch..<stepsPerEpoch).map {
      Array(draws[$0 * size..<($0 + 1) * size])
    }
    let loader = BatchLoader(store: store, batches: batches, augmenter: augmenter, epoch: epoch)
    var end = ProcessInfo.processInfo.systemUptime
    func settle(keeping count: Int, since start: Double) throws {
      let numbers = try self.settle(keeping: count)
      state.secondsInEpoch += ProcessInfo.processInfo.systemUptime - start
      for (step, losses) in numbers {
        report(
          StepReport(
            epoch: epoch, eventsDone: (epoch * stepsPerEpoch + step.stepInEpoch + 1) * size,
            eventsTotal: stepsPerEpoch * configuration.epochs * size,
            loss: zip(losses, objectives).map { $0 * $1.weight }.reduce(0, +),
            seconds: step.seconds))
      }
    }
    try loader.consume { batch in
      if Interruption.isRequested {
        try settle(keeping: 0, since: ProcessInfo.processInfo.systemUptime)
        try save()
        throw InterruptedError()
      }
      let start = ProcessInfo.processInfo.systemUptime
      let step = state.optimizerSteps
      begun.append(
        try begin(
          batch.events, learningRateFactor: schedule.factor(step: step), epoch: epoch,
          stepInEpoch: step - epoch * stepsPerEpoch,
          seconds: StepSeconds(
            waiting: start - end, reading: batch.reading, augmenting: batch.augmenting)))
      try settle(keeping: stepsAhead, since: start)
      end = ProcessInfo.processInfo.systemUptime
      return true
    }
    try settle(keeping: 0, since: ProcessInfo.processInfo.systemUptime)
  }

  /// Checks that the state that would be saved can be used.
  private func checkParameters() throws {
    let parts: [(name: String, module: any Module)] =
      [("backbone", backbone)] + objectives.map { ($0.name, $0) }
    for part in parts {
      for (name, parameter) in part.module.namedParameters() {
        // The largest magnitude is NaN if any number is.
        let largest = parameter.value.detached().abs().max().item()
        guard !largest.isFinite else { continue }
        throw ModelError(
          code: .nonFinite,
          "training stopped: \(part.name).\(name) holds \(spelled(largest)) after "
            + "\(state.optimizerSteps) steps. Lower the learning rate; the last saved state is "
            + "untouched.")
      }
    }
  }

  // MARK: - Saving and resuming

  private func save() throws {
    try checkParameters()
    try ModelCheckpoint.save(backbone, to: folder)
    var tensors: [(String, Tensor)] = []
    for objective in objectives {
      tensors += objective.namedParameters().map {
        ("\(objective.name).\($0.name)", $0.parameter.value)
      }
    }
    tensors += backbone.namedParameters().map { ("backbone.\($0.name)", $0.parameter.value) }
    tensors += optimizer.stateDictionary().map { ("optimizer.\($0.name)", $0.tensor) }
    // The tensors' file is named after the step; the state, written last, names it. A stop
    // between the two leaves the previous pair valid.
    let name = "training-\(state.optimizerSteps).safetensors"
    try writeTensors(tensors, to: folder + "/" + name)
    let previous = state.tensorFile
    state.tensorFile = name
    try writeJSON(state, to: folder + "/training.json")
    if let previous, previous != name {
      try? FileManager.default.removeItem(atPath: folder + "/" + previous)
    }
  }

  private func resume() throws {
    let path = folder + "/training.json"
    guard FileManager.default.fileExists(atPath: path) else { return }
    let saved = try readJSON(PretrainingState.self, from: path)
    try saved.checkContinues(state, path: path)
    let count = order.trainingEvents.count
    try saved.checkProgress(
      stepsPerEpoch: count / min(configuration.batchSize, count), path: path)
    guard let name = saved.tensorFile else { return }
    let tensors = try readTensors(folder + "/" + name)
    func part(_ prefix: String) -> [(name: String, tensor: Tensor)] {
      tensors.compactMap { name, tensor in
        guard name.hasPrefix(prefix + ".") else { return nil }
        return (String(name.dropFirst(prefix.count + 1)), tensor)
      }
    }
    try backbone.load(part("backbone"))
    for objective in objectives { try objective.load(part(objective.name)) }
    try optimizer.load(part("optimizer"))
    state = saved
  }
}
