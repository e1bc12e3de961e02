// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Kinematics

/// An object while it is transformed, in double precision.
struct AugmentedObject {
  /// Its position in the batch, where its mass and features stay.
  let source: Int
  let kind: Int
  let isMissingMomentum: Bool
  var pt: Double
  /// Not a number for missing momentum.
  var eta: Double
  /// In any range; brought into (-pi, pi] at the end.
  var phi: Double
  /// 0 for a kind without mass.
  let mass: Double
  var isLost = false

  init(_ batch: EventBatch, _ index: Int) {
    source = index
    kind = Int(batch.kinds[index])
    let description = batch.schema.objectKinds[kind]
    isMissingMomentum = !description.hasEta
    pt = Double(batch.momenta[4 * index])
    eta = Double(batch.momenta[4 * index + 1])
    phi = Double(batch.momenta[4 * index + 2])
    mass = description.hasMass ? Double(batch.momenta[4 * index + 3]) : 0
  }

  /// Adds a rapidity; pt, phi and mass stay.
  ///
  ///     mT = sqrt(pt^2 + m^2),  y = asinh(pt sinh(eta) / mT),  eta' = asinh(mT sinh(y + b) / pt)
  mutating func boostAlongBeam(_ rapidity: Double) {
    guard rapidity != 0 else { return }
    let square = pt * pt + mass * abs(mass)
    // Without mass, without pt, or so far forward that sinh would overflow, eta is the rapidity.
    guard mass != 0, pt > 0, square > 0, abs(eta) < 100 else {
      eta += rapidity
      return
    }
    let ratio = square.squareRoot() / pt
    eta = asinh(ratio * sinh(asinh(sinh(eta) / ratio) + rapidity))
  }

  /// Boosts in any direction.
  mutating func boost(along direction: SIMD3<Double>, rapidity: Double) {
    // A space-like vector with less momentum than |mass| has no energy: it is taken as massless.
    let momentum = pt * cosh(eta)
    let usable = momentum * momentum + mass * abs(mass) >= 0 ? mass : 0
    let vector = LorentzTransformation.boost(along: direction, rapidity: rapidity)
      .applied(to: FourMomentum(pt: pt, eta: eta, phi: phi, mass: usable))
    pt = vector.pt
    eta = vector.eta
    phi = vector.phi
  }
}
