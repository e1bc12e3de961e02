// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Runtime

/// Transforms the events of a batch, each by an element of the Lorentz group drawn for it.
///
/// The random numbers of an event depend on the seed, the epoch and the event's position in its
/// store alone: the batch around it, the number of threads and what came before change nothing.
public struct Augmenter: Sendable {
  private let configuration: AugmentationConfiguration
  private let largestEta: [Float]
  private let seed: UInt64

  /// Makes an augmenter.
  ///
  /// - Parameters:
  ///   - configuration: The transformations.
  ///   - schema: The objects of the events.
  ///   - seed: The seed of the run.
  public init(configuration: AugmentationConfiguration, schema: EventSchema, seed: UInt64) {
    self.configuration = configuration
    self.seed = seed
    largestEta = schema.objectKinds.map { kind in
      configuration.acceptance[kind.name].map { Float($0) } ?? .infinity
    }
  }

  /// Returns the batch with every event transformed; order, weights and labels stay.
  ///
  /// - Parameters:
  ///   - batch: The events.
  ///   - epoch: The epoch; each has other transformations.
  public func apply(to batch: EventBatch, epoch: Int) -> EventBatch {
    var result = batch
    var lost: [Int] = []
    for event in 0..<batch.eventCount {
      var generator = CounterBasedGenerator(
        seed: seed, epoch: epoch, event: batch.eventIndices[event], purpose: .augmentation)
      // All numbers are drawn whatever is switched on, so that a switch changes nothing else.
      let angle = 2 * Float.pi * generator.uniform()
      let reflectsPhi = generator.uniform() < 0.5
      let reflectsZ = generator.uniform() < 0.5
      let boost = Float(configuration.longitudinalBoost) * (2 * generator.uniform() - 1)
      let range = batch.range(of: event)
      for object in range {
        var phi = batch.momenta[4 * object + 2]
        if configuration.reflectPhi, reflectsPhi { phi = -phi }
        if configuration.rotateAboutBeam { phi += angle }
        result.momenta[4 * object + 2] = wrapped(phi)
        if configuration.reflectZ, reflectsZ {
          result.momenta[4 * object + 1] = -batch.momenta[4 * object + 1]
        }
      }
      if boost != 0 { lost += self.boost(&result, objects: range, rapidity: boost) }
    }
    return lost.isEmpty ? result : result.removing(objects: lost)
  }

  /// Boosts the objects of an event along the beam and returns those that leave the acceptance.
  ///
  /// An event that would keep fewer than two objects is left unboosted.
  private func boost(
    _ batch: inout EventBatch, objects: Range<Int>, rapidity: Float
  ) -> [Int] {
    var lost: [Int] = []
    var etas: [Float] = []
    for object in objects {
      let eta = boostedEta(
        pt: batch.momenta[4 * object], eta: batch.momenta[4 * object + 1],
        mass: batch.momenta[4 * object + 3], rapidity: rapidity)
      etas.append(eta)
      // NaN, the missing momentum's eta, is not beyond any bound.
      if abs(eta) > largestEta[Int(batch.kinds[object])] { lost.append(object) }
    }
    guard objects.count - lost.count >= 2 else { return [] }
    for (object, eta) in zip(objects, etas) { batch.momenta[4 * object + 1] = eta }
    return missingMomentumRecovers(lost, in: &batch, objects: objects)
  }

  /// Adds the transverse momenta of lost objects to the missing momentum, which they now are.
  private func missingMomentumRecovers(
    _ lost: [Int], in batch: inout EventBatch, objects: Range<Int>
  ) -> [Int] {
    let missing = objects.first {
      !batch.schema.objectKinds[Int(batch.kinds[$0])].hasEta
    }
    guard let missing, !lost.isEmpty else { return lost }
    var x = batch.momenta[4 * missing] * cos(batch.momenta[4 * missing + 2])
    var y = batch.momenta[4 * missing] * sin(batch.momenta[4 * missing + 2])
    for object in lost {
      x += batch.momenta[4 * object] * cos(batch.momenta[4 * object + 2])
      y += batch.momenta[4 * object] * sin(batch.momenta[4 * object + 2])
    }
    batch.momenta[4 * missing] = (x * x + y * y).squareRoot()
    batch.momenta[4 * missing + 2] = atan2(y, x)
    return lost
  }

  /// The pseudorapidity after a boost along the beam, which adds to the rapidity.
  private func boostedEta(pt: Float, eta: Float, mass: Float, rapidity: Float) -> Float {
    // An undefined mass is that of an object without one, as missing momentum, whose eta is NaN.
    if !(mass > 0) { return eta + rapidity }
    let transverseMass = (pt * pt + mass * mass).squareRoot()
    let boosted = asinh(pt * sinh(eta) / transverseMass) + rapidity
    return asinh(transverseMass * sinh(boosted) / pt)
  }

  /// The angle in (-π, π].
  private func wrapped(_ angle: Float) -> Float {
    let turned = remainder(angle, 2 * .pi)
    return turned <= -.pi ? .pi : turned
  }
}

extension EventBatch {
  /// Returns the batch without some of its objects.
  ///
  /// - Parameter objects: Positions of objects in the batch, rising.
  func removing(objects: [Int]) -> EventBatch {
    var keeps = [Bool](repeating: true, count: objectCount)
    for object in objects { keeps[object] = false }
    var result = self
    result.offsets = [0]
    result.kinds = []
    result.momenta = []
    result.features = []
    let width = schema.featureWidth
    for event in 0..<eventCount {
      for object in range(of: event) where keeps[object] {
        result.kinds.append(kinds[object])
        result.momenta += momenta[4 * object..<4 * object + 4]
        result.features += features[width * object..<width * (object + 1)]
      }
      result.offsets.append(result.kinds.count)
    }
    return result
  }
}
