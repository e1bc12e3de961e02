// SPDX-License-Identifier: Apache-2.0

/// Events that can be asked for by position: a store, or several of them as one.
public protocol EventSource: Sendable {
  /// The objects, features and scalars of the events.
  var schema: EventSchema { get }
  /// Number of events.
  var eventCount: Int { get }
  /// What tells these events from others: equal for events of the same files, selected alike.
  var fingerprint: String { get }

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

extension EventSource {
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

/// Several stores as one: the events of the first, then those of the second, and so on.
public struct EventUnion: EventSource {
  /// The schema that all stores share.
  public let schema: EventSchema
  /// Number of events of all stores.
  public let eventCount: Int
  private let stores: [EventStore]
  private let starts: [Int]

  /// Joins stores.
  ///
  /// - Parameter stores: At least one; all of one schema.
  /// - Throws: ``EventStoreError`` with code `schemaMismatch` if the schemas differ.
  public init(_ stores: [EventStore]) throws {
    guard let first = stores.first else {
      preconditionFailure("A union of events needs at least one store.")
    }
    for store in stores where store.schema != first.schema {
      throw EventStoreError(
        code: .schemaMismatch, path: store.path,
        statement: "it has another schema than \(first.path)",
        remedy: "Prepare both with the same events section.")
    }
    schema = first.schema
    self.stores = stores
    var starts = [0]
    for store in stores { starts.append(starts[starts.count - 1] + store.eventCount) }
    self.starts = starts
    eventCount = starts[starts.count - 1]
  }

  /// Returns events as one packed batch, in the order asked for.
  public func batch(events: [Int]) throws -> EventBatch {
    // Events are gathered store by store, then brought into the order asked for.
    var places = [[Int]](repeating: [], count: stores.count)
    for (place, event) in events.enumerated() {
      precondition(event >= 0 && event < eventCount, "Event \(event) is not in 0..<\(eventCount).")
      let store = (starts.firstIndex { $0 > event } ?? starts.count) - 1
      places[store].append(place)
    }
    var parts: [EventBatch] = []
    var order: [Int] = []
    for (store, chosen) in places.enumerated() where !chosen.isEmpty {
      var part = try stores[store].batch(events: chosen.map { events[$0] - starts[store] })
      part.eventIndices = chosen.map { events[$0] }
      parts.append(part)
      order += chosen
    }
    if parts.count == 1, order == Array(events.indices) { return parts[0] }
    let joined = EventBatch(joining: parts, schema: schema)
    var inverse = [Int](repeating: 0, count: order.count)
    for (row, place) in order.enumerated() { inverse[place] = row }
    return joined.selecting(inverse)
  }

  /// The fingerprints of the stores.
  public var fingerprint: String { stores.map(\.fingerprint).joined(separator: " ") }

  /// Returns the label of every event, -1 where it has none.
  public func labels() -> [Int32] { stores.flatMap { $0.labels() } }

  /// Returns the weight of every event.
  public func weights() -> [Float] { stores.flatMap { $0.weights() } }
}

extension EventStore: EventSource {
  /// Returns events as one packed batch, in the order asked for.
  ///
  /// - Throws: ``EventStoreError`` if an event is damaged.
  public func batch(events: [Int]) throws -> EventBatch {
    try batch(events: events[...])
  }
}

extension EventBatch {
  /// Joins batches of one schema, in their order.
  public init(joining parts: [EventBatch], schema: EventSchema) {
    self.init(schema: schema)
    for part in parts {
      precondition(part.schema == schema, "A part has another schema than the joined batch.")
      let start = kinds.count
      offsets += part.offsets.dropFirst().map { $0 + start }
      eventIndices += part.eventIndices
      kinds += part.kinds
      momenta += part.momenta
      features += part.features
      scalars += part.scalars
      weights += part.weights
      labels += part.labels
    }
  }
}
