// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import TestSupport
import Testing

@testable import EventModel

@Suite struct InputNormalizationTests {
  private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
    let defined = values.filter { !$0.isNaN }.map(Double.init)
    let mean = defined.reduce(0, +) / Double(defined.count)
    let variance = defined.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(defined.count)
    return (mean, variance.squareRoot())
  }

  private func agree(
    _ found: InputNormalization.Moments?, _ values: [Float]
  ) -> Bool {
    guard let found else { return false }
    let expected = moments(values)
    return isClose(Double(found.mean), expected.mean, relative: 1e-6, absolute: 1e-6)
      && isClose(Double(found.deviation), expected.deviation, relative: 1e-6)
  }

  @Test func `moments are those of defined values of the chosen events`() throws {
    let folder = try TemporaryFolder()
    let store = try TinyEvents.store(in: folder, eventCount: 200)
    let indices = Array(stride(from: 0, to: 200, by: 2))
    let found = try InputNormalization(store: store, indices: indices)
    let batch = try store.batch(events: indices)
    let objects = 0..<batch.objectCount
    #expect(agree(found.lnPt, objects.map { log(batch.momenta[4 * $0]) }))
    #expect(agree(found.eta, objects.map { batch.momenta[4 * $0 + 1] }))
    #expect(agree(found.lnMass, objects.map { log1p(batch.momenta[4 * $0 + 3]) }))
    let muons = objects.filter { batch.kinds[$0] == 0 }
    #expect(
      agree(found.features["muon.charge"], muons.map { batch.features[2 * $0] }))
    #expect(
      agree(found.features["muon.isolation"], muons.map { batch.features[2 * $0 + 1] }))
    let jets = objects.filter { batch.kinds[$0] == 1 }
    #expect(agree(found.features["jet.btag"], jets.map { batch.features[2 * $0] }))
    #expect(agree(found.scalars["npv"], batch.scalars))
    #expect(found.features.count == 3)
  }

  @Test func `a constant or absent input keeps the deviation 1`() throws {
    let folder = try TemporaryFolder()
    let schema = EventSchema(
      objectKinds: [ObjectKind(name: "muon", features: ["charge", "never"])], scalars: ["year"])
    var batch = EventBatch(schema: schema)
    for index in 0..<4 {
      batch.append(
        index: index,
        objects: [EventObject(kind: 0, pt: 20, eta: 1, phi: 0, mass: 0.1, features: [1, .nan])],
        scalars: [2015])
    }
    let writer = try EventStoreWriter(folder: folder.file("store"), schema: schema)
    try writer.append(batch)
    try writer.finish()
    let store = try EventStore(path: folder.file("store"))
    let found = try InputNormalization(store: store, indices: [0, 1, 2, 3])
    #expect(found.features["muon.charge"] == .init(mean: 1, deviation: 1))
    #expect(found.features["muon.never"] == .init(mean: 0, deviation: 1))
    #expect(found.scalars["year"] == .init(mean: 2015, deviation: 1))
    #expect(found.eta == .init(mean: 1, deviation: 1))
  }

  @Test func `own moments stay where another's are filled in`() {
    var own = InputNormalization()
    own.lnPt = .init(mean: 3, deviation: 1)
    own.features["muon.charge"] = .init(mean: 1, deviation: 2)
    var other = InputNormalization()
    other.lnPt = .init(mean: 5, deviation: 5)
    other.features = ["muon.charge": .init(mean: 9, deviation: 9), "jet.btag": .init(mean: 7)]
    other.scalars = ["npv": .init(mean: 20, deviation: 4)]
    let filled = own.filled(from: other)
    #expect(filled.lnPt == own.lnPt)
    #expect(
      filled.features == ["muon.charge": .init(mean: 1, deviation: 2), "jet.btag": .init(mean: 7)])
    #expect(filled.scalars == other.scalars)
  }

  @Test func `the smallest pT is one MeV`() {
    #expect(InputNormalization.lnPt(0) == log(Float(1e-3)))
    #expect(InputNormalization.lnPt(20) == log(Float(20)))
  }

  @Test(arguments: [0, 1e-6, -0.01, 0.5, -3, 7e4, -2e9, -.greatestFiniteMagnitude] as [Float])
  func `tails are tamed as by asinh`(value: Float) {
    let found = Double(InputNormalization.tamed(value))
    #expect(isClose(found, asinh(Double(value)), relative: 3e-7, absolute: 2e-7))
  }
}
