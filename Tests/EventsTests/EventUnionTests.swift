// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import TestSupport
import Testing

@Suite struct SchemaUnionTests {
  private let first = EventSchema(
    objectKinds: [
      ObjectKind(name: "muon", features: ["charge", "isolation"]),
      ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
    ], scalars: ["vertices"])
  private let second = EventSchema(
    objectKinds: [
      ObjectKind(name: "jet", features: ["btag"]),
      ObjectKind(name: "muon", features: ["dxy", "charge"]),
    ], scalars: ["rho", "vertices"])

  @Test func `kinds, features and scalars stand as first met`() throws {
    #expect(
      try EventSchema.union([("a", first), ("b", second)])
        == EventSchema(
          objectKinds: [
            ObjectKind(name: "muon", features: ["charge", "isolation", "dxy"]),
            ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
            ObjectKind(name: "jet", features: ["btag"]),
          ], scalars: ["vertices", "rho"]))
    #expect(
      try EventSchema.union([("b", second), ("a", first)])
        == EventSchema(
          objectKinds: [
            ObjectKind(name: "jet", features: ["btag"]),
            ObjectKind(name: "muon", features: ["dxy", "charge", "isolation"]),
            ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
          ], scalars: ["rho", "vertices"]))
  }

  @Test func `equal schemas are their own union`() throws {
    #expect(try EventSchema.union([("a", first)]) == first)
    #expect(try EventSchema.union([("a", first), ("b", first), ("c", first)]) == first)
  }

  @Test func `a kind that contradicts another is told with both samples`() throws {
    let other = EventSchema(objectKinds: [ObjectKind(name: "missingMomentum")])
    let error = try #require(throws: SchemaConflictError.self) {
      try EventSchema.union([("tau", first), ("b", second), ("muonia", other)])
    }
    #expect(
      error.description
        == "cannot use the samples tau and muonia together: missingMomentum has neither eta nor "
        + "mass in tau and eta and mass in muonia. Give one of the two another name in its events "
        + "section.")
  }

  @Test func `more kinds than a byte can number are refused`() throws {
    func schema(_ letter: String) -> EventSchema {
      EventSchema(objectKinds: (0..<200).map { ObjectKind(name: "\(letter)\($0)") })
    }
    let error = try #require(throws: SchemaConflictError.self) {
      try EventSchema.union([("one", schema("x")), ("two", schema("y"))])
    }
    #expect(
      error.description
        == "cannot use the samples one and two together: they have 400 kinds of objects, more than "
        + "255. Give kinds that mean the same one name.")
  }
}

@Suite struct EventUnionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Jets come first, muons lack the isolation and have another feature, and another scalar.
  private static let other = EventSchema(
    objectKinds: [
      ObjectKind(name: "jet"), ObjectKind(name: "muon", features: ["dxy", "charge"]),
      ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
    ], scalars: ["rho"])

  @Test func `stores of one schema are read as they are`() throws {
    let stores = try [("a", 30), ("b", 0), ("c", 20)].map { name, count in
      try TinyEvents.store(
        in: folder, name: name, eventCount: count, seed: UInt64(count))
    }
    let union = try EventUnion(stores)
    #expect(union.schema == TinyEvents.schema)
    #expect(union.eventCount == 50)
    #expect(
      union.samples == [
        SampleRange(name: "a", events: 0..<30), SampleRange(name: "b", events: 30..<30),
        SampleRange(name: "c", events: 30..<50),
      ])
    let batch = try union.batch(events: [49, 3, 30, 3])
    #expect(batch.eventIndices == [49, 3, 30, 3])
    var expected = EventBatch(
      joining: [
        try stores[2].batch(events: [19]), try stores[0].batch(events: [3]),
        try stores[2].batch(events: [0]), try stores[0].batch(events: [3]),
      ], schema: TinyEvents.schema)
    expected.eventIndices = [49, 3, 30, 3]
    #expect(batch == expected)
  }

  @Test func `what a store lacks is missing, and kinds have new numbers`() throws {
    let tiny = try TinyEvents.store(in: folder, name: "tiny", eventCount: 10)
    let jets = try TinyEvents.store(
      in: folder, name: "jets", eventCount: 10, seed: 2, schema: Self.other)
    let union = try EventUnion([tiny, jets])
    #expect(union.schema.objectKinds.map(\.name) == ["muon", "jet", "missingMomentum"])
    #expect(union.schema.objectKinds[0].features == ["charge", "isolation", "dxy"])
    #expect(union.schema.scalars == ["npv", "rho"])
    let batch = try union.batch(events: [15, 4])
    #expect(batch.isConsistent)
    #expect(batch.eventIndices == [15, 4])
    let own = try jets.batch(events: [5])
    #expect(batch.range(of: 0).count == own.objectCount)
    for index in batch.range(of: 0) {
      let (new, old) = (batch.object(index), own.object(index))
      #expect(new.kind == [1, 0, 2][old.kind])
      #expect(new.pt == old.pt && new.phi == old.phi)
      switch old.kind {
      case 0: #expect(new.features.count == 1 && new.features[0].isNaN)
      case 1:
        #expect(isSame(new.features, [old.features[1], .nan, old.features[0]]))
      default: #expect(new.features.isEmpty && new.eta.isNaN)
      }
    }
    #expect(
      isSame(batch.scalars, [.nan, own.scalars[0], try tiny.batch(events: [4]).scalars[0], .nan]))
    #expect(batch.weights == [own.weights[0], try tiny.batch(events: [4]).weights[0]])
    #expect(union.labels() == tiny.labels() + jets.labels())
    #expect(union.fingerprint == tiny.fingerprint + " " + jets.fingerprint)
  }

  @Test func `a store in a larger schema is unlike itself in its columns only`() throws {
    let tiny = try TinyEvents.store(in: folder, name: "tiny", eventCount: 10)
    let jets = try TinyEvents.store(
      in: folder, name: "jets", eventCount: 10, seed: 2, schema: Self.other)
    let batch = try EventUnion([jets, tiny]).batch(events: Array(10..<20))
    let own = try tiny.batch(events: 0..<10)
    #expect(batch.offsets == own.offsets && isSame(batch.momenta, own.momenta))
    for index in 0..<own.objectCount where own.kinds[index] == 0 {
      #expect(batch.kinds[index] == 1)
      let old = own.object(index).features
      #expect(isSame(batch.object(index).features, [.nan, old[0], old[1]]))
    }
  }

  private func isSame(_ first: [Float], _ second: [Float]) -> Bool {
    first.count == second.count
      && zip(first, second).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
  }
}
