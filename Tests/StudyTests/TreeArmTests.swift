// SPDX-License-Identifier: Apache-2.0

import Configuration
import Events
import Foundation
import TestSupport
import Testing

@testable import Study

@Suite struct TreeArmTests {
  @Test func `a study has trees among its arms, whether it names variables or not`() throws {
    let plain = try smallStudy("")
    #expect(
      plain.arms.prefix(3).map(\.title) == [
        "Trees, automatic variables", "Trees, objects", "Trees, with collisions",
      ])
    #expect(
      plain.arms.filter { $0.trees == nil }.map(\.name) == [
        "scratch", "scratch-augmented", "scratch-variables", "scratch-collisions",
        "baseline-augmented", "lorentz", "lorentz-augmented", "lorentz-variables",
        "lorentz-collisions", "scratch-trees", "lorentz-trees", "scratch-all", "lorentz-all",
      ])
    #expect(plain.mainArm == "lorentz-all" && plain.referenceArm == "scratch-augmented")
    #expect(plain.furtherReferences == ["trees", "scratch-all", "baseline-augmented"])
    #expect(plain.arms.filter(\.finetuning.variables).map(\.name).count == 4)
    let named = try smallStudy("variables: {pt: \"muon[0].pt\"}\ntrees: {depth: 5}")
    #expect(named.variables?.names == ["pt"])
    #expect(named.arms[0].title == "Trees, high-level variables")
    #expect(named.arms[0].trees?.inputs == [.variables])
    #expect(named.arms[1].trees?.inputs == [.objects])
    #expect(named.arms[1].trees?.training.depth == 5)
  }

  @Test func `an arm of trees has inputs and settings of its own`() throws {
    let study = try smallStudy(
      """
      trees: {rounds: 70}
      study:
        arms:
          - {name: both, trees: {inputs: [variables, objects], depth: 1}}
          - {name: vectors, pretraining: lorentz, trees: {inputs: [embedding]}}
          - {name: scratch}
      """)
    #expect(study.arms.map { $0.trees?.inputs } == [[.variables, .objects], [.embedding], nil])
    #expect(study.arms[0].trees?.training.depth == 1)
    #expect(study.arms[0].trees?.training.rounds == 70)
    #expect(study.arms[1].pretraining == "lorentz")
  }

  @Test(arguments: [
    (
      "{name: a, trees: {inputs: [variabels]}}",
      "is variabels; expected some of variables, automaticVariables, objects, embedding."
    ),
    (
      "{name: a, trees: {inputs: []}}",
      "is empty, or has one twice; expected some of variables, automaticVariables, objects, "
        + "embedding."
    ),
    (
      "{name: a, trees: {inputs: [embedding]}}",
      "is on an embedding without a pre-training; expected a pretraining with the input embedding, "
        + "and none without."
    ),
    (
      "{name: a, pretraining: lorentz, trees: {}}",
      "is beside a pre-training that it does not use; expected a pretraining with the input "
        + "embedding, and none without."
    ),
    (
      "{name: a, trees: {inputs: [objects]}, finetuning: {collisions: {}}}",
      "is collisions beside trees on objects alone; expected trees on variables or an embedding, by "
        + "which collisions are weighed."
    ),
    (
      "{name: a, finetuning: {collisions: {}}}",
      "is collisions without a pre-training and without variables; expected one of the two, by "
        + "which collisions are weighed. Set variables: true, or collisions: {events: 0}, in the "
        + "arm's finetuning."
    ),
    (
      "{name: a, pretraining: lorentz, finetuning: {collisions: {worth: -1}}}",
      "finetuning.collisions.worth is -1; expected"
    ),
    ("{name: a, trees: {deph: 3}}", "unknown key study.arms.0.trees.deph. Did you mean depth?"),
    ("{name: a, trees: {}, augmentation: true}", "unknown key study.arms.0.augmentation."),
  ])
  func `trees that cannot be are refused`(_ arm: String, _ words: String) throws {
    let error = try #require(
      #expect(throws: ConfigurationError.self) { try smallStudy("study: {arms: [\(arm)]}") })
    #expect(error.description.contains(words), "\(error)")
  }

  @Test func `the frame of objects knows no rotation about the beam and no reflection`() throws {
    let batch = TinyEvents.batch(eventCount: 100)
    let objects = LeadingObjects(of: batch, maximum: 2)
    // Two muons of 6 numbers, two jets of 5, missing momentum of 2, and the scalar.
    #expect(objects.width == 25)
    let values = objects.values(of: batch)
    #expect(values.count == 2500)
    var moved = batch
    for index in 0..<batch.objectCount {
      moved.momenta[4 * index + 1] *= -1
      let phi = 1.7 - moved.momenta[4 * index + 2]
      moved.momenta[4 * index + 2] = phi > .pi ? phi - 2 * .pi : phi
    }
    #expect(
      worstDifference(objects.values(of: moved), values, relative: 1e-5, absolute: 1e-5) == nil)
    for event in 0..<batch.eventCount {
      let row = values[25 * event..<25 * (event + 1)].map { $0 }
      let muons = batch.range(of: event).filter { batch.kinds[$0] == 0 }
      #expect(row[0] == batch.momenta[4 * muons[0]])
      #expect(row[1] >= 0 && row[2] == 0)
      #expect(row[6].isNaN == (muons.count < 2))
      #expect(row[24] == batch.scalars[event])
    }
  }

  @Test func `automatic variables know pairs, sums and counts, whatever the names`() throws {
    let schema = EventSchema(
      objectKinds: [
        ObjectKind(name: "b jet", features: ["tag one"]),
        ObjectKind(name: "muon", features: ["Charge"]),
        ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
      ], scalars: ["npv", "not"])
    let variables = EventVariables(automaticFor: schema)
    for text in [
      "`b jet`[0].pt", "`b jet`[0]`.tag one`", "min(mass(`b jet`, muon))",
      "nearest(mass(`b jet`, `b jet`, `b jet`), 172.5)", "nearest(mass(muon, muon), 91.2)",
      "min(abs(deltaPhi(`b jet`, missingMomentum[0])))", "mass(`b jet`[0], muon[0])",
      "transverseMass(muon[0], missingMomentum[0])", "npv", "`not`", "missingMomentum[0].pt",
      "sum(`b jet.pt`) + sum(muon.pt) + missingMomentum[0].pt", "length(muon.pt)",
      "`b jet`[1, `tag one`]`.tag one`", "mass(`b jet`[0, `tag one`], `b jet`[1, `tag one`])",
      "muon[0].Charge * muon[1].Charge", "transverseMass(muon[0], muon[1], missingMomentum[0])",
    ] {
      #expect(variables.names.contains(text), "\(text)")
    }
    #expect(Set(variables.names).count == variables.names.count)
    // Jets: 4, nine of two and three, one with missing momentum, five of the feature. Muons: 3 and
    // three of two. Both: four. Charges: three. Two scalars, missing momentum and the sum.
    #expect(variables.names.count == 19 + 6 + 4 + 3 + 4)
    let batch = TinyEvents.batch(eventCount: 20, schema: schema)
    #expect(try variables.values(of: batch).count == 20 * variables.names.count)
  }
}
