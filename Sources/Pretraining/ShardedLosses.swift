// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Synchronization
import Torch

/// Computes the losses of a batch, and their gradients, by shards that threads share.
///
/// A shard is a run of events small enough that several keep all threads busy, and large enough
/// that the steps inside are. The loss of a batch is the mean over its shards, weighted by their
/// numbers of events, as where several machines train on parts of a batch. The shards depend on
/// the batch alone and are added up in order, so that the numbers do not depend on the threads.
///
/// Objectives that hide parts of events take the events of a training step by turns, the first the
/// first event: an event can be damaged in one way at a time, and as many passes through the encoder
/// as there are ways would cost more than they teach. Without gradients each takes all events.
package final class ShardedLosses {
  /// What the losses of a batch are, and where their time went.
  package struct Result {
    /// The mean loss of each objective, unweighted, as `float64` scalars on the device.
    package var losses: [Tensor]
    /// Seconds of the way from the events to the losses and back, if all threads were busy.
    package var seconds = StepSeconds()
  }

  /// Divides a batch into runs of about 32 to 256 events and equal numbers of tokens.
  ///
  /// More events would not fill two threads with a small batch, fewer cost more than they compute;
  /// of two threads one would wait for the other if it had less to do.
  static func shards(of batch: EventBatch) -> [Range<Int>] {
    let size = min(256, max(32, (batch.eventCount + 1) / 2))
    let count = (batch.eventCount + size - 1) / size
    let tokens = batch.objectCount + batch.eventCount
    var starts = [0]
    for event in 0..<batch.eventCount where starts.count < count {
      // The next shard begins where its share of the tokens does.
      let before = batch.range(of: event).lowerBound + event
      if before * count >= starts.count * tokens { starts.append(event) }
    }
    return zip(starts, starts.dropFirst() + [batch.eventCount]).map { $0..<$1 }
  }

  private let backbone: EventTransformer
  private let objectives: [any TrainingObjective]
  private let precision: Precision
  private let workers: Workers
  private let parameters: [Tensor]

  /// Prepares for the parameters where they are now.
  ///
  /// - Parameters:
  ///   - backbone: The encoder.
  ///   - objectives: What is summed up.
  ///   - parameters: What gradients are computed for.
  ///   - precision: The numbers in which products of matrices are computed on the way to the losses.
  ///   - threads: Threads that may work.
  package init(
    backbone: EventTransformer, objectives: [any TrainingObjective], parameters: [Parameter],
    precision: Precision, threads: Int
  ) {
    self.backbone = backbone
    self.objectives = objectives
    self.precision = precision
    self.parameters = parameters.map(\.value)
    // A GPU takes a batch as a whole.
    workers = Workers(count: backbone.device == .cpu ? threads : 1)
  }

  /// Whether other threads than the calling one work.
  package var isParallel: Bool { workers.count > 1 }

  /// Computes the losses of a batch, and adds their weighted sum's gradients to the parameters'.
  ///
  /// - Parameters:
  ///   - batch: The events, augmented.
  ///   - withGradients: Whether gradients are computed.
  ///   - context: Makes what objectives need to know, for the index of a shard.
  ///   - check: Is told of each loss of a shard, which it waits for; may throw. `nil` waits for none.
  /// - Returns: The losses and where their time went.
  /// - Throws: What the check throws; `TorchError` if memory runs out.
  package func callAsFunction(
    of batch: EventBatch, withGradients: Bool,
    context: @escaping (_ shard: Int) -> ObjectiveContext,
    check: ((_ loss: Double, _ objective: String, _ shard: EventBatch) throws -> Void)?
  ) throws -> Result {
    let ranges = backbone.device == .cpu ? Self.shards(of: batch) : [0..<batch.eventCount]
    typealias Part = (losses: [Tensor], gradients: [[Tensor?]], seconds: StepSeconds)
    // Threads write to places of their own, and read what does not change meanwhile.
    nonisolated(unsafe) var parts = [Part?](repeating: nil, count: ranges.count)
    nonisolated(unsafe) let own = self
    nonisolated(unsafe) let makeContext = context
    nonisolated(unsafe) let checkLoss = check
    let lock = Mutex(())
    try workers.run(count: ranges.count) { index in
      let shard = batch.slice(ranges[index])
      let part = try own.part(
        shard, at: ranges[index].lowerBound,
        share: Double(shard.eventCount) / Double(batch.eventCount),
        withGradients: withGradients, context: makeContext(index), check: checkLoss)
      lock.withLock { _ in parts[index] = part }
    }
    var result = Result(losses: [])
    let threads = Double(min(workers.count, ranges.count))
    for case .some(let part) in parts {
      result.losses =
        result.losses.isEmpty ? part.losses : zip(result.losses, part.losses).map { $0 + $1 }
      for gradients in part.gradients { Tensor.addGradients(gradients, to: parameters) }
      result.seconds.forward += part.seconds.forward / threads
      result.seconds.backward += part.seconds.backward / threads
    }
    return result
  }

  /// Computes the part of a shard in the losses, and the gradients of each; `position` is that
  /// of its first event in the batch.
  private func part(
    _ shard: EventBatch, at position: Int, share: Double, withGradients: Bool,
    context: ObjectiveContext,
    check: ((Double, String, EventBatch) throws -> Void)?
  ) throws -> (losses: [Tensor], gradients: [[Tensor?]], seconds: StepSeconds) {
    try withTorchErrors {
      var losses: [Tensor] = []
      var gradients: [[Tensor?]] = []
      var seconds = StepSeconds()
      let given =
        withGradients ? turns(of: shard, at: position) : objectives.map { _ in shard }
      // Each objective's graph is walked and freed before the next is built: half the memory.
      for (objective, events) in zip(objectives, given) {
        let start = ProcessInfo.processInfo.systemUptime
        func evaluated() throws -> Tensor {
          let loss = try precision.using(on: backbone.device) {
            try objective.loss(batch: events, backbone: backbone, context: context)
          }
          try check?(loss.item(), objective.name, events)
          losses.append(loss.detached().to(dtype: .float64) * share)
          return loss
        }
        guard withGradients else {
          _ = try withoutGradients(evaluated)
          continue
        }
        let loss = try evaluated()
        let middle = ProcessInfo.processInfo.systemUptime
        gradients.append((loss * (objective.weight * share)).gradients(of: parameters))
        seconds.forward += middle - start
        seconds.backward += ProcessInfo.processInfo.systemUptime - middle
      }
      return (losses, gradients, seconds)
    }
  }

  /// Returns the events of a shard that each objective is given in a training step.
  ///
  /// Positions in the batch decide, so that shards do not, and the order of each epoch mixes them.
  private func turns(of shard: EventBatch, at position: Int) -> [EventBatch] {
    let count = objectives.filter(\.hidesParts).count
    guard count > 1, shard.eventCount >= count else {
      return objectives.map { _ in shard }
    }
    var turn = 0
    return objectives.map { objective in
      guard objective.hidesParts else { return shard }
      defer { turn += 1 }
      return shard.selecting((0..<shard.eventCount).filter { (position + $0) % count == turn })
    }
  }
}
