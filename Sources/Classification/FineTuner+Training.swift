// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import Torch

extension FineTuner {
  /// Trains head and backbone, and leaves the parameters that the configuration keeps.
  func trainAll(report: (Int, Int) -> Void) throws {
    let eventsPerEpoch = trainingEvents.count + (collisions?.drawCount ?? 0)
    let size = min(configuration.batchSize, eventsPerEpoch)
    let stepsPerEpoch = max(1, eventsPerEpoch / size)
    let total = max(
      configuration.mode == .scratch ? configuration.scratchSteps : configuration.steps,
      configuration.epochs * stepsPerEpoch)
    let schedule = FineTuningSchedule(configuration: configuration, totalSteps: total)
    let optimizers = makeOptimizers()
    let losses = ShardedLosses(
      backbone: classifier.backbone, objectives: [LabelLoss(tuner: self)],
      parameters: optimizers.parameters, precision: configuration.precision,
      threads: Threads.count)
    let threads = Threads.count
    defer { Threads.setCount(threads) }
    // LibTorch's own threads would wait, busily, for what comes after the shards.
    if losses.isParallel { Threads.setCount(1) }
    let interval = max(1, total / 20)
    var stopping = EarlyStopping(patience: configuration.patience)
    var kept = snapshot()
    if canStartWithHead {
      _ = stopping.observe(try validationLoss(by: losses), step: 0)
    }
    var average: ParameterAverage?
    var lossSum = 0.0
    var lookedAt = 0
    var begun: [BegunStep] = []
    func settle(keeping count: Int) throws {
      while begun.count > count { lossSum += try begun.removeFirst().loss() }
    }
    var step = 0
    var epoch = 0
    func isOver() -> Bool {
      step >= total || configuration.keeps == .best && stopping.shouldStop
    }
    while !isOver() {
      let order = EventSplit.shuffled(events(ofEpoch: epoch), seed: seed, epoch: epoch)
      let batches = (0..<min(order.count / size, total - step)).map {
        Array(order[$0 * size..<($0 + 1) * size])
      }
      let loader = BatchLoader(store: source, batches: batches, augmenter: augmenter, epoch: epoch)
      try loader.consume { batch in
        try Interruption.check()
        begun.append(
          try begin(
            batch.events, by: losses, optimizers: optimizers, at: step, schedule: schedule))
        try settle(keeping: stepsAhead)
        step += 1
        report(step, total)
        // The first steps are far from where the average is wanted.
        if step == schedule.warmUpSteps, configuration.averageDecay > 0 {
          average = ParameterAverage(
            classifier.namedParameters(), decay: configuration.averageDecay)
        } else {
          average?.update()
        }
        guard step % interval == 0 || step == total else { return true }
        try settle(keeping: 0)
        try using(average) {
          let loss = try validationLoss(by: losses)
          history.looks.append(
            .init(
              step: step, trainingLoss: lossSum / Double(step - lookedAt), validationLoss: loss))
          lossSum = 0
          lookedAt = step
          let isBest = stopping.observe(loss, step: step)
          if isBest || configuration.keeps == .last { kept = snapshot() }
        }
        return !isOver()
      }
      epoch += 1
    }
    restore(kept)
    history.bestStep = configuration.keeps == .last ? step : stopping.bestStep
    history.epochs = Double(step) / Double(stepsPerEpoch)
  }

  /// An optimizer of the head, and one of the backbone with learning rates by depth.
  private func makeOptimizers() -> FineTuningOptimizers {
    let backbone = classifier.backbone
    let isScratch = configuration.mode == .scratch
    let head = decayGroups(
      classifier.head.namedParameters(), weightDecay: configuration.weightDecay, scale: 1)
    guard configuration.mode != .frozen else {
      return FineTuningOptimizers(head: AdamW(groups: head), backbone: nil)
    }
    let parameters = backbone.namedParameters()
    let deepest = backbone.configuration.layers
    let groups = (0...deepest + 1).flatMap { depth in
      let layer = parameters.filter { backbone.depth(ofParameter: $0.name) == depth }
      let distance = max(0, deepest - depth)
      return decayGroups(
        layer, weightDecay: configuration.weightDecay,
        scale: isScratch ? 1 : pow(configuration.depthDecay, Double(distance)))
    }
    return FineTuningOptimizers(head: AdamW(groups: head), backbone: AdamW(groups: groups))
  }

