// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Foundation
import Runtime

/// Writes a store of made-up events, which all that is measured reads.
struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Write a store of made-up events.")

  @Argument(help: "The store's folder.")
  var folder: String

  @Option(help: "Number of events.")
  var count = 20_000

  @Option(help: "Mean number of objects of an event, from 2.5 to 50.")
  var objects = 8.3

  func validate() throws {
    guard count > 0, (2.5...50).contains(objects) else {
      throw ValidationError("Give a positive count, and 2.5 to 50 objects.")
    }
  }

  static let schema = EventSchema(
    objectKinds: [
      ObjectKind(name: "electron", features: ["charge", "isolation"]),
      ObjectKind(name: "muon", features: ["charge", "isolation"]),
      ObjectKind(name: "photon"),
      ObjectKind(name: "jet", features: ["btag"]),
      ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
    ], scalars: ["vertices"])

  func run() throws {
    let writer = try EventStoreWriter(folder: folder, schema: Self.schema, sample: "benchmark")
    for start in stride(from: 0, to: count, by: 10_000) {
      var batch = EventBatch(schema: Self.schema)
      for event in start..<min(start + 10_000, count) { append(event, to: &batch) }
      try writer.append(batch)
    }
    let manifest = try writer.finish()
    print("\(manifest.eventCount) events, \(manifest.objectCount) objects")
  }

  /// Missing momentum, a lepton, and jets by a Poisson distribution, among them some photons.
  private func append(_ event: Int, to batch: inout EventBatch) {
    var generator = CounterBasedGenerator(
      seed: 1, event: event, purpose: .init(rawValue: 1_000))
    var jets = -1
    var product: Float = 1
    repeat {
      product *= generator.uniform()
      jets += 1
    } while product > exp(Float(-(objects - 2)))
    let limit = max(20, Int(2.5 * objects))
    var kinds = [generator.uniform() < 0.5 ? 0 : 1]
    for _ in 0..<min(jets, limit - 2) { kinds.append(generator.uniform() < 0.1 ? 2 : 3) }
    kinds.sort()
    var made = kinds.map { kind in
      EventObject(
        kind: kind, pt: 20 + 40 * -log(1 - generator.uniform()), eta: 1.2 * generator.normal(),
        phi: .pi * (1 - 2 * generator.uniform()), mass: kind == 3 ? 5 + 5 * generator.uniform() : 0,
        features: Self.schema.objectKinds[kind].features.map { name in
          name == "charge" ? (generator.uniform() < 0.5 ? -1 : 1) : generator.uniform()
        })
    }
    made.sort { ($0.kind, -$0.pt) < ($1.kind, -$1.pt) }
    made.append(
      EventObject(
        kind: 4, pt: 40 * -log(1 - generator.uniform()), eta: .nan,
        phi: .pi * (1 - 2 * generator.uniform()), mass: .nan, features: []))
    batch.append(
      index: event, objects: made, scalars: [(20 + 5 * generator.normal()).rounded()],
      label: Int32(event % 2))
  }
}
