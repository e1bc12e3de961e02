// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kinematics
import TestSupport
import Testing

@Suite struct LorentzTransformationTests {
  /// Boosts, rotations and reflections in several directions, and a product of them.
  static let elements: [LorentzTransformation] = {
    let simple: [LorentzTransformation] = [
      .identity, .spaceInversion, .boost(along: [0, 0, 1], rapidity: 0.7),
      .boost(along: [1, -2, 0.5], rapidity: 1.3), .rotation(about: [0, 0, 2], angle: 2.1),
      .rotation(about: [1, 1, -1], angle: -0.4), .reflection(normal: [0, 1, 0]),
      .reflection(normal: [1, 2, 3]),
    ]
    return simple + [simple[3] * simple[5] * simple[7]]
  }()

  static let momenta = [
    FourMomentum(pt: 41, eta: 0.3, phi: 1.2, mass: 0.10566),
    FourMomentum(pt: 25, eta: -1.7, phi: -2.9, mass: 12),
    FourMomentum(px: 0, py: 0, pz: 0, energy: 91.2),
  ]

  @Test(arguments: elements)
  func `scalar products are kept`(element: LorentzTransformation) {
    for first in Self.momenta {
      for second in Self.momenta {
        let product = element.applied(to: first).dot(element.applied(to: second))
        #expect(isClose(product, first.dot(second), relative: 1e-10, absolute: 1e-8))
      }
    }
  }

  @Test(arguments: elements)
  func `the inverse undoes`(element: LorentzTransformation) {
    #expect((element * element.inverse).distance(to: .identity) < 1e-12)
    #expect((element.inverse * element).distance(to: .identity) < 1e-12)
    #expect(isClose(abs(element.determinant), 1, relative: 1e-12))
  }

  @Test func `products are associative and apply the right one first`() {
    for first in Self.elements {
      for second in Self.elements {
        let product = first * second
        let moved = product.applied(to: Self.momenta[1])
        let twice = first.applied(to: second.applied(to: Self.momenta[1]))
        #expect((moved - twice).momentum < 1e-9)
        #expect(((product * first).distance(to: first * (second * first))) < 1e-11)
        #expect(isClose(product.determinant, first.determinant * second.determinant))
      }
    }
  }

  @Test func `a longitudinal boost adds its rapidity and keeps pt and phi`() {
    let boost = LorentzTransformation.boost(along: [0, 0, 3], rapidity: 0.4)
    for momentum in Self.momenta {
      let moved = boost.applied(to: momentum)
      #expect(isClose(moved.rapidity, momentum.rapidity + 0.4, relative: 1e-10))
      #expect(isClose(moved.pt, momentum.pt))
      #expect(isClose(moved.phi, momentum.phi))
    }
  }

  @Test func `boosts along one direction add their rapidities`() {
    let direction: SIMD3<Double> = [1, 2, -1]
    let product =
      LorentzTransformation.boost(along: direction, rapidity: 0.3)
      * .boost(along: direction, rapidity: 0.5)
    #expect(product.distance(to: .boost(along: direction, rapidity: 0.8)) < 1e-13)
  }

  @Test func `a rotation about the beam adds to phi`() {
    let rotation = LorentzTransformation.rotation(about: [0, 0, 1], angle: 0.9)
    let moved = rotation.applied(to: Self.momenta[0])
    #expect(isClose(moved.phi, 2.1))
    #expect(isClose(moved.eta, 0.3))
  }

  @Test func `reflections turn phi and z around`() {
    let phi = LorentzTransformation.reflection(normal: [0, 5, 0]).applied(to: Self.momenta[0])
    #expect(isClose(phi.phi, -1.2) && isClose(phi.eta, 0.3))
    let beam = LorentzTransformation.reflection(normal: [0, 0, 1]).applied(to: Self.momenta[0])
    #expect(isClose(beam.phi, 1.2) && isClose(beam.eta, -0.3))
    #expect(isClose(LorentzTransformation.reflection(normal: [1, 0, 0]).determinant, -1))
  }

  @Test func `a boost to the rest frame leaves the mass as energy`() {
    let momentum = Self.momenta[1]
    let rapidity = atanh(momentum.momentum / momentum.energy)
    let boost = LorentzTransformation.boost(
      along: [momentum.px, momentum.py, momentum.pz], rapidity: -rapidity)
    let rest = boost.applied(to: momentum)
    #expect(rest.momentum < 1e-9)
    #expect(isClose(rest.energy, 12))
  }

  @Test func `a direction of zero length is a programmer's error`() async {
    await #expect(processExitsWith: .failure) {
      _ = LorentzTransformation.boost(along: [0, 0, 0], rapidity: 1)
    }
  }
}
