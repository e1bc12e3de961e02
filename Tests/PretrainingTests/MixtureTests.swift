// SPDX-License-Identifier: Apache-2.0

import Augmentation
import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import TestSupport
import Testing
import Torch

/// Pre-training on stores of different schemas, each with its share.
@Suite struct MixtureTests {
  let folder: TemporaryFolder
  let source: EventUnion

  init() throws {
    folder = try TemporaryFolder()
    let other = EventSchema(
      objectKinds: [
        ObjectKind(name: "electron", features: ["charge"]),
        ObjectKind(name: "muon", features: ["dxy", "charge"]),
        ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
      ], scalars: ["rho"])
    source = try EventUnion([
      try TinyEvents.store(in: folder, name: "large", eventCount: 120),
      try TinyEvents.store(in: folder, name: "small", eventCount: 15, seed: 2, schema: other),
    ])
  }

  private func pretrainer(
    _ name: String, _ mixture: [String: Double]? = ["large": 1, "small": 1], epochs: Int = 3
  ) throws -> Pretrainer {
    var configuration = PretrainingConfiguration()
    configuration.epochs = epochs
    configuration.batchSize = 27
    configuration.warmUpSteps = 2
    configuration.validationFraction = 0.2
    configuration.mixture = mixture
    return try Pretrainer(
      store: source,
      model: ModelConfiguration(width: 8, layers: 1, heads: 2, feedForwardFactor: 2),
      configuration: configuration, folder: folder.file(name))
  }

  private func parameters(_ pretrainer: Pretrainer) -> [[Float]] {
    pretrainer.backbone.parameters().map { $0.value.floats() }
      + pretrainer.objectives.flatMap { $0.parameters().map { $0.value.floats() } }
  }

  private func losses(_ history: PretrainingHistory) -> [[Double]] {
    history.epochs.flatMap { [$0.training, $0.validation] }
  }

  @Test(arguments: [3, 4, 6])
  func `an interrupted run of a mixture ends with the same numbers`(stop: Int) throws {
    let whole = try pretrainer("whole")
    let expected = try whole.run()
    #expect(expected.epochs.count == 3)
    var steps = 0
    let first = try pretrainer("parts")
    let wish = Interruption.Wish()
    #expect(throws: InterruptedError.self) {
      try Interruption.$wish.withValue(wish) {
        _ = try first.run { _ in
          steps += 1
          if steps == stop { wish.request() }
        }
      }
    }
    let second = try pretrainer("parts")
    #expect(losses(try second.run()) == losses(expected))
    #expect(parameters(second) == parameters(whole))
  }

  @Test func `the numbers do not depend on threads`() throws {
    let threads = Threads.count
    defer { Threads.setCount(threads) }
    Threads.setCount(1)
    let one = try pretrainer("one", epochs: 1)
    _ = try one.run()
    Threads.setCount(2)
    let two = try pretrainer("two", epochs: 1)
    _ = try two.run()
    #expect(parameters(one) == parameters(two))
  }

  @Test func `the weights decide the result, and belong to the run`() throws {
    let run = try pretrainer("run", epochs: 1)
    _ = try run.run()
    let plain = try pretrainer("plain", nil, epochs: 1)
    _ = try plain.run()
    #expect(parameters(run) != parameters(plain))
    for other in [["large": 1.0, "small": 2.0], nil] {
      let error = try #require(throws: ModelError.self) {
        _ = try pretrainer("run", other, epochs: 1)
      }
      #expect(error.description.contains("it was started with other settings"))
    }
  }

  @Test func `a repeated event is hidden and transformed anew`() throws {
    let augmenter = try Augmenter(configuration: .init(), schema: source.schema, seed: 5)
    let count = source.eventCount
    var seen: [EventBatch] = []
    try BatchLoader(store: source, batches: [[130, 130 + count]], augmenter: augmenter, epoch: 2)
      .consume { loaded in
        seen.append(loaded.events)
        return true
      }
    let batch = try #require(seen.first)
    #expect(batch.eventIndices == [130, 130 + count])
    var plain = try source.batch(events: [130, 130])
    plain.eventIndices = [130, 130 + count]
    #expect(batch == augmenter.apply(to: plain, epoch: 2))
    let phi = [batch.range(of: 0), batch.range(of: 1)].map { batch.momenta[4 * $0.lowerBound + 2] }
    #expect(phi[0] != phi[1])
  }
}
