// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Kinematics
import Runtime

/// Transforms the events of a batch, each by an element of the Lorentz group drawn for it.
///
///     let augmenter = try Augmenter(configuration: .init(), schema: store.schema, seed: 1)
///     let view = augmenter.apply(to: batch, epoch: 3)
///
/// What an event becomes depends on the seed, the epoch and the event's position in its store, and
/// on nothing else: neither on the other events of the batch nor on what was drawn before.
///
/// Boosts follow one another: along the beam, across it, in any direction. Rotation, reflections,
/// charge conjugation and the boost along the beam are symmetries of the collisions, up to the
/// difference of quarks and antiquarks in the proton; other boosts are not, but keep all masses.
///
/// An object that a boost or smearing moves out of its acceptance is lost, and so is one dropped at
/// random. Missing momentum, a kind without pseudorapidity, balances what is seen: it takes up the
/// change of the other objects' transverse momenta, lost ones included; a longitudinal boost alone
/// leaves it as it is. Where fewer than two objects would be left (fewer than one in an event of
/// one), the event is rotated and reflected only, and keeps all its objects. Objects whose pt
/// changed are put into descending order of pt within their kind again.
public struct Augmenter: Sendable {
  /// Which transformations are drawn.
  public let configuration: AugmentationConfiguration
  /// What the events consist of.
  public let schema: EventSchema
  /// The seed of the run.
  public let seed: UInt64
  private let acceptance: [AugmentationConfiguration.Acceptance?]
  private let chargeFeatures: [Int?]

  /// Makes an augmenter.
  ///
  /// - Parameters:
  ///   - configuration: Which transformations are drawn.
  ///   - schema: What the events consist of.
  ///   - seed: The seed of the run.
  /// - Throws: ``AugmentationError`` if the acceptance does not fit the schema.
  public init(
    configuration: AugmentationConfiguration, schema: EventSchema, seed: UInt64
  ) throws(AugmentationError) {
    for (name, acceptance) in configuration.acceptance.sorted(by: { $0.key < $1.key }) {
      guard let index = schema.index(ofKind: name) else {
        let names = schema.objectKinds.map(\.name)
        throw AugmentationError(
          code: .unknownKind,
          description: "cannot augment: the acceptance names the kind \(name), the events have "
            + "\(names.joined(separator: ", "))." + nearestNamesHint(for: name, among: names))
      }
      if acceptance.maximumAbsoluteEta != nil && !schema.objectKinds[index].hasEta {
        throw AugmentationError(
          code: .noEta,
          description: "cannot augment: the acceptance limits eta of \(name), which has none. "
            + "Remove maximumAbsoluteEta.")
      }
    }
    self.configuration = configuration
    self.schema = schema
    self.seed = seed
    acceptance = schema.objectKinds.map { configuration.acceptance[$0.name] }
    chargeFeatures = schema.chargeFeatures
  }

  /// Returns the transformed events, in the same order.
  ///
  /// - Precondition: The batch has the augmenter's schema.
  public func apply(to batch: EventBatch, epoch: Int) -> EventBatch {
    precondition(batch.schema == schema, "The batch has another schema than the augmenter.")
    var result = batch
    result.offsets = [0]
    result.kinds.removeAll(keepingCapacity: true)
    result.momenta.removeAll(keepingCapacity: true)
    result.features.removeAll(keepingCapacity: true)
    var objects: [AugmentedObject] = []
    for event in 0..<batch.eventCount {
      var generator = CounterBasedGenerator(
        seed: seed, epoch: epoch, event: batch.eventIndices[event], purpose: .augmentation)
      objects.removeAll(keepingCapacity: true)
      for index in batch.range(of: event) { objects.append(AugmentedObject(batch, index)) }
      transform(&objects, &generator)
      for object in objects { append(object, of: batch, to: &result, &generator) }
      if generator.uniform() < 0.5 && configuration.chargeConjugation {
        conjugate(objects, to: &result)
      }
      result.offsets.append(result.kinds.count)
    }
    return result
  }

  // MARK: - One event

