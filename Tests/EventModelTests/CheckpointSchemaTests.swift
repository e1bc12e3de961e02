// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import TestSupport
import Testing
import Torch

/// Checkpoints opened for events that lack what they were trained on.
@Suite struct CheckpointSchemaTests {
  let folder: TemporaryFolder
  let trained: EventTransformer

  init() throws {
    folder = try TemporaryFolder()
    trained = makeModel(normalization: Self.moments, seed: 3)
    try ModelCheckpoint.save(trained, to: folder.path)
  }

  private static let moments: InputNormalization = {
    var moments = InputNormalization()
    moments.lnPt = .init(mean: 3.5, deviation: 0.8)
    moments.features = [
      "muon.charge": .init(mean: 0.1, deviation: 1), "jet.btag": .init(mean: 0.4, deviation: 0.3),
      "muon.isolation": .init(mean: 0.5, deviation: 0.3),
    ]
    moments.scalars = ["npv": .init(mean: 20, deviation: 6)]
    return moments
  }()

  private func output(_ model: EventTransformer, _ batch: EventBatch) -> [Float] {
    withoutGradients {
      let encoding = model(model.input(batch))
      return encoding.events.floats() + encoding.objects.floats()
    }
  }

  /// Returns random events in another schema; features and scalars are found by name.
  ///
  /// Objects of kinds that the schema lacks are left out, what the events lack is missing.
  private func events(_ schema: EventSchema, omitting kind: Int? = nil) -> EventBatch {
    let batch = TinyEvents.batch(eventCount: 20)
    var result = EventBatch(schema: schema)
    for event in 0..<batch.eventCount {
      let objects = batch.range(of: event).compactMap { index -> EventObject? in
        var object = batch.object(index)
        let old = TinyEvents.schema.objectKinds[object.kind]
        guard object.kind != kind, let place = schema.index(ofKind: old.name) else { return nil }
        let values = Dictionary(uniqueKeysWithValues: zip(old.features, object.features))
        object.kind = place
        object.features = schema.objectKinds[place].features.map { values[$0] ?? .nan }
        return object
      }
      result.append(
        index: event, objects: objects,
        scalars: schema.scalars.map { $0 == "npv" ? batch.scalars[event] : .nan })
    }
    return result
  }

  private func opened(_ schema: EventSchema) throws -> EventTransformer {
    try ModelCheckpoint.load(
      folder.path, schema: schema, normalization: .init(), allowsGrowth: true)
  }

  @Test func `a feature that the events lack acts as a missing one`() throws {
    let small = EventSchema(
      objectKinds: [
        ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
        ObjectKind(name: "jet"), ObjectKind(name: "muon", features: ["isolation"]),
      ], scalars: ["npv"])
    let model = try opened(small)
    let events = events(small)
    var same = EventBatch(schema: TinyEvents.schema)
    for event in 0..<events.eventCount {
      let objects = events.range(of: event).map { index in
        var object = events.object(index)
        object.kind = 2 - object.kind
        object.features = [[.nan] + object.features, [.nan], []][object.kind]
        return object
      }
      same.append(index: event, objects: objects, scalars: [events.scalars[event]])
    }
    #expect(
      worstDifference(output(model, events), output(trained, same), relative: 0, absolute: 2e-6)
        == nil)
    #expect(model.normalization.features == ["muon.isolation": .init(mean: 0.5, deviation: 0.3)])
    #expect(model.normalization.lnPt == Self.moments.lnPt)
  }

  @Test(arguments: [[], ["rho"]])
  func `a scalar that the events lack acts as a missing one`(scalars: [String]) throws {
    let other = EventSchema(objectKinds: TinyEvents.schema.objectKinds, scalars: scalars)
    var same = TinyEvents.batch(eventCount: 20)
    same.scalars = same.scalars.map { _ in .nan }
    #expect(
      worstDifference(
        output(try opened(other), events(other)), output(trained, same), relative: 0,
        absolute: 2e-6) == nil)
    #expect(output(trained, same) != output(trained, TinyEvents.batch(eventCount: 20)))
  }

  @Test func `a kind that the events lack is as if there were none`() throws {
    let small = EventSchema(
      objectKinds: [TinyEvents.schema.objectKinds[0], TinyEvents.schema.objectKinds[2]],
      scalars: ["npv"])
    #expect(
      worstDifference(
        output(try opened(small), events(small)),
        output(trained, events(TinyEvents.schema, omitting: 1)), relative: 0, absolute: 2e-6)
        == nil)
  }

  @Test func `what is lost and what is new go together`() throws {
    // The jets' b-tag is replaced by another, muons lose their charge, photons are new.
    let other = EventSchema(
      objectKinds: [
        ObjectKind(name: "photon", features: ["isolation"]),
        ObjectKind(name: "jet", features: ["deepBTag"]),
        ObjectKind(name: "muon", features: ["isolation"]),
        ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
      ], scalars: ["npv", "rho"])
    let union = try EventSchema.union([("old", TinyEvents.schema), ("new", other)])
    let model = try opened(other)
    // The union only grows, so that it says what the trained model makes of the events.
    #expect(
      worstDifference(
        output(model, events(other)),
        output(
          try opened(union),
          events(other).embedded(in: union)), relative: 0, absolute: 2e-6) == nil)
    #expect(model.normalization.features.keys.sorted() == ["muon.isolation"])
  }
}

extension EventBatch {
  /// Returns the same events in a larger schema, what they lack being missing.
  fileprivate func embedded(in larger: EventSchema) -> EventBatch {
    var result = EventBatch(schema: larger)
    for event in 0..<eventCount {
      let objects = range(of: event).map { index in
        var object = object(index)
        let old = schema.objectKinds[object.kind]
        let values = Dictionary(uniqueKeysWithValues: zip(old.features, object.features))
        object.kind = larger.index(ofKind: old.name) ?? 0
        object.features = larger.objectKinds[object.kind].features.map { values[$0] ?? .nan }
        return object
      }
      let values = Dictionary(
        uniqueKeysWithValues: schema.scalars.enumerated().map {
          ($0.element, scalars[event * schema.scalars.count + $0.offset])
        })
      result.append(
        index: event, objects: objects, scalars: larger.scalars.map { values[$0] ?? .nan })
    }
    return result
  }
}
