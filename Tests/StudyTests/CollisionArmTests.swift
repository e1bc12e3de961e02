// SPDX-License-Identifier: Apache-2.0

import Classification
import Testing

@testable import Study

/// Which arms count collisions as background, and which samples are collisions.
@Suite struct CollisionArmTests {
  @Test func `arms count collisions where their recipe or a section says so`() throws {
    let plain = try smallStudy("")
    #expect(plain.collisionSamples == ["data"])
    #expect(
      plain.arms.filter { $0.finetuning.collisions != nil }.map(\.name) == [
        "trees-collisions", "scratch-collisions", "lorentz-collisions",
      ])
    #expect(plain.finetuning.collisions == CollisionConfiguration())
    let few = try smallStudy("finetuning: {collisions: {worth: 20}}")
    #expect(
      few.arms.filter(\.joins.isEmpty).compactMap { $0.finetuning.collisions?.worth } == [
        20, 20, 20,
      ])
    let listed = try smallStudy(
      """
      finetuning: {collisions: {events: 50}}
      study:
        arms:
          - {name: a, pretraining: lorentz}
          - {name: b, finetuning: {collisions: {events: 0}}}
          - {name: c, trees: {}, finetuning: {collisions: {events: 70}}}
      """)
    #expect(listed.arms.map { $0.finetuning.collisions?.events } == [50, nil, 70])
    let none = try smallStudy("finetuning: {collisions: {events: 0}}")
    #expect(none.finetuning.collisions == nil)
    #expect(!none.arms.contains { $0.name.hasSuffix("-collisions") || $0.name.hasSuffix("-all") })
  }

  @Test func `samples with labels or other objects are no collisions`() throws {
    let labeled = try smallStudy("pretraining: {samples: [a]}")
    #expect(labeled.collisionSamples.isEmpty)
    #expect(!labeled.arms.contains { $0.finetuning.collisions != nil })
    #expect(labeled.mainArm == "lorentz-augmented")
    let other = try smallStudy(
      "",
      samples: """
          - name: other
            files: [other.root]
            events:
              tree: Events
              objects:
                - {kind: muon, columns: {pt: pt, eta: eta, phi: phi, mass: 0.10566}}
              scalars: {vertices: npv}
        """)
    #expect(other.collisionSamples == ["data"])
  }
}