  private func transform(
    _ objects: inout [AugmentedObject], _ generator: inout CounterBasedGenerator
  ) {
    // All numbers are drawn, whether used or not: to switch one transformation on or off does not
    // change what the others do.
    let angle = 2 * Double.pi * Double(generator.uniform())
    let reflectsPhi = generator.uniform() < 0.5 && configuration.reflectPhi
    let reflectsZ = generator.uniform() < 0.5 && configuration.reflectZ
    let longitudinal = configuration.longitudinalBoost * Double(2 * generator.uniform() - 1)
    let direction = 2 * Double.pi * Double(generator.uniform())
    let transverse = configuration.transverseBoost * Double(generator.uniform())
    let generalCosine = Double(2 * generator.uniform() - 1)
    let generalAngle = 2 * Double.pi * Double(generator.uniform())
    let general = configuration.generalBoost * Double(generator.uniform())

    for index in objects.indices {
      if configuration.rotateAboutBeam { objects[index].phi += angle }
      if reflectsPhi { objects[index].phi = -objects[index].phi }
      if reflectsZ { objects[index].eta = -objects[index].eta }
    }
    let changesPt =
      transverse != 0 || general != 0 || configuration.momentumSmearing > 0
      || configuration.dropObjects > 0
    guard changesPt || longitudinal != 0 else { return }

    let across = SIMD3(cos(direction), sin(direction), 0)
    let generalSine = (1 - generalCosine * generalCosine).squareRoot()
    let anywhere = SIMD3(
      generalSine * cos(generalAngle), generalSine * sin(generalAngle), generalCosine)
    var moved = objects
    for index in moved.indices {
      let smearing = configuration.momentumSmearing * Double(generator.normal())
      moved[index].isLost = Double(generator.uniform()) < configuration.dropObjects
      guard !moved[index].isMissingMomentum else { continue }
      moved[index].pt *= exp(smearing)
      moved[index].boostAlongBeam(longitudinal)
      if transverse != 0 { moved[index].boost(along: across, rapidity: transverse) }
      if general != 0 { moved[index].boost(along: anywhere, rapidity: general) }
      if isOutside(moved[index]) { moved[index].isLost = true }
    }
    // Missing momentum is the balance of an event, which cannot go astray.
    for index in moved.indices where moved[index].isMissingMomentum { moved[index].isLost = false }
    balance(&moved, before: objects)
    for index in moved.indices where moved[index].isMissingMomentum && isOutside(moved[index]) {
      moved[index].isLost = true
    }
    let left = moved.filter { !$0.isLost }
    guard left.count >= min(2, objects.count) else { return }
    objects = changesPt ? inOrder(left) : left
  }

  private func isOutside(_ object: AugmentedObject) -> Bool {
    guard let region = acceptance[object.kind] else { return false }
    return object.pt < region.minimumPt ?? 0
      || abs(object.eta) > region.maximumAbsoluteEta ?? .infinity
  }

  /// Lets missing momentum take up the change of what is seen.
  private func balance(_ objects: inout [AugmentedObject], before: [AugmentedObject]) {
    var x = 0.0
    var y = 0.0
    var isChanged = false
    for (old, new) in zip(before, objects) where !old.isMissingMomentum {
      if !new.isLost && new.pt == old.pt && new.phi == old.phi { continue }
      isChanged = true
      x += old.pt * cos(old.phi) - (new.isLost ? 0 : new.pt * cos(new.phi))
      y += old.pt * sin(old.phi) - (new.isLost ? 0 : new.pt * sin(new.phi))
    }
    guard isChanged else { return }
    for index in objects.indices where objects[index].isMissingMomentum {
      let object = objects[index]
      let newX = object.pt * cos(object.phi) + x
      let newY = object.pt * sin(object.phi) + y
      objects[index].pt = hypot(newX, newY)
      objects[index].phi = atan2(newY, newX)
    }
  }

  /// Returns the objects in descending order of pt within each run of one kind.
  private func inOrder(_ objects: [AugmentedObject]) -> [AugmentedObject] {
    var result = objects
    var start = 0
    while start < result.count {
      let end = result[start...].firstIndex { $0.kind != result[start].kind } ?? result.count
      result[start..<end].sort { ($1.pt, $0.source) < ($0.pt, $1.source) }
      start = end
    }
    return result
  }

  private func append(
    _ object: AugmentedObject, of batch: EventBatch, to result: inout EventBatch,
    _ generator: inout CounterBasedGenerator
  ) {
    // The largest Float below pi stands for what rounding would put above it.
    let phi = min(Float.pi, max(-Float.pi, Float(wrappedPhi(object.phi))))
    let mass = batch.momenta[4 * object.source + 3]
    result.kinds.append(UInt8(object.kind))
    result.momenta += [
      Float(object.pt), object.isMissingMomentum ? .nan : Float(object.eta), phi, mass,
    ]
    let width = schema.featureWidth
    for column in 0..<width {
      let isDropped =
        configuration.dropFeatures > 0 && Double(generator.uniform()) < configuration.dropFeatures
      result.features.append(isDropped ? .nan : batch.features[width * object.source + column])
    }
  }

  /// Changes the sign of the charges of the event that was appended last.
  private func conjugate(_ objects: [AugmentedObject], to result: inout EventBatch) {
    let width = schema.featureWidth
    let first = result.kinds.count - objects.count
    for (place, object) in objects.enumerated() {
      guard let charge = chargeFeatures[object.kind] else { continue }
      result.features[width * (first + place) + charge].negate()
    }
  }
}
