// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Configuration
import Events
import Foundation
import Kinematics
import Runtime
import TestSupport
import Testing

@Suite struct AugmenterTests {
  private let events = TinyEvents.batch(eventCount: 200)

  private func augmenter(
    seed: UInt64 = 1, _ change: (inout AugmentationConfiguration) -> Void = { _ in }
  ) throws -> Augmenter {
    var configuration = AugmentationConfiguration()
    change(&configuration)
    return try Augmenter(configuration: configuration, schema: TinyEvents.schema, seed: seed)
  }

  private func momentum(_ batch: EventBatch, _ index: Int) -> FourMomentum {
    let object = batch.object(index)
    return FourMomentum(
      pt: Double(object.pt), eta: Double(object.eta), phi: Double(object.phi),
      mass: Double(object.mass))
  }

  private func isMissingMomentum(_ batch: EventBatch, _ index: Int) -> Bool {
    batch.kinds[index] == 2
  }

  @Test func `invariant masses, rapidity differences and transverse masses are kept`() throws {
    let view = try augmenter().apply(to: events, epoch: 0)
    #expect(view.isConsistent && view.offsets == events.offsets && view.kinds == events.kinds)
    for event in 0..<events.eventCount {
      let range = events.range(of: event)
      for first in range {
        for second in range where second > first {
          if isMissingMomentum(events, second) {
            let before = transverseMass(
              pt1: Double(events.momenta[4 * first]), phi1: Double(events.momenta[4 * first + 2]),
              pt2: Double(events.momenta[4 * second]), phi2: Double(events.momenta[4 * second + 2]))
            let after = transverseMass(
              pt1: Double(view.momenta[4 * first]), phi1: Double(view.momenta[4 * first + 2]),
              pt2: Double(view.momenta[4 * second]), phi2: Double(view.momenta[4 * second + 2]))
            #expect(isClose(before, after, relative: 1e-5, absolute: 1e-3))
            continue
          }
          let before = [momentum(events, first), momentum(events, second)]
          let after = [momentum(view, first), momentum(view, second)]
          #expect(isClose(after.sum.mass, before.sum.mass, relative: 1e-5, absolute: 1e-2))
          #expect(
            isClose(
              abs(after[0].rapidity - after[1].rapidity),
              abs(before[0].rapidity - before[1].rapidity), absolute: 1e-5))
          #expect(
            isClose(
              abs(after[0].deltaPhi(to: after[1])), abs(before[0].deltaPhi(to: before[1])),
              absolute: 1e-5))
        }
      }
    }
  }

  @Test func `an event is moved as a whole by a Lorentz transformation`() throws {
    let view = try augmenter {
      $0.reflectPhi = false
      $0.reflectZ = false
    }.apply(to: events, epoch: 0)
    for event in 0..<20 {
      let range = events.range(of: event)
      let first = range.lowerBound
      let moved = momentum(view, first)
      let start = momentum(events, first)
      let transformation =
        LorentzTransformation.rotation(about: [0, 0, 1], angle: moved.deltaPhi(to: start))
        * .boost(along: [0, 0, 1], rapidity: moved.rapidity - start.rapidity)
      #expect(abs(moved.rapidity - start.rapidity) <= 0.5)
      for index in range where !isMissingMomentum(events, index) {
        let expected = transformation.applied(to: momentum(events, index))
        #expect((momentum(view, index) - expected).momentum < 1e-4 * expected.energy)
      }
    }
  }

  @Test(arguments: [false, true])
  func `boosts across the beam and in any direction keep all masses`(isGeneral: Bool) throws {
    let view = try augmenter {
      $0.longitudinalBoost = 0
      if isGeneral { $0.generalBoost = 0.8 } else { $0.transverseBoost = 0.8 }
    }.apply(to: events, epoch: 0)
    var movedAlongBeam = 0
    for event in 0..<events.eventCount {
      // Objects may change their order within a kind: sums over all of them do not know it.
      func total(_ batch: EventBatch) -> FourMomentum {
        batch.range(of: event).filter { !isMissingMomentum(batch, $0) }
          .map { momentum(batch, $0) }.sum
      }
      let (before, after) = (total(events), total(view))
      #expect(isClose(after.mass, before.mass, relative: 1e-4, absolute: 1e-2))
      #expect(after.pt != before.pt)
      if abs(abs(after.rapidity) - abs(before.rapidity)) > 1e-3 { movedAlongBeam += 1 }
    }
    // A boost across the beam keeps pz alone, one in any direction nothing.
    #expect(movedAlongBeam > events.eventCount / 2)
  }

  @Test func `charge conjugation turns all charges of every second event`() throws {
    let view = try augmenter { $0.chargeConjugation = true }.apply(to: events, epoch: 0)
    let without = try augmenter().apply(to: events, epoch: 0)
    var copy = view
    copy.features = without.features
    #expect(copy == without)
    let width = TinyEvents.schema.featureWidth
    var conjugated = 0
    for event in 0..<events.eventCount {
      var signs: Set<Float> = []
      for object in events.range(of: event) {
        let features = TinyEvents.schema.objectKinds[Int(events.kinds[object])].features
        for (column, name) in features.enumerated() {
          let (old, new) = (
            events.features[width * object + column], view.features[width * object + column]
          )
          if name == "charge", !old.isNaN, old != 0 {
            signs.insert(new / old)
          } else {
            #expect(new == old || new.isNaN && old.isNaN, "\(name)")
          }
        }
      }
      #expect(signs.count <= 1 && signs.isSubset(of: [1, -1]))
      if signs == [-1] { conjugated += 1 }
    }
    #expect(conjugated > events.eventCount / 5 && conjugated < events.eventCount * 4 / 5)
  }

  @Test func `pt, masses, features, scalars, weights and labels are untouched`() throws {
    let view = try augmenter().apply(to: events, epoch: 0)
    for index in 0..<events.objectCount {
      #expect(view.momenta[4 * index] == events.momenta[4 * index])
      let mass = view.momenta[4 * index + 3]
      #expect(mass == events.momenta[4 * index + 3] || mass.isNaN)
    }
    var copy = view
    copy.momenta = events.momenta
    #expect(copy == events)
  }

  @Test func `azimuths stay in (-pi, pi] and have every direction`() throws {
    let view = try augmenter().apply(to: events, epoch: 0)
    let azimuths = (0..<view.objectCount).map { view.momenta[4 * $0 + 2] }
    #expect(azimuths.allSatisfy { Double($0) > -.pi && Double($0) <= .pi })
    let mean = azimuths.reduce(0) { $0 + cos($1) } / Float(azimuths.count)
    #expect(abs(mean) < 0.2)
  }

  @Test func `an event depends on its position, the epoch and the seed alone`() throws {
    let augmenter = try augmenter {
      $0.momentumSmearing = 0.1
      $0.dropObjects = 0.1
      $0.dropFeatures = 0.1
    }
    let all = augmenter.apply(to: events, epoch: 5)
    let order = [150, 3, 3, 77]
    #expect(augmenter.apply(to: events.selecting(order), epoch: 5) == all.selecting(order))
    #expect(augmenter.apply(to: events, epoch: 5) == all)
    #expect(augmenter.apply(to: events, epoch: 6) != all)
    #expect(try self.augmenter(seed: 2).apply(to: events, epoch: 5) != all)
  }

  @Test func `switching one transformation off leaves the others as they were`() throws {
    let with = try augmenter().apply(to: events, epoch: 0)
    let without = try augmenter { $0.longitudinalBoost = 0 }.apply(to: events, epoch: 0)
    for index in 0..<events.objectCount {
      #expect(with.momenta[4 * index + 2] == without.momenta[4 * index + 2])
    }
  }

  @Test func `nothing is changed by no augmentation`() throws {
    let augmenter = try Augmenter(configuration: .none, schema: TinyEvents.schema, seed: 1)
    let view = augmenter.apply(to: events, epoch: 0)
    #expect(worstDifference(view.momenta, events.momenta, absolute: 1e-6) == nil)
    var copy = view
    copy.momenta = events.momenta
    #expect(copy == events)
  }

  @Test func `missing momentum turns with the event`() throws {
    let view = try augmenter { $0.reflectPhi = false }.apply(to: events, epoch: 0)
    for event in 0..<events.eventCount {
      let range = events.range(of: event)
      let angles = range.map { index in
        deltaPhi(Double(view.momenta[4 * index + 2]), Double(events.momenta[4 * index + 2]))
      }
      #expect(angles.allSatisfy { abs(deltaPhi($0, angles[0])) < 1e-5 })
      let last = range.upperBound - 1
      #expect(view.momenta[4 * last + 1].isNaN && view.momenta[4 * last + 3].isNaN)
    }
  }

  /// The vector sum of everything in the transverse plane, missing momentum included.
  private func balance(_ batch: EventBatch, _ event: Int) -> (x: Double, y: Double) {
    var x = 0.0
    var y = 0.0
    for index in batch.range(of: event) {
      x += Double(batch.momenta[4 * index]) * cos(Double(batch.momenta[4 * index + 2]))
      y += Double(batch.momenta[4 * index]) * sin(Double(batch.momenta[4 * index + 2]))
    }
    return (x, y)
  }

  @Test(arguments: [0, 1, 2, 3])
  func `missing momentum takes up what is lost or changed`(option: Int) throws {
    let view = try augmenter {
      $0.rotateAboutBeam = false
      $0.reflectPhi = false
      switch option {
      case 0:
        $0.acceptance = ["muon": .init(maximumAbsoluteEta: 1), "jet": .init(maximumAbsoluteEta: 1)]
      case 1: $0.dropObjects = 0.3
      case 2: $0.momentumSmearing = 0.2
      default: $0.transverseBoost = 0.5
      }
    }.apply(to: events, epoch: 0)
    #expect(view.isConsistent)
    #expect((view.objectCount < events.objectCount) == (option < 2))
    #expect(option < 2 || view.objectCount == events.objectCount)
    for event in 0..<events.eventCount {
      let before = balance(events, event)
      let after = balance(view, event)
      #expect(
        isClose(before.x, after.x, absolute: 1e-2) && isClose(before.y, after.y, absolute: 1e-2))
      let objects = view.range(of: event).map { view.object($0) }
      #expect(objects.count >= 2 || events.range(of: event).count < 2)
      for (first, second) in zip(objects, objects.dropFirst()) where first.kind == second.kind {
        #expect(first.pt >= second.pt)
      }
    }
  }

  @Test func `no object outside the acceptance is left by a boost`() throws {
    let augmenter = try augmenter {
      $0.acceptance = ["muon": .init(maximumAbsoluteEta: 2), "jet": .init(maximumAbsoluteEta: 2)]
    }
    var inside = EventBatch(schema: TinyEvents.schema)
    for event in 0..<events.eventCount {
      let objects = events.range(of: event).map { events.object($0) }
      inside.append(index: event, objects: objects.filter { !(abs($0.eta) > 2) }, scalars: [0])
    }
    let view = augmenter.apply(to: inside, epoch: 0)
    for event in 0..<view.eventCount where inside.range(of: event).count > 2 {
      for index in view.range(of: event) {
        #expect(!(abs(view.object(index).eta) > 2) || view.range(of: event).count == 2)
      }
    }
    #expect(view.objectCount < inside.objectCount)
  }

  @Test func `an event that a boost would empty is kept whole`() throws {
    var batch = EventBatch(schema: TinyEvents.schema)
    for index in 0..<100 {
      batch.append(
        index: index,
        objects: [
          EventObject(kind: 0, pt: 30, eta: 2.39, phi: 0, mass: 0.1, features: [1, 0]),
          EventObject(kind: 2, pt: 30, phi: 3),
        ], scalars: [1])
    }
    let view = try augmenter {
      $0.reflectZ = false
      $0.acceptance = ["muon": .init(maximumAbsoluteEta: 2.4)]
    }.apply(to: batch, epoch: 0)
    #expect(view.offsets == batch.offsets)
    let etas = (0..<100).map { view.object(2 * $0).eta }
    #expect(etas.allSatisfy { $0 <= 2.4 })
    // About half of the boosts go outward, and were not done.
    #expect((25...75).contains(etas.filter { $0 == 2.39 }.count))
    let alone = try augmenter { $0.dropObjects = 1 }.apply(to: batch.selecting(0..<10), epoch: 0)
    #expect(alone.objectCount == 20)
  }

  @Test func `features are dropped with their probability`() throws {
    let view = try augmenter { $0.dropFeatures = 0.5 }.apply(to: events, epoch: 0)
    let before = events.features.filter { !$0.isNaN }.count
    let after = view.features.filter { !$0.isNaN }.count
    #expect(isClose(Double(after), 0.5 * Double(before), relative: 0.15))
  }

  @Test func `large boosts one after the other keep the mass of an event`() throws {
    let view = try augmenter { $0.longitudinalBoost = 3 }.apply(to: events, epoch: 1)
    let twice = try augmenter { $0.longitudinalBoost = 3 }.apply(to: view, epoch: 2)
    for event in 0..<50 {
      let range = events.range(of: event)
      let shifts = range.filter { !isMissingMomentum(events, $0) }.map {
        abs(momentum(twice, $0).rapidity) - abs(momentum(events, $0).rapidity)
      }
      #expect(shifts.allSatisfy { abs($0) <= 6 + 1e-4 })
    }
    let masses = (0..<50).map { event in
      let range = events.range(of: event).filter { !isMissingMomentum(events, $0) }
      return range.map { momentum(twice, $0) }.sum.mass
        - range.map { momentum(events, $0) }.sum.mass
    }
    #expect(masses.allSatisfy { abs($0) < 0.05 })
  }

  @Test func `the configuration is read from YAML`() throws {
    let text = """
      reflectZ: false
      longitudinalBoost: 1
      acceptance:
        muon: {maximumAbsoluteEta: 2.4, minimumPt: 20}
        jet: 4.7
      """
    let root = try ConfigurationNode(text: text, name: "a.yaml")
    let configuration = try AugmentationConfiguration(root)
    try root.finish()
    #expect(configuration.rotateAboutBeam && !configuration.reflectZ)
    #expect(configuration.longitudinalBoost == 1)
    #expect(configuration.acceptance["muon"] == .init(maximumAbsoluteEta: 2.4, minimumPt: 20))
    #expect(configuration.acceptance["jet"] == .init(maximumAbsoluteEta: 4.7))
    #expect(try AugmentationConfiguration(nil) == AugmentationConfiguration())
    var changed = configuration
    changed.dropFeatures = 0.2
    changed.acceptance["jet"] = .init(maximumAbsoluteEta: 3)
    let change = try ConfigurationNode(
      text: "{dropFeatures: 0.2, acceptance: {jet: 3}}", name: "b.yaml")
    #expect(try AugmentationConfiguration(change, defaults: configuration) == changed)
    let json = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(AugmentationConfiguration.self, from: json) == configuration)
    let bad = try ConfigurationNode(text: "dropObjects: 2", name: "a.yaml")
    #expect {
      _ = try AugmentationConfiguration(bad)
    } throws: {
      "\($0)" == "a.yaml:1:14: dropObjects is 2; expected a number from 0 to 1."
    }
  }

  @Test func `an acceptance that does not fit the events is an error`() throws {
    #expect(
      #expect(throws: AugmentationError.self) {
        try augmenter { $0.acceptance = ["muons": .init(minimumPt: 3)] }
      }?.description
        == "cannot augment: the acceptance names the kind muons, the events have muon, jet, "
        + "missingMomentum. Did you mean muon?")
    #expect(
      #expect(throws: AugmentationError.self) {
        try augmenter { $0.acceptance = ["missingMomentum": .init(maximumAbsoluteEta: 3)] }
      }?.description
        == "cannot augment: the acceptance limits eta of missingMomentum, which has none. "
        + "Remove maximumAbsoluteEta.")
  }

  @Test func `an acceptance of a kind that only other samples have is left out`() throws {
    var configuration = AugmentationConfiguration()
    configuration.acceptance = ["muon": .init(minimumPt: 3), "tau": .init(minimumPt: 20)]
    let restricted = configuration.restricted(
      to: TinyEvents.schema, among: ["muon", "tau", "jet"])
    #expect(restricted.acceptance == ["muon": .init(minimumPt: 3)])
    _ = try Augmenter(configuration: restricted, schema: TinyEvents.schema, seed: 1)
    // A name that no sample has is a mistake, and stays one.
    #expect(configuration.restricted(to: TinyEvents.schema, among: ["muon"]) == configuration)
  }
}
