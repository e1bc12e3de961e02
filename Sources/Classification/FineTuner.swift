// SPDX-License-Identifier: Apache-2.0

import Augmentation
import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import Torch

/// What a fine-tuning recorded.
public struct FineTuningHistory: Codable, Hashable, Sendable {
  /// A look at the validation split.
  public struct Look: Codable, Hashable, Sendable {
    /// Training steps done.
    public var step: Int
    /// Mean training loss since the look before.
    public var trainingLoss: Double
    /// Weighted cross-entropy on the validation split.
    public var validationLoss: Double
  }

  /// The looks, in order.
  public var looks: [Look] = []
  /// The step whose parameters were kept; 0 is the head's warm-up.
  public var bestStep = 0
  /// Passes over the training events.
  public var epochs = 0.0
  /// Time of the whole fine-tuning, seconds.
  public var seconds = 0.0
  /// Numbers of training and validation events.
  public var trainingCount = 0
  /// Number of validation events.
  public var validationCount = 0
}

/// Trains a classifier on labeled events.
///
///     head warm-up (linear probe) → all parameters, learning rates by depth → the best step on
///     the validation split
///
/// The validation split is part of the labeled events that are given; nothing else is looked at.
public final class FineTuner {
  /// The classifier, after ``run(report:)`` with the parameters of the best step.
  public let classifier: Classifier
  let source: any EventSource
  let configuration: FineTuningConfiguration
  let trainingEvents: [Int]
  private let validationEvents: [Int]
  let labels: [Int32]
  let eventWeights: [Float]
  let augmenter: Augmenter?
  private var history = FineTuningHistory()

  /// Prepares a fine-tuning.
  ///
  /// - Parameters:
  ///   - backbone: The backbone, which is changed unless it is frozen.
  ///   - source: The labeled events.
  ///   - events: Which of them may be used, validation included.
  ///   - classNames: The names of the classes, by label.
  ///   - configuration: How to train.
  /// - Throws: ``ClassificationError`` if a class is empty, a label has no name, or there are too
  ///   few events for a validation split.
  public init(
    backbone: EventTransformer, source: any EventSource, events: [Int], classNames: [String],
    configuration: FineTuningConfiguration
  ) throws {
    self.source = source
    self.configuration = configuration
    labels = source.labels()
    classifier = Classifier(backbone: backbone, classNames: classNames)
    (trainingEvents, validationEvents) = try Self.stratifiedSplit(
      events, labels: labels, classNames: classNames,
      fraction: configuration.validationFraction, seed: configuration.seed)
    eventWeights = try Self.lossWeights(
      source: source, events: trainingEvents + validationEvents, labels: labels,
      classCount: classNames.count, configuration: configuration)
    augmenter = try configuration.augmentation.map {
      try Augmenter(configuration: $0, schema: source.schema, seed: configuration.seed)
    }
    history.trainingCount = trainingEvents.count
    history.validationCount = validationEvents.count
  }

  /// Trains and keeps the parameters of the best validation loss.
  ///
  /// - Parameter report: Is told steps done and steps at most.
  /// - Returns: The losses by look.
  /// - Throws: `InterruptedError` on Ctrl-C; `ModelError` with code `nonFinite` if the loss is not
  ///   a number; what the source throws for damaged events.
  public func run(report: (Int, Int) -> Void = { _, _ in }) throws -> FineTuningHistory {
    let start = ProcessInfo.processInfo.systemUptime
    if configuration.mode != .scratch, configuration.headWarmUpPenalty > 0 { try warmUpHead() }
    try trainAll(report: report)
    history.seconds = ProcessInfo.processInfo.systemUptime - start
    return history
  }

  private func trainAll(report: (Int, Int) -> Void) throws {
    let size = min(configuration.batchSize, trainingEvents.count)
    let stepsPerEpoch = max(1, trainingEvents.count / size)
    let smallest =
      configuration.mode == .scratch ? configuration.scratchSteps : configuration.steps
    let total = max(smallest, configuration.epochs * stepsPerEpoch)
    let schedule = LearningRateSchedule.cosine(warmupSteps: 20, totalSteps: max(total, 1), floor: 0)
    let optimizer = makeOptimizer()
    let losses = ShardedLosses(
      backbone: classifier.backbone, objectives: [LabelLoss(tuner: self)],
      parameters: optimizer.parameters, precision: configuration.precision,
      threads: Threads.count)
    let threads = Threads.count
    defer { Threads.setCount(threads) }
    // LibTorch's own threads would wait, busily, for what comes after the shards.
    if losses.isParallel { Threads.setCount(1) }
    let peak =
      configuration.mode == .scratch
      ? configuration.scratchLearningRate : configuration.learningRate
    let interval = max(1, total / 20)
    var stopping = EarlyStopping(patience: configuration.patience)
    var kept = snapshot()
    if configuration.mode != .scratch {
      _ = stopping.observe(try validationLoss(by: losses), step: 0)
    }
    var lossSum = 0.0
    var lookedAt = 0
    var step = 0
    var epoch = 0
    while step < total, !stopping.shouldStop {
      let order = EventSplit.shuffled(trainingEvents, seed: configuration.seed, epoch: epoch)
      let batches = (0..<min(order.count / size, total - step)).map {
        Array(order[$0 * size..<($0 + 1) * size])
      }
      let loader = BatchLoader(store: source, batches: batches, augmenter: augmenter, epoch: epoch)
      try loader.consume { batch in
        try Interruption.check()
        lossSum += try self.step(
          batch.events, by: losses, optimizer: optimizer, at: step,
          learningRate: peak * schedule.factor(step: step))
        step += 1
        report(step, total)
        guard step % interval == 0 || step == total else { return true }
        let loss = try validationLoss(by: losses)
        history.looks.append(
          .init(step: step, trainingLoss: lossSum / Double(step - lookedAt), validationLoss: loss))
        lossSum = 0
        lookedAt = step
        if stopping.observe(loss, step: step) { kept = snapshot() }
        return !stopping.shouldStop
      }
      epoch += 1
    }
    restore(kept)
    history.bestStep = stopping.bestStep
    history.epochs = Double(step) / Double(stepsPerEpoch)
  }

