// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Torch

/// A training step that is begun; its numbers may still be on their way from the device.
struct BegunStep {
  /// The events, for messages.
  let batch: EventBatch
  /// The epoch, from 0.
  let epoch: Int
  /// The step in its epoch, from 0.
  let stepInEpoch: Int
  /// The loss of each objective; with steps ahead also the gradient's norm.
  let numbers: PendingValues
  /// Where the time went; with steps ahead that of the host.
  let seconds: StepSeconds
}

extension Pretrainer {
  /// Computes losses and gradients and moves the parameters.
  ///
  /// Without steps ahead every number is read and checked before anything follows from it. With
  /// steps ahead none is, and the device itself leaves out a step that is not finite.
  func begin(
    _ batch: EventBatch, learningRateFactor: Double, epoch: Int, stepInEpoch: Int,
    seconds: StepSeconds
  ) throws -> BegunStep {
    optimizer.zeroGradients()
    let readsAtOnce = stepsAhead == 0
    let result = try losses(
      of: batch, withGradients: true,
      context: { [self] shard in
        let number = UInt64(state.optimizerSteps) &+ UInt64(shard) << 32
        let dropout =
          backbone.configuration.dropout > 0
          ? Generator(seed: configuration.seed &+ number, device: backbone.device) : nil
        return ObjectiveContext(seed: configuration.seed, epoch: epoch, dropout: dropout)
      },
      check: readsAtOnce
        ? { [self] loss, objective, shard in
          try checkFinite(
            loss, objective: objective, batch: shard, epoch: epoch, stepInEpoch: stepInEpoch)
        } : nil)
    var seconds = seconds
    seconds.forward = result.seconds.forward
    seconds.backward = result.seconds.backward
    let start = ProcessInfo.processInfo.systemUptime
    let learningRate = configuration.learningRate * learningRateFactor
    var numbers = Tensor.stack(result.losses)
    if readsAtOnce {
      let norm = clipGradientNorm(optimizer.parameters, maximum: configuration.gradientClip)
      try checkFinite(
        norm, objective: Self.normName, batch: batch, epoch: epoch, stepInEpoch: stepInEpoch)
      optimizer.step(learningRate: learningRate)
    } else {
      let norm = clipGradientNormOnDevice(
        optimizer.parameters, maximum: configuration.gradientClip)
      numbers = Tensor.stack(result.losses + [norm])
      optimizer.step(
        learningRate: learningRate,
        skipping: (.!numbers.isFinite().all()).to(dtype: .float32))
    }
    state.optimizerSteps += 1
    seconds.optimizer = ProcessInfo.processInfo.systemUptime - start
    return BegunStep(
      batch: batch, epoch: epoch, stepInEpoch: stepInEpoch, numbers: PendingValues(of: numbers),
      seconds: seconds)
  }

  /// Reads the numbers of steps in order, until only the last ones are left, and records them.
  ///
  /// - Parameter count: Number of steps whose numbers are left on their way.
  /// - Returns: The steps read, and their losses.
  /// - Throws: ``ModelError`` with code `nonFinite` for the first number that is not finite.
  func settle(keeping count: Int) throws -> [(step: BegunStep, losses: [Double])] {
    var result: [(step: BegunStep, losses: [Double])] = []
    while begun.count > count {
      let step = begun.removeFirst()
      let numbers = step.numbers.values()
      for (number, name) in zip(numbers, objectives.map(\.name) + [Self.normName]) {
        try checkFinite(
          number, objective: name, batch: step.batch, epoch: step.epoch,
          stepInEpoch: step.stepInEpoch)
      }
      let losses = Array(numbers.prefix(objectives.count))
      state.add(losses: losses, events: step.batch.eventCount)
      result.append((step, losses))
    }
    return result
  }

  /// Returns the mean loss of each objective on the validation split; none without one.
  func validationLosses() throws -> [Double] {
    let validationEvents = order.validationEvents
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
            epoch: state.epoch, stepInEpoch: state.stepInEpoch)
        })
      for index in sums.indices {
        sums[index] += result.losses[index].item() * Double(events.count)
      }
    }
    return sums.map { $0 / Double(validationEvents.count) }
  }

  private static var normName: String { "the gradient's norm" }

  private func checkFinite(
    _ value: Double, objective: String, batch: EventBatch, epoch: Int, stepInEpoch: Int
  ) throws {
    guard !value.isFinite else { return }
    // A repetition is named by its event.
    var batch = batch
    batch.eventIndices = batch.eventIndices.map { $0 % store.eventCount }
    throw nonFiniteLoss(
      value, of: objective, epoch: epoch, step: stepInEpoch, batch: batch, backbone: backbone)
  }
}
