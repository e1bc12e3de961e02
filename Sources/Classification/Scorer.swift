// SPDX-License-Identifier: Apache-2.0

import Augmentation
import EventModel
import Events
import Runtime
import Synchronization
import Torch

/// Scores events by one classifier or several, each in one view or several.
///
/// The members' and the views' logits are averaged, so that a score is the geometric mean of
/// theirs, normalized over the classes. Boosted trees may be joined: see ``TreeShare``. Several
/// members, trained on other parts of the same labeled events, and several views, rotated and
/// reflected, each make scores better and cost their number in time.
public struct Scorer {
  /// The classifiers; all tell the same classes apart, and stand on one device.
  public let members: [Classifier]
  /// Trees that are joined.
  public private(set) var trees: JoinedTrees?
  /// How much the trees count, where there are some.
  public let treeShare: TreeShare
  private let views: [Augmenter]

  /// Makes a scorer.
  ///
  /// - Parameters:
  ///   - members: The classifiers, at least one; all of the same classes and schema.
  ///   - viewCount: How many views of an event are scored: itself, and others that are rotated and
  ///     reflected; at least 1.
  ///   - augmentation: Which rotations and reflections are allowed; the other transformations are
  ///     not used, since they would lose objects.
  ///   - trees: Boosted trees whose logits are joined with those of the classifiers, which tell two
  ///     classes apart then.
  ///   - treeShare: How much the trees count.
  public init(
    members: [Classifier], viewCount: Int = 1, augmentation: AugmentationConfiguration? = nil,
    trees: JoinedTrees? = nil, treeShare: TreeShare = TreeShare()
  ) {
    guard let first = members.first, viewCount >= 1 else {
      preconditionFailure("A scorer needs a classifier and a view of the events.")
    }
    precondition(
      members.allSatisfy {
        $0.classNames == first.classNames
          && $0.backbone.layout.schema == first.backbone.layout.schema
      }, "The members tell other classes apart, or read other events.")
    precondition(
      trees == nil || first.classNames.count == 2, "Trees tell two classes apart, no more.")
    self.members = members
    self.trees = trees
    self.treeShare = treeShare
    guard viewCount > 1, let augmentation else {
      views = []
      return
    }
    let schema = first.backbone.layout.schema
    views = (1..<viewCount).map { seed in
      do throws(AugmentationError) {
        return try Augmenter(
          configuration: augmentation.rotationsAndReflections, schema: schema, seed: UInt64(seed))
      } catch {
        preconditionFailure("Without an acceptance nothing can fail to fit, but \(error).")
      }
    }
  }

  /// The same without trees.
  public var withoutTrees: Scorer {
    var result = self
    result.trees = nil
    return result
  }

  /// The names of the classes, by label.
  public var classNames: [String] { members[0].classNames }

  /// The schema of the events.
  public var schema: EventSchema { members[0].backbone.layout.schema }

  /// Moves the classifiers.
  public func place(on device: Device) {
    for member in members {
      member.backbone.place(on: device)
      member.move(to: device)
    }
  }

  /// Returns the probability of each class for each event.
  ///
  /// - Parameters:
  ///   - source: The events.
  ///   - events: Which of them, in the order of the result.
  ///   - batchSize: Events computed at a time; it does not change the result.
  ///   - progress: Is told how many events are done.
  /// - Returns: For each class, the probability of each event, in 0...1.
  /// - Throws: `EventStoreError` if an event is damaged, `ExpressionError` if a variable cannot be
  ///   computed, `InterruptedError` on Ctrl-C, and ``ModelError`` with code `nonFinite` if a score
  ///   is not a number.
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

  /// Returns the scores of a batch, and the event vectors that they are from.
  ///
  /// The vectors are those of the first member's backbone for the events as they are. The batch is
  /// computed as a whole.
  ///
  /// - Returns: For each class, the probability of each event; and the vectors, event after event,
  ///   shape `[B, D]` with the width `D` of the backbone.
  /// - Throws: As ``scores(of:)``.
  public func scoresAndEmbeddings(
    of batch: EventBatch
  ) throws -> (scores: [[Double]], embeddings: [Float]) {
    guard batch.eventCount > 0 else { return (classNames.map { _ in [] }, []) }
    let (probabilities, vectors) = try withTorchErrors {
      try withoutGradients {
        let (logits, vectors) = try logitsAndVectors(of: batch)
        return (logits.softmax(dimension: 1).doubles(), vectors.floats())
      }
    }
    return (try byClass(probabilities, of: batch), vectors)
  }

  /// The width of the event vectors of ``scoresAndEmbeddings(of:)``.
  public var embeddingWidth: Int { members[0].backbone.configuration.width }

  /// Scores batches side by side, as many as there are threads.
  private func scores(
    count: Int, batchSize: Int, batch: (Range<Int>) throws -> EventBatch,
    progress: (Int) -> Void
  ) throws -> [[Double]] {
    let ranges = stride(from: 0, to: count, by: batchSize)
      .map { $0..<min($0 + batchSize, count) }
    let isParallel = members[0].backbone.device == .cpu && ranges.count > 1
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
      try withoutGradients {
        try logitsAndVectors(of: batch).logits.softmax(dimension: 1).doubles()
      }
    }
    return try byClass(probabilities, of: batch)
  }

  /// Returns the probabilities, shape `[B, C]`, class by class.
  private func byClass(_ probabilities: [Double], of batch: EventBatch) throws -> [[Double]] {
    let count = classNames.count
    if let place = probabilities.firstIndex(where: { !$0.isFinite }) {
      // Without the bits that a description of one that is not a number may show.
      let found = probabilities[place].isNaN ? "nan" : "\(probabilities[place])"
      throw ModelError(
        code: .nonFinite,
        "the score of event \(batch.eventIndices[place / count]) is \(found). "
          + "The model's parameters are damaged; fine-tune again from an intact checkpoint.")
    }
    return classNames.indices.map { index in
      (0..<batch.eventCount).map { probabilities[$0 * count + index] }
    }
  }

  /// The mean logits over members and views, shape `[B, C]`, float64; and the event vectors of the
  /// first member in the first view.
  private func logitsAndVectors(of batch: EventBatch) throws -> (logits: Tensor, vectors: Tensor) {
    var sum: Tensor?
    var first: Tensor?
    for view in [batch] + views.map({ $0.apply(to: batch, epoch: 0) }) {
      for member in members {
        let (single, vectors) = try member.logitsAndVectors(view)
        let logits = single.to(dtype: .float64)
        sum = sum.map { $0 + logits } ?? logits
        first = first ?? vectors
      }
    }
    guard let sum, let first else { preconditionFailure("A scorer has a member and a view.") }
    let mean = sum * (1 / Double(members.count * (views.count + 1)))
    guard let trees else { return (mean, first) }
    // A logit of signal is the difference of the logits of both classes.
    let halves = try trees.logits(of: batch).flatMap { [-$0 / 2, $0 / 2] }
    let ofTrees = Tensor(halves, shape: [batch.eventCount, 2], device: mean.device)
    let joined = mean * (1 - treeShare.share) + ofTrees * treeShare.share
    return (joined * treeShare.scale, first)
  }
}

extension Classifier {
  /// Returns the probability of each class for each event: see ``Scorer``.
  ///
  /// - Throws: What ``Scorer/scores(of:events:batchSize:progress:)`` throws.
  public func scores(
    of source: any EventSource, events: [Int], batchSize: Int = 1024,
    progress: (Int) -> Void = { _ in }
  ) throws -> [[Double]] {
    try Scorer(members: [self]).scores(
      of: source, events: events, batchSize: batchSize, progress: progress)
  }
}