  /// Computes loss and gradients and moves the parameters.
  ///
  /// Without steps ahead every number is read and checked before anything follows from it. With
  /// steps ahead none is, and the device itself leaves out a step that is not finite.
  private func begin(
    _ batch: EventBatch, by losses: ShardedLosses, optimizers: FineTuningOptimizers, at step: Int,
    schedule: FineTuningSchedule
  ) throws -> BegunStep {
    optimizers.zeroGradients()
    let readsAtOnce = stepsAhead == 0
    let result = try losses(
      of: batch, withGradients: true,
      context: { [self] shard in
        let backbone = classifier.backbone
        let number = UInt64(step) &+ UInt64(shard) << 32
        let dropout =
          backbone.configuration.dropout > 0
          ? Generator(seed: seed &+ number, device: backbone.device) : nil
        return ObjectiveContext(
          seed: seed, epoch: 0, dropout: dropout,
          skippedLayers: skippedLayers(step: step, shard: shard))
      },
      check: readsAtOnce
        ? { loss, _, shard in try checkFinite(loss, "loss", of: shard, step: step) } : nil)
    let loss = result.losses[0]
    var numbers = loss.reshaped([1])
    var skipping: Tensor?
    if readsAtOnce {
      let norm = clipGradientNorm(optimizers.parameters, maximum: configuration.gradientClip)
      try checkFinite(norm, BegunStep.normName, of: batch, step: step)
    } else {
      let norm = clipGradientNormOnDevice(
        optimizers.parameters, maximum: configuration.gradientClip)
      numbers = Tensor.stack([loss, norm])
      skipping = (.!numbers.isFinite().all()).to(dtype: .float32)
    }
    optimizers.head.step(
      learningRate: schedule.headLearningRate(step: step), skipping: skipping)
    optimizers.backbone?.step(
      learningRate: schedule.backboneLearningRate(step: step), skipping: skipping)
    return BegunStep(batch: batch, number: step, numbers: PendingValues(of: numbers))
  }

  /// Draws the layers that the events of a shard go past in a step.
  private func skippedLayers(step: Int, shard: Int) -> Set<Int> {
    guard configuration.layerDrop > 0, configuration.mode != .frozen else { return [] }
    var generator = CounterBasedGenerator(
      seed: seed, epoch: shard, event: step, purpose: .dropping)
    let layers = classifier.backbone.configuration.layers
    return Set((0..<layers).filter { _ in Double(generator.uniform()) < configuration.layerDrop })
  }

  private func validationLoss(by losses: ShardedLosses) throws -> Double {
    var sum = 0.0
    for start in stride(from: 0, to: validationEvents.count, by: 1024) {
      let events = Array(validationEvents[start..<min(start + 1024, validationEvents.count)])
      let batch = try source.batch(events: events)
      let result = try losses(
        of: batch, withGradients: false,
        context: { [seed] _ in ObjectiveContext(seed: seed, epoch: 0) },
        check: nil)
      sum += result.losses[0].item() * Double(events.count)
    }
    return sum / Double(validationEvents.count)
  }

  /// Does something with averaged parameters, if there is an average, in the place of the last.
  private func using(_ average: ParameterAverage?, _ body: () throws -> Void) throws {
    guard let average else { return try body() }
    let last = snapshot()
    restore(average.stateDictionary().map(\.tensor))
    defer { restore(last) }
    try body()
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

/// A training step that is begun; its numbers may still be on their way from the device.
private struct BegunStep {
  /// The events, for messages.
  let batch: EventBatch
  /// The step, from 0.
  let number: Int
  /// The loss; with steps ahead also the gradient's norm.
  let numbers: PendingValues

  static let normName = "gradient's norm"

  /// Waits for the numbers and returns the loss.
  ///
  /// - Throws: `ModelError` with code `nonFinite` for the first number that is not finite.
  func loss() throws -> Double {
    let values = numbers.values()
    for (value, name) in zip(values, ["loss", Self.normName]) {
      try checkFinite(value, name, of: batch, step: number)
    }
    return values[0]
  }
}

private func checkFinite(
  _ value: Double, _ name: String, of events: EventBatch, step: Int
) throws {
  guard !value.isFinite else { return }
  throw ModelError(
    code: .nonFinite,
    "fine-tuning stopped: the \(name) is \(spelled(value)) in step \(step), with events "
      + "\(events.eventIndices.prefix(8).map(String.init).joined(separator: ", "))… of the "
      + "labeled events. Look at their weights and features, or lower the learning rate.")
}

/// The optimizers of head and backbone, whose learning rates have schedules of their own.
private struct FineTuningOptimizers {
  let head: AdamW
  /// `nil` where the backbone is frozen.
  let backbone: AdamW?

  var parameters: [Parameter] { head.parameters + (backbone?.parameters ?? []) }

  func zeroGradients() {
    head.zeroGradients()
    backbone?.zeroGradients()
  }
}

/// The weighted cross-entropy of the labels.
private struct LabelLoss: TrainingObjective {
  let name = "labels"
  let weight = 1.0
  unowned let tuner: FineTuner

  func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) throws -> Tensor {
    try tuner.loss(batch, dropout: context.dropout, skippedLayers: context.skippedLayers)
  }
}
