// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Events
import Foundation
import Kinematics
import Pretraining
import TestSupport
import Testing

/// The quantities are logarithms and angles in float32, of order 1 to 10, and come from azimuths and
/// pseudorapidities with roundings of 2e-7.
private let tolerance: Float = 5e-6

@Suite struct PairInvariantsTests {
  let batch = TinyEvents.batch(eventCount: 300)
  let charges = TinyEvents.schema.chargeFeatures

  private func momentum(_ index: Int) -> FourMomentum {
    let object = batch.object(index)
    return FourMomentum(
      pt: Double(object.pt), eta: Double(object.eta), phi: Double(object.phi),
      mass: Double(object.mass))
  }

  private func pairs(_ body: (Int, Int) -> Void) {
    for event in 0..<batch.eventCount {
      for first in batch.range(of: event) {
        for second in batch.range(of: event) where second > first { body(first, second) }
      }
    }
  }

  private func hasEta(_ index: Int) -> Bool { batch.kinds[index] != 2 }

  @Test func `quantities are those of the four-momenta`() {
    var count = 0
    pairs { first, second in
      guard hasEta(first), hasEta(second) else { return }
      let one = momentum(first)
      let two = momentum(second)
      let values = PairInvariants.values(first, second, in: batch, chargeFeature: charges)
      count += 1
      let expected = [
        log((one + two).mass), log1p(one.transverseMass(with: two)), log1p((one + two).pt),
        abs(one.deltaPhi(to: two)), abs(one.eta - two.eta),
      ]
      #expect(
        worstDifference(
          (0..<5).map { values[$0] }, expected.map { Float($0) }, relative: 0, absolute: tolerance)
          == nil)
    }
    #expect(count > 500)
  }

  @Test func `missing momentum has neither mass nor eta difference`() {
    pairs { first, second in
      guard !hasEta(first) || !hasEta(second) else { return }
      let values = PairInvariants.values(first, second, in: batch, chargeFeature: charges)
      #expect(values[0].isNaN && values[4].isNaN && values[5].isNaN)
      #expect(values[1].isFinite && values[2].isFinite && values[3].isFinite)
    }
  }

  @Test func `charge product needs two charges`() {
    #expect(charges == [0, nil, nil])
    pairs { first, second in
      let value = PairInvariants.values(first, second, in: batch, chargeFeature: charges)[5]
      let expected =
        batch.kinds[first] == 0 && batch.kinds[second] == 0
        ? batch.features[2 * first] * batch.features[2 * second] : Float.nan
      #expect(isClose(value, expected))
    }
  }

  @Test func `rotations, reflections and longitudinal boosts change nothing`() throws {
    let augmenter = try Augmenter(configuration: .init(), schema: batch.schema, seed: 3)
    let moved = augmenter.apply(to: batch, epoch: 1)
    #expect(moved.kinds == batch.kinds && moved.momenta != batch.momenta)
    pairs { first, second in
      let before = PairInvariants.values(first, second, in: batch, chargeFeature: charges)
      let after = PairInvariants.values(first, second, in: moved, chargeFeature: charges)
      // Eta differences of massive objects change with a boost; all others stay.
      for quantity in [0, 1, 2, 3, 5] {
        #expect(
          isClose(after[quantity], before[quantity], relative: 0, absolute: 20 * tolerance),
          "quantity \(quantity): \(after[quantity]), \(before[quantity])")
      }
    }
  }

  @Test func `collinear massless objects have the smallest mass`() {
    var one = EventBatch(schema: EventSchema(objectKinds: [ObjectKind(name: "photon")]))
    let photon = EventObject(kind: 0, pt: 50, eta: 1, phi: 2, mass: 0)
    one.append(index: 0, objects: [photon, photon])
    let values = PairInvariants.values(0, 1, in: one, chargeFeature: [nil])
    #expect(values[0] <= log(Float(0.2)) && values[0] >= log(PairInvariants.smallestMass) - 1e-5)
    #expect(values[1] == 0 && values[3] == 0 && values[4] == 0)
  }

  @Test func `moments are those of all pairs`() throws {
    let folder = try TemporaryFolder()
    let store = try TinyEvents.store(in: folder, eventCount: 300)
    let moments = try PairInvariants.moments(store: store, indices: Array(0..<300))
    var sums = [(count: Double, sum: Double)](repeating: (0, 0), count: PairInvariants.count)
    pairs { first, second in
      let values = PairInvariants.values(first, second, in: batch, chargeFeature: charges)
      for quantity in sums.indices where !values[quantity].isNaN {
        sums[quantity].count += 1
        sums[quantity].sum += Double(values[quantity])
      }
    }
    for (found, sum) in zip(moments, sums) {
      #expect(isClose(Double(found.mean), sum.sum / sum.count, relative: 1e-5, absolute: 1e-6))
      #expect(found.deviation > 0.1)
    }
  }
}
