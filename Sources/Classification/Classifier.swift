// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Runtime
import Synchronization
import Torch

/// A backbone with a linear head on its event vector.
public final class Classifier: Module {
  /// The event Transformer.
  public let backbone: EventTransformer
  /// The names of the classes, by label.
  public let classNames: [String]
  let head: Linear

  /// Makes a classifier whose head is zero, so that all classes are equally likely at first.
  ///
  /// - Parameters:
  ///   - backbone: The event Transformer.
  ///   - classNames: The names of the classes, by label; at least two.
  public init(backbone: EventTransformer, classNames: [String]) {
    precondition(classNames.count >= 2, "A classifier needs at least two classes.")
    self.backbone = backbone
    self.classNames = classNames
    var generator = CounterBasedGenerator(seed: 0, purpose: .initialization)
    let width = backbone.configuration.width
    head = Linear(inputWidth: width, outputWidth: classNames.count, generator: &generator)
    setHead(
      weight: [Float](repeating: 0, count: width * classNames.count),
      bias: [Float](repeating: 0, count: classNames.count))
    head.move(to: backbone.device)
  }

  /// The classifier has no parameters beside those of its parts.
  public var ownParameters: [(name: String, parameter: Parameter)] { [] }

  /// The backbone and the head.
  public var children: [(name: String, module: any Module)] {
    [("backbone", backbone), ("head", head)]
  }

  /// Returns the logits of the classes.
  ///
  /// - Parameters:
  ///   - batch: The events.
  ///   - dropout: The source of dropped values while training; `nil` in evaluation.
  /// - Returns: Shape `[B, C]`.
  public func logits(_ batch: EventBatch, dropout: Generator? = nil) -> Tensor {
    head(backbone.eventVectors(backbone.input(batch), dropout: dropout))
  }

  /// Returns the logits of the classes; gradients end at the head.
  func headLogits(_ batch: EventBatch, dropout: Generator?) -> Tensor {
    head(withoutGradients { backbone.eventVectors(backbone.input(batch), dropout: dropout) })
  }

  /// Returns the probability of each class for each event.
  ///
  /// - Parameters:
  ///   - source: The events.
  ///   - events: Which of them, in the order of the result.
  ///   - batchSize: Events computed at a time; it does not change the result.
  ///   - progress: Is told how many events are done.
  /// - Returns: For each class, the probability of each event, in 0...1.
  /// - Throws: `EventStoreError` if an event is damaged, `InterruptedError` on Ctrl-C, and
  ///   ``ModelError`` with code `nonFinite` if a score is not a number.
  public func scores(
    of source: any EventSource, events: [Int], batchSize: Int = 1024,
    progress: (Int) -> Void = { _ in }
  ) throws -> [[Double]] {
    try scores(
      count: events.count, batchSize: batchSize,
      batch: { try source.batch(events: Array(events[$0])) }, progress: progress)
  }

  /// Returns, for each class, the probability of each event of a batch.
  ///
  /// - Throws: ``ModelError`` with code `nonFinite` if a score is not a number, `InterruptedError`
  ///   on Ctrl-C.
  public func scores(of batch: EventBatch) throws -> [[Double]] {
    try scores(
      count: batch.eventCount, batchSize: 1024,
      batch: batch.slice, progress: { _ in })
  }

  /// Scores batches side by side, as many as there are threads.
  private func scores(
    count: Int, batchSize: Int, batch: (Range<Int>) throws -> EventBatch,
    progress: (Int) -> Void
  ) throws -> [[Double]] {
    let ranges = stride(from: 0, to: count, by: batchSize)
      .map { $0..<min($0 + batchSize, count) }
    let isParallel = backbone.device == .cpu && ranges.count > 1
    let workers = Workers(count: isParallel ? min(Threads.count, ranges.count) : 1)
    let state = Mutex((parts: [[[Double]]](repeating: [], count: ranges.count), done: 0))
    // The workers end before this function does; parameters are only read meanwhile.
    nonisolated(unsafe) let own = self
    try withoutActuallyEscaping(batch) { batch in
      try withoutActuallyEscaping(progress) { progress in
        nonisolated(unsafe) let makeBatch = batch
        nonisolated(unsafe) let report = progress
        try workers.run(count: ranges.count) { index in
          try Interruption.check()
          let part = try own.probabilities(of: makeBatch(ranges[index]))
          state.withLock { state in
            state.parts[index] = part
            state.done += ranges[index].count
            report(state.done)
          }
        }
      }
    }
    let parts = state.withLock { $0.parts }
    return classNames.indices.map { index in parts.flatMap { $0[index] } }
  }

  private func probabilities(of batch: EventBatch) throws -> [[Double]] {
    guard batch.eventCount > 0 else { return classNames.map { _ in [] } }
    let probabilities = try withTorchErrors {
      withoutGradients { logits(batch).to(dtype: .float64).softmax(dimension: 1).doubles() }
    }
    let count = classNames.count
    if let place = probabilities.firstIndex(where: { !$0.isFinite }) {
      throw ModelError(
        code: .nonFinite,
        "the score of event \(batch.eventIndices[place / count]) is \(probabilities[place]). "
          + "The model's parameters are damaged; fine-tune again from an intact checkpoint.")
    }
    return classNames.indices.map { index in
      (0..<batch.eventCount).map { probabilities[$0 * count + index] }
    }
  }

  /// Returns the event vectors of the backbone.
  ///
  /// Shape `[events, D]`, row by row.
  ///
  /// - Throws: `EventStoreError` if an event is damaged.
  public func embeddings(of batch: EventBatch) -> Tensor {
    withoutGradients { backbone.eventVectors(backbone.input(batch)) }
  }

  /// Sets the head.
  ///
  /// - Parameters:
  ///   - weight: Shape `[C, D]`, row by row.
  ///   - bias: Shape `[C]`.
  func setHead(weight: [Float], bias: [Float]) {
    let width = backbone.configuration.width
    withoutGradients {
      for (name, parameter) in head.namedParameters() {
        let value =
          name == "weight" ? Tensor(weight, shape: [classNames.count, width]) : Tensor(bias)
        parameter.value.copy(from: value)
      }
    }
  }
}
