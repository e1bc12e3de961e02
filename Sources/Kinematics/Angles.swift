// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Returns an azimuth brought into (-pi, pi].
///
/// - Precondition: The angle is finite.
public func wrappedPhi(_ phi: Double) -> Double {
  precondition(phi.isFinite, "An azimuth is finite, not \(phi).")
  if phi > -.pi && phi <= .pi { return phi }
  // The remainder is exact and in [-pi, pi].
  let wrapped = phi.remainder(dividingBy: 2 * .pi)
  return wrapped <= -.pi ? .pi : wrapped
}

/// Returns the difference of two azimuths, first minus second, in (-pi, pi].
public func deltaPhi(_ first: Double, _ second: Double) -> Double { wrappedPhi(first - second) }

/// Returns the transverse mass of two massless particles, in GeV.
///
///     mT^2 = 2 pT1 pT2 (1 - cos(phi1 - phi2))
///
/// Source: Particle Data Group, Review of Particle Physics, "Kinematics", section on hadron colliders.
public func transverseMass(pt1: Double, phi1: Double, pt2: Double, phi2: Double) -> Double {
  // 1 - cos(x) = 2 sin(x / 2)^2 keeps small angles exact.
  2 * (pt1 * pt2).squareRoot() * abs(sin((phi1 - phi2) / 2))
}
