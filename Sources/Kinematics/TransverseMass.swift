// SPDX-License-Identifier: Apache-2.0

/// Returns the transverse mass of several particles, in GeV.
///
///     mT^2 = (ET1 + ET2 + …)^2 - |pT1 + pT2 + …|^2 with ET^2 = m^2 + pT^2
///
/// It is at most the invariant mass of the particles, and equal to it where all have the same
/// rapidity. Of two massless particles it is sqrt(2 pT1 pT2 (1 - cos(phi1 - phi2))).
///
/// - Parameter particles: pT in GeV, azimuths in radians, and masses in GeV; a negative mass stands
///   for a space-like vector, whose ET is 0 where it would be imaginary.
/// - Returns: The transverse mass; 0 where rounding makes the square negative.
///
/// Source: Particle Data Group, Review of Particle Physics, "Kinematics", section on hadron colliders.
public func transverseMass(
  _ particles: some Sequence<(pt: Double, phi: Double, mass: Double)>
) -> Double {
  var energy = 0.0
  var total = FourMomentum.zero
  for particle in particles {
    let square = particle.pt * particle.pt + particle.mass * abs(particle.mass)
    energy += square > 0 ? square.squareRoot() : 0
    total += FourMomentum(pt: particle.pt, eta: 0, phi: particle.phi, mass: 0)
  }
  // The product keeps small differences exact.
  return max(0, (energy - total.pt) * (energy + total.pt)).squareRoot()
}
