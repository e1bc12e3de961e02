// SPDX-License-Identifier: Apache-2.0

/// Several stores as one: the events of the first, then those of the second, and so on.
///
///     let union = try EventUnion([tau, muonia])
///     union.schema        // the kinds, features and scalars of both
///     union.samples       // tau 0..<34744, muonia 34744..<39021
///
/// Stores of other schemas than that of the union are read into it: what they lack is missing.
public struct EventUnion: EventSource {
  /// The schema of all stores, or what holds the schemas of all.
  public let schema: EventSchema
  /// Number of events of all stores.
  public let eventCount: Int
  private let stores: [EventStore]
  private let starts: [Int]
  /// How the events of a store come into the schema; `nil` where it is that of the store.
  private let embeddings: [SchemaEmbedding?]

  /// Joins stores.
  ///
  /// - Parameter stores: At least one.
  /// - Throws: ``SchemaConflictError`` if their schemas contradict one another.
  public init(_ stores: [EventStore]) throws {
    precondition(!stores.isEmpty, "A union of events needs at least one store.")
    let schema = try EventSchema.union(stores.map { ($0.manifest.sample, $0.schema) })
    self.schema = schema
    self.stores = stores
    embeddings = stores.map { store in
      store.schema == schema ? nil : SchemaEmbedding(from: store.schema, into: schema)
    }
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
      if let embedding = embeddings[store] { part = embedding(part) }
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

  /// The sample of each store.
  public var samples: [SampleRange] {
    zip(stores, starts).map { store, start in
      SampleRange(name: store.manifest.sample, events: start..<start + store.eventCount)
    }
  }

  /// The fingerprints of the stores.
  public var fingerprint: String { stores.map(\.fingerprint).joined(separator: " ") }

  /// Returns the label of every event, -1 where it has none.
  public func labels() -> [Int32] { stores.flatMap { $0.labels() } }

  /// Returns the weight of every event.
  public func weights() -> [Float] { stores.flatMap { $0.weights() } }
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
