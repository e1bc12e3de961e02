// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Kinematics
import TestSupport
import Testing

@testable import EventModel

/// What pairs of objects have in common, against four-momenta and their transformations.
@Suite struct PairFeaturesTests {
  private let batch = TinyEvents.batch(eventCount: 24)

  /// Applies a transformation to everything but missing momentum, which has no longitudinal part.
  private func moved(_ batch: EventBatch, by transformation: LorentzTransformation) -> EventBatch {
    var result = batch
    for object in 0..<batch.objectCount where !batch.momenta[4 * object + 1].isNaN {
      let p = transformation.applied(to: momentum(object, of: batch))
      for (column, value) in [p.pt, p.eta, p.phi].enumerated() {
        result.momenta[4 * object + column] = Float(value)
      }
    }
    return result
  }

  private func momentum(_ object: Int, of batch: EventBatch) -> FourMomentum {
    let own = batch.momenta[4 * object..<4 * object + 4].map(Double.init)
    return FourMomentum(pt: own[0], eta: own[1], phi: own[2], mass: own[3])
  }

  /// The pairs in the order of their features.
  private func pairs(_ batch: EventBatch) -> [(first: Int, second: Int)] {
    (0..<batch.eventCount).flatMap { event in
      batch.range(of: event).flatMap { second in
        (batch.range(of: event).lowerBound..<second).map { (first: $0, second: second) }
      }
    }
  }

  /// A column of the pairs of objects that have a pseudorapidity, or of those of which one has none.
  private func column(
    _ name: String, _ batch: EventBatch, ofTransverse isTransverse: Bool = false
  ) throws -> [Float] {
    let values = PairFeatures(batch, mask: nil, withReferences: false).pairs
    let column = try #require(PairFeatures.pairColumns.firstIndex(of: name))
    return pairs(batch).enumerated().compactMap { row, pair in
      let lacksEta = [pair.first, pair.second].contains { batch.momenta[4 * $0 + 1].isNaN }
      return lacksEta == isTransverse
        ? values[row * PairFeatures.pairColumns.count + column] : nil
    }
  }

