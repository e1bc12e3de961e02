// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Events
import Pretraining
import Synchronization
import TestSupport
import Testing

/// Events in memory, which can be told to fail at one of them.
final class MemorySource: EventSource {
  struct Failure: Error, Equatable { var event: Int }

  let events: EventBatch
  let failing: Int?
  let served = Atomic<Int>(0)

  init(_ events: EventBatch, failing: Int? = nil) {
    self.events = events
    self.failing = failing
  }

  var schema: EventSchema { events.schema }
  var eventCount: Int { events.eventCount }
  var fingerprint: String { "memory" }

  func batch(events indices: [Int]) throws -> EventBatch {
    if let failing, indices.contains(failing) { throw Failure(event: failing) }
    served.add(1, ordering: .relaxed)
    return events.selecting(indices)
  }

  func labels() -> [Int32] { events.labels }
  func weights() -> [Float] { events.weights }
}

@Suite struct BatchLoaderTests {
  private let batches = (0..<20).map { [3 * $0, 3 * $0 + 1, 3 * $0 + 2] }

  private func loader(failing: Int? = nil, augmenter: Augmenter? = nil) -> BatchLoader {
    BatchLoader(
      store: MemorySource(TinyEvents.batch(eventCount: 60), failing: failing), batches: batches,
      augmenter: augmenter, epoch: 2)
  }

  @Test func `batches come in order`() throws {
    var seen: [[Int]] = []
    try loader().consume { batch in
      seen.append(batch.events.eventIndices)
      return true
    }
    #expect(seen == batches)
  }

  @Test func `batches are augmented with the key of the epoch`() throws {
    let augmenter = try Augmenter(configuration: .init(), schema: TinyEvents.schema, seed: 5)
    let events = TinyEvents.batch(eventCount: 60)
    try loader(augmenter: augmenter).consume { loaded in
      let batch = loaded.events
      #expect(batch == augmenter.apply(to: events.selecting(batch.eventIndices), epoch: 2))
      return true
    }
  }

  @Test func `a batch that cannot be read throws when its turn comes`() {
    var count = 0
    #expect(throws: MemorySource.Failure(event: 22)) {
      try loader(failing: 22).consume { _ in
        count += 1
        return true
      }
    }
    #expect(count == 7)
  }

  @Test(arguments: [1, 2, 19, 20]) func `stopping early ends the loader`(stop: Int) throws {
    for _ in 0..<20 {
      var count = 0
      try loader().consume { _ in
        count += 1
        return count < stop
      }
      #expect(count == stop)
    }
  }

  @Test func `no batches are no work`() throws {
    let loader = BatchLoader(
      store: MemorySource(TinyEvents.batch(eventCount: 1)), batches: [], augmenter: nil, epoch: 0)
    try loader.consume { _ in
      Issue.record("There is no batch.")
      return true
    }
  }
}
