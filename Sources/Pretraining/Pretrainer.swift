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
  private let store: any EventSource
  private let configuration: PretrainingConfiguration
  private let folder: String
  private let trainingEvents: [Int]
  private let validationEvents: [Int]
  private let augmenter: Augmenter
  private let optimizer: AdamW
  private let losses: ShardedLosses
  private var state: PretrainingState
  private var stepSeconds = StepSeconds()

  /// Prepares a run, or goes on with the one in the folder.
  ///
  /// - Parameters:
  ///   - store: The events.
  ///   - model: The size of the backbone.
  ///   - configuration: How it is trained.
  ///   - folder: Where the run is saved.
  ///   - device: Where it is trained.
  /// - Throws: ``ModelError`` if the folder holds a run of another configuration or schema, or
  ///   there is no event to train on.
  public init(
    store: any EventSource, model: ModelConfiguration, configuration: PretrainingConfiguration,
    folder: String, device: Device = .cpu
  ) throws {
    self.store = store
    self.configuration = configuration
    self.folder = folder
    let split = EventSplit.split(
      Array(0..<store.eventCount), fraction: configuration.validationFraction,
      seed: configuration.seed)
    guard !split.first.isEmpty else {
      throw ModelError(
        code: .tooFewEvents,
        "cannot pre-train: \(store.eventCount) events leave none to train beside the validation "
          + "split. Add files, or loosen the selection.")
    }
    trainingEvents = split.first
    validationEvents = split.second
    let normalization = try InputNormalization(store: store, indices: trainingEvents)
    backbone = EventTransformer(
      configuration: model, schema: store.schema, normalization: normalization,
      seed: configuration.seed)
    objectives = try makeObjectives(
      configuration, store: store, indices: trainingEvents, layout: backbone.layout,
      width: model.width)
    augmenter = try Augmenter(
      configuration: configuration.augmentation, schema: store.schema, seed: configuration.seed)
    backbone.place(on: device)
    for objective in objectives { objective.move(to: device) }
    optimizer = makePretrainingOptimizer(
      backbone: backbone, objectives: objectives, weightDecay: configuration.weightDecay)
    losses = ShardedLosses(
      backbone: backbone, objectives: objectives, parameters: optimizer.parameters,
      precision: configuration.precision, threads: Threads.count)
    state = PretrainingState(configuration: configuration, model: model, events: store)
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
    let order = EventSplit.shuffled(trainingEvents, seed: configuration.seed, epoch: epoch)
    let size = min(configuration.batchSize, order.count)
    let stepsPerEpoch = order.count / size
    let schedule = LearningRateSchedule.cosine(
      warmupSteps: configuration.warmUpSteps, totalSteps: stepsPerEpoch * configuration.epochs,
      floor: 0)
    let batches = (state.stepInEpoch..<stepsPerEpoch).map {
      Array(order[$0 * size..<($0 + 1) * size])
    }
    let loader = BatchLoader(store: store, batches: batches, augmenter: augmenter, epoch: epoch)
    var end = ProcessInfo.processInfo.systemUptime
    try loader.consume { batch in
      if Interruption.isRequested {
        try save()
        throw InterruptedError()
      }
      let step = epoch * stepsPerEpoch + state.stepInEpoch
      let start = ProcessInfo.processInfo.systemUptime
      stepSeconds = StepSeconds(waiting: start - end)
      let losses = try self.step(
        batch, learningRateFactor: schedule.factor(step: step), epoch: epoch)
      state.add(
        losses: losses, events: size, seconds: ProcessInfo.processInfo.systemUptime - start)
      report(
        StepReport(
          epoch: epoch, eventsDone: (step + 1) * size,
          eventsTotal: stepsPerEpoch * configuration.epochs * size,
          loss: zip(losses, objectives).map { $0 * $1.weight }.reduce(0, +),
          seconds: stepSeconds))
      end = ProcessInfo.processInfo.systemUptime
      return true
    }
  }

  private func step(
    _ batch: EventBatch, learningRateFactor: Double, epoch: Int
  ) throws -> [Double] {
    optimizer.zeroGradients()
    let result = try losses(
      of: batch, withGradients: true,
      context: { [self] shard in
        let number = UInt64(state.optimizerSteps) &+ UInt64(shard) << 32
        let dropout =
          backbone.configuration.dropout > 0
          ? Generator(seed: configuration.seed &+ number, device: backbone.device) : nil
        return ObjectiveContext(seed: configuration.seed, epoch: epoch, dropout: dropout)
      },
      check: { [self] loss, objective, shard in
        try checkFinite(loss, objective: objective, batch: shard, epoch: epoch)
      })
    stepSeconds.forward = result.seconds.forward
    stepSeconds.backward = result.seconds.backward
    let start = ProcessInfo.processInfo.systemUptime
    defer { stepSeconds.optimizer = ProcessInfo.processInfo.systemUptime - start }
    let norm = clipGradientNorm(optimizer.parameters, maximum: configuration.gradientClip)
    try checkFinite(norm, objective: "the gradient's norm", batch: batch, epoch: epoch)
    optimizer.step(learningRate: configuration.learningRate * learningRateFactor)
    state.optimizerSteps += 1
    return result.losses
  }

  private func validationLosses() throws -> [Double] {
    guard !validationEvents.isEmpty else { return [] }
    var sums = [Double](repeating: 0, count: objectives.count)
    let size = configuration.batchSize
    // Epoch 0 keys what is hidden, so that the validation loss of all epochs asks the same.
    let context = ObjectiveContext(seed: configuration.seed &+ 1, epoch: 0)
    for start in stride(from: 0, to: validationEvents.count, by: size) {
      let events = Array(validationEvents[start..<min(start + size, validationEvents.count)])
      let batch = try store.batch(events: events)
      let result = try losses(
        of: batch, withGradients: false, context: { _ in context },
        check: { [self] loss, objective, shard in
          try checkFinite(
            loss, objective: "\(objective) on the validation split", batch: shard,
            epoch: state.epoch)
        })
      for index in sums.indices { sums[index] += result.losses[index] * Double(events.count) }
    }
    return sums.map { $0 / Double(validationEvents.count) }
  }

  private func checkFinite(
    _ value: Double, objective: String, batch: EventBatch, epoch: Int
  ) throws {
    guard !value.isFinite else { return }
    throw nonFiniteLoss(
      value, of: objective, epoch: epoch, step: state.stepInEpoch, batch: batch,
      backbone: backbone)
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
    try saved.checkProgress(
      stepsPerEpoch: trainingEvents.count / min(configuration.batchSize, trainingEvents.count),
      path: path)
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
