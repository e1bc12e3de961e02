// SPDX-License-Identifier: Apache-2.0

import Events
import Pretraining
import Runtime
import Synchronization
import Torch

extension FineTuner {
  /// Fits the head on the embeddings of the training events and of augmented copies of them.
  ///
  /// - Parameter penalty: How strongly its weights are held back; `nil` chooses by
  ///   cross-validation.
  /// - Throws: `InterruptedError` on Ctrl-C; what the source throws for damaged events.
  func warmUpHead(penalty: Double?) throws {
    let copies = configuration.augmentation == nil ? 1 : 4
    let size = 1024
    // The last epochs are never reached by training, so these transformations are new.
    let jobs = (0..<copies).flatMap { copy in
      let events = events(ofEpoch: 65_535 - copy)
      return stride(from: 0, to: events.count, by: size).map {
        (epoch: 65_535 - copy, events: events[$0..<min($0 + size, events.count)])
      }
    }
    let device = classifier.backbone.device
    // Threads write to places of their own, and read what does not change meanwhile.
    nonisolated(unsafe) var parts = [Tensor?](repeating: nil, count: jobs.count)
    nonisolated(unsafe) let own = self
    let lock = Mutex(())
    try runInParallel(count: jobs.count, width: device == .cpu ? Threads.count : 1) { index in
      try Interruption.check()
      var batch = try own.source.batch(events: Array(jobs[index].events))
      if let augmenter = own.augmenter {
        batch = augmenter.apply(to: batch, epoch: jobs[index].epoch)
      }
      let part = try withTorchErrors { try own.classifier.embeddings(of: batch) }
      lock.withLock { _ in parts[index] = part }
    }
    let chosen = penalty ?? self.penalty(embeddings: Array(parts.prefix(jobs.count / copies)))
    let head = LinearProbe.fit(
      labeled(Self.joined(parts), of: jobs.flatMap(\.events)), penalty: chosen)
    classifier.setHead(weight: head.weight, bias: head.bias)
    history.headPenalty = chosen
  }

  /// Chooses the penalty from one copy of the events.
  ///
  /// With thousands of events it hardly matters: some of them, evenly spread, are enough.
  private func penalty(embeddings parts: [Tensor?]) -> Double {
    let all = events(ofEpoch: 65_535)
    let places = Array(stride(from: 0, to: all.count, by: max(1, all.count / 5000)))
    let events = places.map { all[$0] }
    let embeddings = Self.joined(parts).indexSelected(
      dimension: 0, indices: Tensor(places.map { Int64($0) }, device: classifier.backbone.device))
    return LinearProbe.penalty(
      for: labeled(embeddings, of: events), folds: folds(of: events, count: 5))
  }

  private func labeled(_ embeddings: Tensor, of events: [Int]) -> LinearProbe.Events {
    let device = classifier.backbone.device
    return LinearProbe.Events(
      embeddings: embeddings,
      labels: Tensor(events.map { Int64(labels[$0]) }, device: device),
      weights: Tensor(events.map { eventWeights[$0] }, device: device),
      classCount: classifier.classNames.count)
  }

  private static func joined(_ parts: [Tensor?]) -> Tensor {
    Tensor.concatenate(parts.compactMap { $0 }, dimension: 0)
  }

  /// Deals the events of each class out to the folds of a cross-validation.
  private func folds(of events: [Int], count: Int) -> [Int] {
    var place = [Int](repeating: 0, count: classifier.classNames.count)
    var fold: [Int: Int] = [:]
    for event in EventSplit.shuffled(events, seed: seed, epoch: 0, purpose: .splitting) {
      let label = Int(labels[event])
      fold[event] = place[label] % count
      place[label] += 1
    }
    return events.map { fold[$0] ?? 0 }
  }
}
