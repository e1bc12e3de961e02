// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import TestSupport
import Testing
import Torch

/// What an event's output may not depend on.
@Suite struct PackedInvarianceTests {
  /// Float32 sums in another order.
  private let absolute: Float = 1e-5

  private let batch = TinyEvents.batch(eventCount: 24)
  private let model = EventTransformer(
    configuration: ModelConfiguration(width: 32, layers: 3, heads: 4), schema: TinyEvents.schema,
    normalization: InputNormalization(), seed: 5)

  private func events(_ batch: EventBatch) -> [Float] {
    withoutGradients { model(model.input(batch)).events.floats() }
  }

  @Test func `an event's output does not depend on the events beside it`() {
    let together = events(batch)
    for event in 0..<batch.eventCount {
      let alone = events(batch.selecting([event]))
      let own = Array(together[32 * event..<32 * (event + 1)])
      #expect(
        worstDifference(alone, own, relative: 1e-4, absolute: absolute) == nil, "event \(event)")
    }
  }

  @Test func `the order of the events permutes their outputs`() {
    let order = Array((0..<batch.eventCount).reversed())
    let expected = events(batch)
    let permuted = events(batch.selecting(order))
    for (place, event) in order.enumerated() {
      #expect(
        worstDifference(
          Array(permuted[32 * place..<32 * (place + 1)]),
          Array(expected[32 * event..<32 * (event + 1)]), relative: 1e-4, absolute: absolute)
          == nil)
    }
  }

  @Test func `the order of the objects changes nothing for the event`() {
    let reversed = TinyEvents.reversingObjects(of: batch)
    #expect(
      worstDifference(events(reversed), events(batch), relative: 1e-4, absolute: absolute) == nil)
  }

  @Test func `a saved model gives the same output`() throws {
    let folder = try TemporaryFolder()
    try ModelCheckpoint.save(model, to: folder.file("model"))
    let loaded = try ModelCheckpoint.load(folder.file("model"), schema: TinyEvents.schema)
    #expect(withoutGradients { loaded(loaded.input(batch)).events.floats() } == events(batch))
  }

  @Test func `new inputs start at zero and leave the output as it was`() throws {
    let folder = try TemporaryFolder()
    try ModelCheckpoint.save(model, to: folder.file("model"))
    let larger = EventSchema(
      objectKinds: [
        ObjectKind(name: "muon", features: ["charge", "isolation", "impact"]),
        ObjectKind(name: "jet", features: ["btag"]),
        ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
        ObjectKind(name: "photon"),
      ], scalars: ["npv", "rho"])
    let grown = try ModelCheckpoint.load(
      folder.file("model"), schema: larger, normalization: InputNormalization(), allowsGrowth: true)
    var same = EventBatch(schema: larger)
    for event in 0..<batch.eventCount {
      let objects = batch.range(of: event).map { index -> EventObject in
        var object = batch.object(index)
        if object.kind == 0 { object.features.append(0.25) }
        return object
      }
      same.append(index: event, objects: objects, scalars: [batch.scalars[event], 3])
    }
    let output = withoutGradients { grown(grown.input(same)).events.floats() }
    #expect(worstDifference(output, events(batch), relative: 1e-4, absolute: absolute) == nil)
  }

  @Test func `a checkpoint of another schema is refused by name`() throws {
    let folder = try TemporaryFolder()
    try ModelCheckpoint.save(model, to: folder.file("model"))
    let other = EventSchema(
      objectKinds: [
        ObjectKind(name: "muon", features: ["charge"]),
        ObjectKind(name: "jet", features: ["btag"]),
        ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
      ], scalars: ["npv"])
    let error = try #require(throws: ModelError.self) {
      try ModelCheckpoint.load(folder.file("model"), schema: other)
    }
    #expect(error.code == .schemaMismatch)
    #expect(
      error.description
        == "cannot use the checkpoint \(folder.file("model")) for these events: it was trained on "
        + "another schema; it reads value.muon.isolation. Prepare the events with the "
        + "configuration of the checkpoint, or set finetuning.growSchema: true to match "
        + "inputs by name.")
  }

  @Test func `a folder without a model is no checkpoint`() throws {
    let folder = try TemporaryFolder()
    let error = try #require(throws: ModelError.self) { try ModelCheckpoint.load(folder.path) }
    #expect(
      error.description == "cannot open the checkpoint \(folder.path): it has no model.json. "
        + "Name the folder that pretrain or finetune wrote.")
  }
}