  private func makeOptimizer() -> AdamW {
    let backbone = classifier.backbone
    let isScratch = configuration.mode == .scratch
    var groups = decayGroups(
      classifier.head.namedParameters(), weightDecay: configuration.weightDecay, scale: 1)
    if configuration.mode != .frozen {
      let parameters = backbone.namedParameters()
      // The head has parameters of the same names as layers of the backbone.
      let deepest = backbone.configuration.layers
      for depth in 0...deepest + 1 {
        let layer = parameters.filter { backbone.depth(ofParameter: $0.name) == depth }
          .map { (name: "backbone.\($0.name)", parameter: $0.parameter) }
        let distance = max(0, deepest - depth)
        groups += decayGroups(
          layer, weightDecay: configuration.weightDecay,
          scale: isScratch ? 1 : pow(configuration.depthDecay, Double(distance)))
      }
    }
    return AdamW(groups: groups)
  }

  private func step(
    _ batch: EventBatch, by losses: ShardedLosses, optimizer: AdamW, at step: Int,
    learningRate: Double
  ) throws -> Double {
    optimizer.zeroGradients()
    let result = try losses(
      of: batch, withGradients: true,
      context: { [self] shard in
        let backbone = classifier.backbone
        let number = UInt64(step) &+ UInt64(shard) << 32
        let dropout =
          backbone.configuration.dropout > 0
          ? Generator(seed: configuration.seed &+ number, device: backbone.device) : nil
        return ObjectiveContext(seed: configuration.seed, epoch: 0, dropout: dropout)
      },
      check: { loss, _, shard in
        guard !loss.isFinite else { return }
        throw ModelError(
          code: .nonFinite,
          "fine-tuning stopped: the loss is \(spelled(loss)) in step \(step), with events "
            + "\(shard.eventIndices.prefix(8).map(String.init).joined(separator: ", "))… of the "
            + "labeled events. Look at their weights and features, or lower the learning rate.")
      })
    clipGradientNorm(optimizer.parameters, maximum: configuration.gradientClip)
    optimizer.step(learningRate: learningRate)
    return result.losses[0].item()
  }

  /// Returns the weighted cross-entropy of a batch.
  package func loss(_ batch: EventBatch, dropout: Generator?) -> Tensor {
    let device = classifier.backbone.device
    let targets = Tensor(batch.eventIndices.map { Int64(labels[$0]) }, device: device)
    let weights = Tensor(batch.eventIndices.map { eventWeights[$0] }, device: device)
    // A frozen backbone needs no way back through it, most of a step's time.
    let logits =
      configuration.mode == .frozen
      ? classifier.headLogits(batch, dropout: dropout)
      : classifier.logits(batch, dropout: dropout)
    return (Tensor.crossEntropy(logits: logits, targets: targets, reduction: .none) * weights)
      .mean()
  }

  private func validationLoss(by losses: ShardedLosses) throws -> Double {
    var sum = 0.0
    for start in stride(from: 0, to: validationEvents.count, by: 1024) {
      let events = Array(validationEvents[start..<min(start + 1024, validationEvents.count)])
      let batch = try source.batch(events: events)
      let result = try losses(
        of: batch, withGradients: false,
        context: { [seed = configuration.seed] _ in ObjectiveContext(seed: seed, epoch: 0) },
        check: nil)
      sum += result.losses[0].item() * Double(events.count)
    }
    return sum / Double(validationEvents.count)
  }

  private func snapshot() -> [Tensor] {
    classifier.namedParameters().map { $0.parameter.value.detached().cloned() }
  }

  private func restore(_ snapshot: [Tensor]) {
    withoutGradients {
      for (entry, value) in zip(classifier.namedParameters(), snapshot) {
        entry.parameter.value.copy(from: value)
      }
    }
  }
}

/// The weighted cross-entropy of the labels.
private struct LabelLoss: TrainingObjective {
  let name = "labels"
  let weight = 1.0
  unowned let tuner: FineTuner

  func loss(batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext) -> Tensor {
    tuner.loss(batch, dropout: context.dropout)
  }
}
