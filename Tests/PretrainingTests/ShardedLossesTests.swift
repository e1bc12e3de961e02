// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Synchronization
import TestSupport
import Testing
import Torch

@testable import Pretraining

/// Which events objectives are asked of.
@Suite struct ShardedLossesTests {
  /// An objective that keeps the indices of its events; their mean vector is its loss.
  private final class Recorder: TrainingObjective, Sendable {
    let name: String
    let weight = 1.0
    let hidesParts: Bool
    private let seen = Mutex<[Int]>([])

    init(_ name: String, hidesParts: Bool) {
      self.name = name
      self.hidesParts = hidesParts
    }

    func loss(batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext) -> Tensor {
      seen.withLock { $0 += batch.eventIndices }
      return backbone.eventVectors(backbone.input(batch)).square().mean()
    }

    /// The events since the last time, sorted.
    func events() -> [Int] {
      seen.withLock { seen in
        defer { seen = [] }
        return seen.sorted()
      }
    }
  }

  private let parts: ReferenceParts
  private let batch: EventBatch

  init() throws {
    parts = try ReferenceParts()
    // 101 events: more than a shard, and a number that two do not divide.
    var batch = EventBatch(schema: parts.batch.schema)
    while batch.eventCount < 101 { batch.append(contentsOf: parts.batch, events: 0..<1) }
    batch.eventIndices = Array(batch.eventIndices.indices)
    self.batch = batch
  }

  private func run(_ objectives: [Recorder], withGradients: Bool = true) throws -> [[Int]] {
    let losses = ShardedLosses(
      backbone: parts.backbone, objectives: objectives, parameters: parts.backbone.parameters(),
      precision: .float32, threads: 2)
    let result = try losses(
      of: batch, withGradients: withGradients,
      context: { _ in ObjectiveContext(seed: 1, epoch: 0) },
      check: nil)
    #expect(result.losses.count == objectives.count)
    return objectives.map { $0.events() }
  }

  @Test func `objectives that hide take the events by turns, others all`() throws {
    let seen = try run([
      Recorder("masked", hidesParts: true), Recorder("variables", hidesParts: false),
      Recorder("types", hidesParts: true),
    ])
    let all = Array(0..<101)
    #expect(ShardedLosses.shards(of: batch).count > 1)
    #expect(seen == [all.filter { $0 % 2 == 0 }, all, all.filter { $0 % 2 == 1 }])
  }

  @Test func `an objective that alone hides takes all events, as each does without gradients`()
    throws
  {
    let all = Array(0..<101)
    #expect(
      try run([Recorder("masked", hidesParts: true), Recorder("variables", hidesParts: false)])
        == [all, all])
    #expect(
      try run(
        [Recorder("masked", hidesParts: true), Recorder("types", hidesParts: true)],
        withGradients: false) == [all, all])
  }
}