  @Test func `features are those of the four-momenta`() throws {
    var expected: [String: [Float]] = [:]
    for (first, second) in pairs(batch)
    where ![first, second].contains(where: { batch.momenta[4 * $0 + 1].isNaN }) {
      let (p, q) = (momentum(first, of: batch), momentum(second, of: batch))
      let deltaR = hypot(p.rapidity - q.rapidity, p.deltaPhi(to: q))
      expected["lnDeltaR", default: []].append(Float(log(deltaR) * 0.7))
      expected["lnKT", default: []].append(Float((log(min(p.pt, q.pt) * deltaR) - 3) * 0.5))
      expected["lnZ", default: []].append(Float(log(min(p.pt, q.pt) / (p.pt + q.pt)) + 1.5))
      expected["lnMass2", default: []].append(Float((log((p + q).massSquared) - 8) * 0.4))
      expected["isTransverse", default: []].append(0)
      expected["isHidden", default: []].append(0)
    }
    for name in PairFeatures.pairColumns {
      let found = try column(name, batch)
      #expect(found.count > 50)
      #expect(
        worstDifference(found, expected[name] ?? [], relative: 1e-5, absolute: 1e-5) == nil,
        "\(name)")
    }
  }

  @Test func `pairs with missing momentum count across the beam`() throws {
    var masses: [Float] = []
    var angles: [Float] = []
    for (first, second) in pairs(batch)
    where [first, second].contains(where: { batch.momenta[4 * $0 + 1].isNaN }) {
      let own = batch.momenta.map(Double.init)
      let mass = transverseMass(
        pt1: own[4 * first], phi1: own[4 * first + 2], pt2: own[4 * second],
        phi2: own[4 * second + 2])
      masses.append(Float((log(max(mass * mass, 1e-2)) - 8) * 0.4))
      let angle = abs(deltaPhi(own[4 * first + 2], own[4 * second + 2]))
      angles.append(Float(log(max(angle, 1e-3)) * 0.7))
    }
    let found = try column("lnMass2", batch, ofTransverse: true)
    #expect(worstDifference(found, masses, relative: 1e-4, absolute: 1e-4) == nil)
    #expect(
      worstDifference(
        try column("lnDeltaR", batch, ofTransverse: true), angles, relative: 1e-4, absolute: 1e-4)
        == nil)
    #expect(try column("isTransverse", batch, ofTransverse: true).allSatisfy { $0 == 1 })
  }

  @Test(arguments: ["lnDeltaR", "lnKT", "lnZ", "lnMass2"])
  func `pairs are invariant under a collider's symmetries`(name: String) throws {
    let found = try column(name, batch)
    for (what, transformation) in [
      ("rotation", LorentzTransformation.rotation(about: [0, 0, 1], angle: 1.1)),
      ("reflection along the beam", .reflection(normal: [0, 0, 1])),
      ("reflection across the beam", .reflection(normal: [0.6, 0.8, 0])),
      ("boost", .boost(along: [0, 0, 1], rapidity: 0.8)),
    ] {
      let after = try column(name, moved(batch, by: transformation))
      #expect(worstDifference(after, found, relative: 0, absolute: 1e-4) == nil, "\(what)")
    }
  }

  @Test func `the mass alone is invariant under any boost`() throws {
    let boosted = moved(batch, by: .boost(along: [0.3, 0.5, 0.8], rapidity: 0.7))
    for name in ["lnDeltaR", "lnKT", "lnZ", "lnMass2"] {
      let difference = worstDifference(
        try column(name, boosted), try column(name, batch), relative: 0, absolute: 1e-3)
      #expect((difference == nil) == (name == "lnMass2"), "\(name)")
    }
  }

  @Test func `the light mass of a narrow pair is exact`() throws {
    var narrow = EventBatch(schema: TinyEvents.schema)
    let muons = [0.0, 1e-3].map {
      EventObject(
        kind: 0, pt: 300, eta: 2, phi: Float($0), mass: 0.10566, features: [1, 0.1])
    }
    narrow.append(index: 0, objects: muons, scalars: [20])
    // 4 m² + pt² Δφ², of which the difference of energy and momentum in float32 keeps nothing.
    let expected = 4 * pow(Double(Float(0.10566)), 2) + pow(300 * Double(Float(1e-3)), 2)
    let found = try #require(try column("lnMass2", narrow).first)
    #expect(isClose(found, Float((log(expected) - 8) * 0.4), relative: 1e-5))
  }

  @Test func `reference vectors see energy and momentum along the beam`() {
    let values = PairFeatures(batch, mask: nil, withReferences: true).references
    let width = PairFeatures.referenceColumns.count
    #expect(values.count == batch.objectCount * width)
    for object in 0..<batch.objectCount {
      let isTransverse = batch.momenta[4 * object + 1].isNaN
      let pt = Double(batch.momenta[4 * object])
      let p =
        isTransverse
        ? FourMomentum(px: pt, py: 0, pz: 0, energy: pt) : momentum(object, of: batch)
      let axes = [
        FourMomentum(px: 0, py: 0, pz: 0, energy: 1),
        FourMomentum(px: 0, py: 0, pz: -1, energy: 1),
        FourMomentum(px: 0, py: 0, pz: 1, energy: 1),
      ]
      let expected = axes.map { Float((log($0.dot(p)) - 4) * 0.7) } + [isTransverse ? 1 : 0, 0]
      let found = Array(values[object * width..<(object + 1) * width])
      #expect(worstDifference(found, expected, relative: 1e-4, absolute: 1e-4) == nil)
    }
    #expect(PairFeatures(batch, mask: nil, withReferences: false).references.isEmpty)
  }

  @Test func `nothing of a hidden momentum, mass or kind is there`() throws {
    var mask = ObjectMask(objectCount: batch.objectCount)
    var changed = batch
    for object in 0..<batch.objectCount {
      if object % 3 == 0 {
        mask.hidesMomentum[object] = true
        changed.momenta.replaceSubrange(4 * object..<4 * object + 4, with: [1, 2, 3, 4])
      } else if object % 3 == 1 {
        mask.hidesKind[object] = true
        changed.kinds[object] = 1
        changed.momenta[4 * object + 3] = 7
        // What it is without pseudorapidity would give its kind away.
        if batch.momenta[4 * object + 1].isNaN { changed.momenta[4 * object + 1] = 0 }
      }
    }
    let features = PairFeatures(batch, mask: mask, withReferences: true)
    let other = PairFeatures(changed, mask: mask, withReferences: true)
    #expect(features.pairs == other.pairs)
    #expect(features.references == other.references)
    let hidden = try #require(
      pairs(batch).firstIndex { mask.hidesMomentum[$0.first] || mask.hidesMomentum[$0.second] })
    #expect(Array(features.pairs[6 * hidden..<6 * hidden + 6]) == [0, 0, 0, 0, 0, 1])
    #expect(Array(features.references[..<5]) == [0, 0, 0, 0, 1])
  }
}
