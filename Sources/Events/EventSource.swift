// SPDX-License-Identifier: Apache-2.0

/// Events that can be asked for by position: a store, or several of them as one.
public protocol EventSource: Sendable {
  /// The objects, features and scalars of the events.
  var schema: EventSchema { get }
  /// Number of events.
  var eventCount: Int { get }
  /// What tells these events from others: equal for events of the same files, selected alike.
  var fingerprint: String { get }
  /// The samples that the events are from, in the order of the events; by default one without a name.
  var samples: [SampleRange] { get }

  /// Returns events as one packed batch, in the order asked for.
  ///
  /// - Parameter events: Positions in the source; `EventBatch.eventIndices` repeats them.
  /// - Returns: The events.
  /// - Throws: `EventStoreError` if an event is damaged.
  func batch(events: [Int]) throws -> EventBatch

  /// Returns the label of every event, -1 where it has none.
  func labels() -> [Int32]

  /// Returns the weight of every event.
  func weights() -> [Float]
}

/// The events of one sample in a source of several.
public struct SampleRange: Hashable, Sendable {
  /// The name of the sample.
  public let name: String
  /// The positions of its events in the source.
  public let events: Range<Int>

  /// Names a range of events.
  public init(name: String, events: Range<Int>) {
    self.name = name
    self.events = events
  }
}

extension EventSource {
  /// All events as one sample without a name.
  public var samples: [SampleRange] { [SampleRange(name: "", events: 0..<eventCount)] }

  /// Calls a closure with batches of events that are spread evenly over a list of them.
  ///
  /// - Parameters:
  ///   - indices: The events that may be looked at.
  ///   - count: How many are looked at: every event of fewer than twice as many, else every second,
  ///     third and so on.
  ///   - body: Is given up to 4096 events at a time.
  /// - Throws: What the source or the closure throws.
  public func forEachBatch(
    of indices: [Int], sampling count: Int, _ body: (EventBatch) throws -> Void
  ) throws {
    let step = max(1, indices.count / count)
    let chosen = stride(from: 0, to: indices.count, by: step).map { indices[$0] }
    for start in stride(from: 0, to: chosen.count, by: 4096) {
      try body(batch(events: Array(chosen[start..<min(start + 4096, chosen.count)])))
    }
  }
}

extension EventStore: EventSource {
  /// The sample that the store was made from.
  public var samples: [SampleRange] {
    [SampleRange(name: manifest.sample, events: 0..<eventCount)]
  }

  /// Returns events as one packed batch, in the order asked for.
  ///
  /// - Throws: ``EventStoreError`` if an event is damaged.
  public func batch(events: [Int]) throws -> EventBatch {
    try batch(events: events[...])
  }
}
