// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Runtime

/// Small made-up events for tests.
public enum TinyEvents {
  /// Muons with charge and isolation, jets with a b-tag score, and missing momentum; one scalar.
  public static let schema = EventSchema(
    objectKinds: [
      ObjectKind(name: "muon", features: ["charge", "isolation"]),
      ObjectKind(name: "jet", features: ["btag"]),
      ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
    ], scalars: ["npv"])

  /// Returns random events that depend on nothing but the seed.
  ///
  /// Every event has missing momentum, one to three muons and none to four jets; one feature in
  /// ten is missing.
  public static func batch(
    eventCount: Int, seed: UInt64 = 1, schema: EventSchema = schema, firstIndex: Int = 0
  ) -> EventBatch {
    var batch = EventBatch(schema: schema)
    for event in 0..<eventCount {
      let index = firstIndex + event
      var generator = CounterBasedGenerator(
        seed: seed, event: index, purpose: .init(rawValue: 4711))
      var objects: [EventObject] = []
      for (kind, description) in schema.objectKinds.enumerated() {
        let isMissing = !description.hasEta && !description.hasMass
        let count =
          isMissing
          ? 1 : kind == 0 ? 1 + Int(generator.next() % 3) : Int(generator.next() % 5)
        var ofKind: [EventObject] = []
        for _ in 0..<count {
          ofKind.append(
            EventObject(
              kind: kind, pt: 20 + 30 * -log(1 - generator.uniform()),
              eta: description.hasEta ? 0.8 * generator.normal() : .nan,
              phi: .pi * (1 - 2 * generator.uniform()),
              mass: description.hasMass
                ? (kind == 0 ? 0.10566 : 5 + 5 * generator.uniform()) : .nan,
              features: description.features.map { name in
                if generator.uniform() < 0.1 { return .nan }
                return name == "charge"
                  ? (generator.uniform() < 0.5 ? -1 : 1) : generator.uniform()
              }))
        }
        objects += ofKind.sorted { $0.pt > $1.pt }
      }
      batch.append(
        index: index, objects: objects,
        scalars: schema.scalars.map { _ in (10 + 20 * generator.uniform()).rounded() },
        weight: 0.5 + generator.uniform(), label: Int32(index % 2))
    }
    return batch
  }

  /// Returns the same events with the objects of each in reversed order.
  public static func reversingObjects(of batch: EventBatch) -> EventBatch {
    var reversed = EventBatch(schema: batch.schema)
    for event in 0..<batch.eventCount {
      reversed.append(
        index: event, objects: batch.range(of: event).reversed().map { batch.object($0) },
        scalars: [batch.scalars[event]])
    }
    return reversed
  }

  /// Writes a store of random events and returns it opened.
  public static func store(
    in folder: TemporaryFolder, name: String = "store", eventCount: Int, seed: UInt64 = 1,
    schema: EventSchema = schema, shardEvents: Int = 50_000
  ) throws -> EventStore {
    let writer = try EventStoreWriter(
      folder: folder.file(name), schema: schema, sample: name, shardEvents: shardEvents)
    try writer.append(batch(eventCount: eventCount, seed: seed, schema: schema))
    try writer.finish()
    return try EventStore(path: folder.file(name))
  }
}
