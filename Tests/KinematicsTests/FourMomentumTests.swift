// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kinematics
import TestSupport
import Testing

@Suite struct FourMomentumTests {
  @Test(arguments: [
    (1.0, 0.0, 0.0, 0.0), (41, 0.3, 1.2, 0.10566), (20, -2.4, -3.1, 5), (100, 4.7, .pi, 10),
    (0.5, 1, -1, 125),
  ])
  func `detector coordinates come back`(pt: Double, eta: Double, phi: Double, mass: Double) {
    let momentum = FourMomentum(pt: pt, eta: eta, phi: phi, mass: mass)
    #expect(isClose(momentum.pt, pt, relative: 1e-12))
    #expect(isClose(momentum.eta, eta, relative: 1e-12, absolute: 1e-12))
    #expect(isClose(momentum.phi, phi, relative: 1e-12))
    // The mass is what is left of E^2 - p^2: its error grows with (E / m)^2.
    #expect(isClose(momentum.mass, mass, relative: 1e-4, absolute: 1e-3))
    #expect(isClose(momentum.momentum, pt * cosh(eta), relative: 1e-12))
  }

  @Test func `known values`() {
    let momentum = FourMomentum(px: 3, py: 4, pz: 12, energy: 14)
    #expect(momentum.pt == 5)
    #expect(momentum.momentum == 13)
    #expect(isClose(momentum.massSquared, 27, relative: 1e-14))
    #expect(isClose(momentum.rapidity, 0.5 * log(26.0 / 2), relative: 1e-14))
    #expect(isClose(momentum.transverseMass, 52.0.squareRoot(), relative: 1e-14))
    #expect(momentum.dot(momentum) == 27)
  }

  @Test func `a space-like vector has a negative mass`() {
    #expect(FourMomentum(px: 5, py: 0, pz: 0, energy: 3).mass == -4)
    #expect(isClose(FourMomentum(pt: 5, eta: 0, phi: 0, mass: -4).energy, 3))
  }

  @Test func `limits are defined`() {
    #expect(FourMomentum.zero.eta == 0)
    #expect(FourMomentum.zero.phi == 0)
    #expect(FourMomentum(px: 0, py: 0, pz: 1, energy: 1).eta == .infinity)
    #expect(FourMomentum(px: 0, py: 0, pz: -1, energy: 1).eta == -.infinity)
    #expect(FourMomentum(px: -1, py: -0.0, pz: 0, energy: 1).phi == .pi)
  }

  @Test func `differences of azimuths are in (-pi, pi]`() {
    #expect(wrappedPhi(3 * .pi) == .pi)
    #expect(wrappedPhi(-.pi) == .pi)
    #expect(wrappedPhi(.pi) == .pi)
    #expect(isClose(wrappedPhi(4), 4 - 2 * .pi))
    #expect(isClose(deltaPhi(3, -3), 6 - 2 * .pi))
    #expect(isClose(deltaPhi(-3, 3), 2 * .pi - 6))
    for step in -100...100 {
      let angle = wrappedPhi(0.37 * Double(step))
      #expect(angle > -.pi && angle <= .pi)
      #expect(isClose(sin(angle), sin(0.37 * Double(step)), relative: 1e-9, absolute: 1e-12))
    }
  }

  @Test func `separation and transverse mass of two`() {
    let first = FourMomentum(pt: 40, eta: 1, phi: 3, mass: 0)
    let second = FourMomentum(pt: 30, eta: -1, phi: -3, mass: 0)
    #expect(isClose(first.deltaR(to: second), hypot(2, 2 * .pi - 6)))
    #expect(
      isClose(first.transverseMass(with: second), (2 * 40 * 30 * (1 - cos(6.0))).squareRoot()))
    // Both central: the transverse mass is the invariant mass.
    let central = FourMomentum(pt: 30, eta: 1, phi: -3, mass: 0)
    #expect(isClose(first.transverseMass(with: central), (first + central).mass))
    // Of several particles it is that of two massless ones, and the mass where rapidities agree.
    #expect(
      isClose(
        Kinematics.transverseMass([(pt: 40, phi: 3, mass: 0), (pt: 30, phi: -3, mass: 0)]),
        first.transverseMass(with: second)))
    let flat = [
      FourMomentum(pt: 40, eta: 0, phi: 0, mass: 3), FourMomentum(pt: 30, eta: 0, phi: 2, mass: 5),
      FourMomentum(pt: 20, eta: 0, phi: -1, mass: 0.1),
    ]
    #expect(
      isClose(
        Kinematics.transverseMass(flat.map { (pt: $0.pt, phi: $0.phi, mass: $0.mass) }),
        flat.sum.mass))
  }

  @Test func `sums and differences`() {
    let first = FourMomentum(px: 1, py: 2, pz: 3, energy: 4)
    var second = FourMomentum(px: 5, py: 6, pz: 7, energy: 8)
    #expect([first, second].sum - second == first)
    #expect([FourMomentum]().sum == .zero)
    second += first
    #expect(second == FourMomentum(px: 6, py: 8, pz: 10, energy: 12))
  }
}
