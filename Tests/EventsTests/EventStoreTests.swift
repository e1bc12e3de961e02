// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Runtime
import TestSupport
import Testing
import Torch

@Suite struct EventStoreTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func message(_ body: () throws -> Void) throws -> String {
    let error = try #require(#expect(throws: EventStoreError.self, performing: body))
    return error.description.replacing(folder.path, with: "F")
  }

  @Test(arguments: [1, 7, 100, 1000])
  func `events come back in any order, however they were divided`(shardEvents: Int) throws {
    let events = TinyEvents.batch(eventCount: 100)
    let store = try TinyEvents.store(in: folder, eventCount: 100, shardEvents: shardEvents)
    #expect(store.eventCount == 100)
    #expect(store.manifest.objectCount == events.objectCount)
    #expect(store.manifest.shards.count == (100 + shardEvents - 1) / shardEvents)
    #expect(try store.batch(events: 0..<100) == events)
    let order = [99, 0, 50, 50, 6, 7, 8]
    #expect(try store.batch(events: order) == events.selecting(order))
    #expect(
      (0..<100).map { store.multiplicity(of: $0) } == (0..<100).map { events.range(of: $0).count })
    #expect(store.labels() == events.labels)
    #expect(store.weights() == events.weights)
    #expect(store.schema == TinyEvents.schema)
  }

  @Test func `a store that is too large for memory is read from its files, the same`() throws {
    let events = TinyEvents.batch(eventCount: 300)
    let small = try TinyEvents.store(in: folder, eventCount: 300, shardEvents: 70)
    let store = try EventStore(path: small.path, manifest: small.manifest, largestInMemory: 0)
    for round in 0..<3 {
      let order = (0..<300).map { (17 * $0 + round) % 300 }
      #expect(try store.batch(events: order) == events.selecting(order))
    }
  }

  @Test func `parts of several batches are put together`() throws {
    let events = TinyEvents.batch(eventCount: 30)
    let writer = try EventStoreWriter(
      folder: folder.file("s"), schema: TinyEvents.schema, shardEvents: 8)
    try writer.append(events.selecting(0..<5))
    try writer.append(events.selecting(5..<5))
    try writer.append(events.selecting(5..<30))
    try writer.finish()
    #expect(try EventStore(path: folder.file("s")).batch(events: 0..<30) == events)
  }

  @Test func `the manifest counts events, objects and weights`() throws {
    let events = TinyEvents.batch(eventCount: 200)
    let manifest = try TinyEvents.store(in: folder, eventCount: 200, shardEvents: 60).manifest
    #expect(manifest.multiplicityHistogram.reduce(0, +) == 200)
    let objects = manifest.multiplicityHistogram.enumerated().reduce(0) {
      $0 + $1.offset * $1.element
    }
    #expect(objects == events.objectCount)
    #expect(isClose(manifest.weightSum, events.weights.reduce(0) { $0 + Double($1) }))
    #expect(manifest.schemaFingerprint == TinyEvents.schema.fingerprint)
    let statistics = manifest.statistics
    #expect(statistics.eventCount == 200)
    #expect(statistics.kinds.map(\.name) == ["muon", "jet", "missingMomentum"])
    #expect(statistics.kinds.map(\.count).reduce(0, +) == events.objectCount)
    #expect(statistics.kinds[2].eta.count == 0 && statistics.kinds[2].eta.quantiles.isEmpty)
    #expect(statistics.kinds[0].features[0].count < statistics.kinds[0].count)
    #expect(statistics.kinds[0].logarithmOfPt.quantiles.count == 33)
    #expect(statistics.scalars[0].count == 200)
  }

  @Test func `a distribution has the mean, deviation and quantiles of its values`() {
    let distribution = StoreStatistics.Distribution((0...64).map { Float($0) }.shuffled())
    #expect(distribution.mean == 32)
    #expect(
      isClose(distribution.standardDeviation, (65.0 * 65 - 1).squareRoot() / 12.0.squareRoot()))
    #expect(distribution.quantiles == (0...32).map { Float(2 * $0) })
    #expect(StoreStatistics.Distribution([]).quantiles.isEmpty)
    #expect(StoreStatistics.Distribution([3]).quantiles == Array(repeating: 3, count: 33))
  }

  @Test func `where events come from is kept`() throws {
    let writer = try EventStoreWriter(folder: folder.file("s"), schema: TinyEvents.schema)
    let origins = [
      EventOrigin(run: 194_000, luminosityBlock: 12, event: 1 << 40, source: 0, entry: 3),
      EventOrigin(),
    ]
    try writer.append(TinyEvents.batch(eventCount: 2), origins: origins)
    try writer.finish()
    let store = try EventStore(path: folder.file("s"))
    #expect([store.origin(of: 0), store.origin(of: 1)] == origins)
  }

  @Test func `a store of no events can be opened`() throws {
    let store = try TinyEvents.store(in: folder, eventCount: 0)
    #expect(store.eventCount == 0)
    #expect(try store.batch(events: []).eventCount == 0)
  }

  @Test func `a writer that is let go leaves nothing`() throws {
    do {
      let writer = try EventStoreWriter(folder: folder.file("s"), schema: TinyEvents.schema)
      try writer.append(TinyEvents.batch(eventCount: 10))
    }
    #expect(folder.contents.isEmpty)
  }

  @Test func `a store is replaced as a whole, anything else is left alone`() throws {
    _ = try TinyEvents.store(in: folder, eventCount: 10, shardEvents: 2)
    #expect(try TinyEvents.store(in: folder, eventCount: 3).eventCount == 3)
    #expect(folder.contents == ["store"])
    _ = try folder.write("mine", to: "other/thesis.tex")
    #expect(
      try message {
        _ = try EventStoreWriter(folder: folder.file("other"), schema: TinyEvents.schema)
      }
        == "cannot write the event store F/other: there is something that is not an event store. "
        + "Choose another folder, or remove it.")
  }

  @Test(arguments: [
    (Float.nan, "the pt is nan"), (-1, "the pt is -1.0"), (.infinity, "the pt is inf"),
  ])
  func `a momentum that is not one is refused`(pt: Float, words: String) throws {
    var batch = TinyEvents.batch(eventCount: 3)
    batch.momenta[4 * (batch.offsets[2] + 1)] = pt
    let writer = try EventStoreWriter(folder: folder.file("s"), schema: TinyEvents.schema)
    let kind = TinyEvents.schema.objectKinds[Int(batch.kinds[batch.offsets[2] + 1])].name
    #expect(
      try message { try writer.append(batch) }
        == "cannot read the event store F/s: event 2, object 1 (\(kind)): \(words).")
  }

  @Test func `a damaged store is an error that says where`() throws {
    _ = try TinyEvents.store(in: folder, eventCount: 10)
    let shard = folder.file("store/shard-00000.safetensors")
    let file = try SafetensorsFile(path: shard)
    let whole = try Data(contentsOf: URL(fileURLWithPath: shard))
    func damage(_ name: String, byte: Int, with value: [UInt8]) throws {
      var bytes = whole
      let start = try file.description(of: name).bytes.lowerBound + byte
      bytes.replaceSubrange(start..<start + value.count, with: value)
      // Another file takes the name: the mapping of the old one stays valid.
      try bytes.write(to: URL(fileURLWithPath: shard), options: .atomic)
    }
    let infinity: [UInt8] = [0, 0, 0x80, 0x7f]
    try damage("momentum", byte: 0, with: infinity)
    #expect(
      try message { _ = try EventStore(path: folder.file("store")).batch(events: [0]) }
        == "cannot read the event store F/store: event 0, object 0 (muon): the pt is inf. "
        + "The store is damaged; prepare it again.")
    try damage("features", byte: 4, with: infinity)
    #expect(
      try message { _ = try EventStore(path: folder.file("store")).batch(events: [0]) }
        .contains("event 0, object 0 (muon): the feature isolation is inf"))
    try damage("weight", byte: 4, with: infinity)
    #expect(
      try message { _ = try EventStore(path: folder.file("store")).batch(events: [0, 1]) }
        .contains("event 1: the weight is inf"))
    try damage("kind", byte: 0, with: [9])
    #expect(
      try message { _ = try EventStore(path: folder.file("store")).batch(events: [0]) }
        .contains("event 0 has an object of a kind that is not in the schema"))
    try damage("offsets", byte: 8, with: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
    #expect(
      try message { _ = try EventStore(path: folder.file("store")) }
        .contains("the offsets of shard-00000.safetensors do not rise from 0 to"))
    try Data(whole.dropLast(8)).write(to: URL(fileURLWithPath: shard), options: .atomic)
    #expect(
      try message { _ = try EventStore(path: folder.file("store")) }.contains("probably truncated"))
  }

  @Test func `a folder that is no store is an error`() throws {
    #expect(
      try message { _ = try EventStore(path: folder.file("none")) }
        == "cannot read the event store F/none: there is no such folder. "
        + "Make the store with `lorentz prepare`.")
    _ = try folder.write("{", to: "s/manifest.json")
    #expect(
      try message { _ = try EventStore(path: folder.file("s")) }
        == "cannot read the event store F/s: manifest.json is damaged. Prepare it again.")
    _ = try folder.write("{\"formatVersion\": 99}", to: "s/manifest.json")
    #expect(
      try message { _ = try EventStore(path: folder.file("s")) }
        == "cannot read the event store F/s: its format has version 99, expected 1. "
        + "Prepare it again with this version of the program.")
  }

  @Test func `a manifest may not name files elsewhere`() throws {
    _ = try TinyEvents.store(in: folder, eventCount: 3)
    let path = folder.file("store/manifest.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    _ = try folder.write(
      text.replacing("shard-00000", with: "../shard-00000"), to: "store/manifest.json")
    #expect(
      try message { _ = try EventStore(path: folder.file("store")) }
        .contains("manifest.json names the shard ../shard-00000.safetensors"))
  }

  @Test func `schemas share a fingerprint only if they are equal`() {
    let schemas = [
      TinyEvents.schema,
      EventSchema(objectKinds: TinyEvents.schema.objectKinds),
      EventSchema(objectKinds: TinyEvents.schema.objectKinds.reversed(), scalars: ["npv"]),
      EventSchema(objectKinds: [ObjectKind(name: "jet")]),
      EventSchema(objectKinds: [ObjectKind(name: "jet", hasMass: false)]),
    ]
    #expect(Set(schemas.map(\.fingerprint)).count == schemas.count)
  }
}
