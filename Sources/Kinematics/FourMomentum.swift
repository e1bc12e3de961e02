// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An energy and a momentum, in GeV with c = 1.
///
///     let muon = FourMomentum(pt: 41, eta: 0.3, phi: 1.2, mass: 0.10566)
///     let mass = (muon + antimuon).mass
///
/// The conventions of the whole project: GeV and radians, c = 1; the z axis is the beam; the
/// metric is (+, -, -, -), so that m^2 = E^2 - p^2; components are ordered (E, px, py, pz);
/// azimuths are in (-pi, pi]; the mass of a space-like vector is negative, -sqrt(p^2 - E^2).
public struct FourMomentum: Sendable, Hashable, Codable {
  /// The component along x, in GeV.
  public var px: Double
  /// The component along y, in GeV.
  public var py: Double
  /// The component along z, the beam, in GeV.
  public var pz: Double
  /// The energy, in GeV.
  public var energy: Double

  /// Makes a four-momentum from its Cartesian components.
  public init(px: Double, py: Double, pz: Double, energy: Double) {
    self.px = px
    self.py = py
    self.pz = pz
    self.energy = energy
  }

  /// Makes a four-momentum from what detectors measure.
  ///
  /// The energy is sqrt(p^2 + m |m|), so that a negative mass makes a space-like vector.
  ///
  /// - Parameters:
  ///   - pt: The transverse momentum in GeV.
  ///   - eta: The pseudorapidity.
  ///   - phi: The azimuth in radians.
  ///   - mass: The mass in GeV.
  /// - Precondition: A negative mass is no larger than the momentum.
  public init(pt: Double, eta: Double, phi: Double, mass: Double) {
    px = pt * cos(phi)
    py = pt * sin(phi)
    pz = pt * sinh(eta)
    let momentum = pt * cosh(eta)
    let square = momentum * momentum + mass * abs(mass)
    precondition(
      square >= 0, "No energy belongs to the momentum \(momentum) GeV and mass \(mass) GeV.")
    energy = square.squareRoot()
  }

  /// The vector of zeros.
  public static let zero = FourMomentum(px: 0, py: 0, pz: 0, energy: 0)

  /// The transverse momentum, sqrt(px^2 + py^2), in GeV.
  public var pt: Double { hypot(px, py) }

  /// The magnitude of the momentum, in GeV.
  public var momentum: Double { hypot(hypot(px, py), pz) }

  /// The azimuth in (-pi, pi]; 0 without transverse momentum.
  public var phi: Double {
    if px == 0 && py == 0 { return 0 }
    let angle = atan2(py, px)
    return angle <= -.pi ? .pi : angle
  }

  /// The pseudorapidity, asinh(pz / pt); infinite along the beam, 0 without momentum.
  public var eta: Double { pz == 0 ? 0 : asinh(pz / pt) }

  /// The invariant m^2 = E^2 - p^2, in GeV^2.
  public var massSquared: Double { (energy - momentum) * (energy + momentum) }

  /// The mass in GeV; negative, -sqrt(-m^2), for a space-like vector.
  public var mass: Double {
    let square = massSquared
    return square < 0 ? -(-square).squareRoot() : square.squareRoot()
  }

  /// The rapidity y = ln((E + pz) / (E - pz)) / 2.
  ///
  /// Not a number for a vector with E < |pz|, infinite for a massless one along the beam.
  public var rapidity: Double { pz == 0 ? 0 : atanh(pz / energy) }

  /// The transverse mass of the vector alone, sqrt(E^2 - pz^2), in GeV; 0 where that is undefined.
  public var transverseMass: Double {
    max(0, (energy - pz) * (energy + pz)).squareRoot()
  }

  /// Returns the scalar product E1 E2 - p1 p2 of the metric (+, -, -, -), in GeV^2.
  public func dot(_ other: FourMomentum) -> Double {
    energy * other.energy - px * other.px - py * other.py - pz * other.pz
  }

  /// Returns the difference of azimuths, the other's subtracted, in (-pi, pi].
  public func deltaPhi(to other: FourMomentum) -> Double {
    Kinematics.deltaPhi(phi, other.phi)
  }

  /// Returns the separation sqrt(deltaEta^2 + deltaPhi^2).
  public func deltaR(to other: FourMomentum) -> Double {
    hypot(eta - other.eta, deltaPhi(to: other))
  }

  /// Returns the transverse mass of the two, both taken as massless, in GeV.
  ///
  ///     mT^2 = 2 pT1 pT2 (1 - cos(deltaPhi))
  public func transverseMass(with other: FourMomentum) -> Double {
    Kinematics.transverseMass(pt1: pt, phi1: phi, pt2: other.pt, phi2: other.phi)
  }

  /// The sum of two vectors.
  public static func + (first: FourMomentum, second: FourMomentum) -> FourMomentum {
    FourMomentum(
      px: first.px + second.px, py: first.py + second.py, pz: first.pz + second.pz,
      energy: first.energy + second.energy)
  }

  /// The difference of two vectors.
  public static func - (first: FourMomentum, second: FourMomentum) -> FourMomentum {
    FourMomentum(
      px: first.px - second.px, py: first.py - second.py, pz: first.pz - second.pz,
      energy: first.energy - second.energy)
  }

  /// Adds a vector.
  public static func += (first: inout FourMomentum, second: FourMomentum) {
    first = first + second
  }
}

extension Sequence<FourMomentum> {
  /// The sum of the vectors; zero for none.
  public var sum: FourMomentum { reduce(.zero, +) }
}
