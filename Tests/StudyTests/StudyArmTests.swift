// SPDX-License-Identifier: Apache-2.0

import Classification
import Configuration
import Foundation
import TestSupport
import Testing

@testable import Study

/// Arms that join others, and pre-trainings and arms with models of their own.
@Suite struct StudyArmTests {
  /// A run of an arm with these scores.
  private func run(
    _ study: StudyConfiguration, _ arm: Int, _ scores: [Float], _ share: TreeShare? = nil
  ) -> StudyRun {
    StudyRun(
      plan: .init(
        arm: study.arms[arm], labelsPerClass: 10, seed: 3, model: study.model,
        testEvents: [1, 1], eventFingerprint: "x", isDevelopment: false,
        classNames: study.classNames),
      history: .init(rounds: 1, trainingCount: 20, seconds: 2), parameterCount: 5,
      scores: scores, testEvents: Array(scores.indices), treeShare: share)
  }

  @Test func `an arm joins others by their mean logit`() throws {
    let study = try smallStudy(
      """
      study:
        arms:
          - {name: a}
          - {name: b, pretraining: lorentz}
          - {name: both, title: Both, joins: [a, b]}
      """)
    #expect(study.arms[2].joins == ["a", "b"] && study.arms[2].title == "Both")
    let joined = StudyRun.joined(
      [run(study, 0, [0.5, 0.2, 0]), run(study, 1, [0.9, 0.2, 1])], as: study.arms[2])
    // The mean of the logits 0 and ln 9 is ln 3; certain scores that disagree are worth nothing.
    #expect(worstDifference(joined.scores, [0.75, 0.2, 0.5], absolute: 1e-4) == nil)
    #expect(joined.parameterCount == 10 && joined.history.seconds == 4)
    #expect(joined.plan.arm.name == "both" && joined.plan.seed == 3)
  }

  @Test func `trees count as much as the arm that they join has chosen`() throws {
    let study = try smallStudy(
      """
      study:
        arms:
          - {name: trees, trees: {inputs: [variables]}}
          - {name: objects, trees: {inputs: [objects]}}
          - {name: a}
          - {name: b}
          - {name: both, joins: [a, trees]}
          - {name: others, joins: [b, objects]}
          - {name: three, joins: [a, b, trees]}
      """)
    #expect(study.trees(joining: study.arms[2])?.inputs == [.variables])
    // Trees on objects are not those that finetune would train.
    #expect(study.trees(joining: study.arms[3]) == nil)
    #expect(study.trees(joining: study.arms[0]) == nil)
    let share = TreeShare(share: 0.75, scale: 2)
    // 2 (0.25 ln 9 + 0.75 · 0), then the mean of ln 9, 0 and 0.
    let joined = StudyRun.joined(
      [run(study, 2, [0.9], share), run(study, 0, [0.5])], as: study.arms[4])
    #expect(isClose(joined.scores[0], 0.75, absolute: 1e-4))
    let three = StudyRun.joined(
      [run(study, 2, [0.9], share), run(study, 3, [0.5]), run(study, 0, [0.5])], as: study.arms[6])
    #expect(isClose(three.scores[0], Float(1 / (1 + pow(9, -1.0 / 3))), absolute: 1e-4))
  }

  @Test(arguments: [
    ("{name: c, joins: [a]}", "an arm, c, that joins a"),
    ("{name: c, joins: [a, a]}", "an arm, c, that joins a, a"),
    ("{name: c, joins: [a, x]}", "an arm, c, that joins a, x"),
    ("{name: c, pretraining: lorentz, model: {width: 8}}", "study.pretrainings.lorentz"),
  ])
  func `arms that cannot be trained are refused`(arm: String, words: String) throws {
    let error = try #require(
      #expect(throws: ConfigurationError.self) {
        try smallStudy("study: {arms: [{name: a}, {name: b}, \(arm)]}")
      })
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test func `no pre-training may be called none, which is what arms from scratch say`() throws {
    let error = try #require(
      #expect(throws: ConfigurationError.self) {
        try smallStudy("study: {pretrainings: {none: {}}, arms: [{name: a, pretraining: none}]}")
      })
    #expect("\(error)".contains("start from random weights"), "\(error)")
  }

  @Test func `pre-trainings and arms may have models of their own`() throws {
    let study = try smallStudy(
      """
      model: {width: 32, heads: 4}
      study:
        pretrainings:
          wide: {model: {width: 128}, augmentation: {longitudinalBoost: 0}, epochs: 3}
          plain: {}
        arms:
          - {name: a, model: {layers: 2}}
          - {name: b, pretraining: wide}
          - {name: c, pretraining: plain}
      """)
    let wide = study.pretrainings[0]
    #expect(wide.model.width == 128 && wide.model.heads == 4)
    #expect(wide.configuration.augmentation.longitudinalBoost == 0)
    #expect(wide.configuration.augmentation.rotateAboutBeam)
    #expect(study.pretrainings[1].model.width == 32)
    #expect(study.pretrainings[1].configuration.augmentation.longitudinalBoost == 0.5)
    #expect(study.arms[0].model?.layers == 2 && study.arms[0].model?.width == 32)
  }

  @Test func `finetune reads variables by default, arms of a list where they say so`() throws {
    let arms = "study: {arms: [{name: a}, {name: b, finetuning: {variables: true}}]}"
    let silent = try smallStudy(arms)
    #expect(silent.finetuning.variables)
    #expect(silent.arms.map(\.finetuning.variables) == [false, true])
    let on = try smallStudy("finetuning: {variables: true}\n" + arms)
    #expect(on.arms.map(\.finetuning.variables) == [true, true])
    #expect(try !smallStudy("finetuning: {variables: false}").finetuning.variables)
  }

  @Test func `draws of labeled events take the seeds of a pre-training in turn`() throws {
    let study = try smallStudy("study: {pretrainingSeeds: 2, seeds: 3}")
    let runner = StudyRunner(
      configuration: study, folder: "x", command: "", progress: .init(isQuiet: true))
    let arm = try #require(study.arms.first { $0.name == "lorentz" })
    let backbones = (0..<3).map { runner.backbone(of: arm, labelSeed: $0) }
    #expect(backbones.map { $0?.folder } == ["lorentz", "lorentz/seeds/2", "lorentz"])
    #expect(backbones.map { $0?.pretraining.configuration.seed } == [1, 2, 1])
    #expect(runner.backbone(of: study.arms[0], labelSeed: 0) == nil)
    #expect(backbones.allSatisfy { $0?.start == nil })
  }

  @Test func `a pre-training goes on with the one of the same seed`() throws {
    let study = try smallStudy(
      """
      study:
        pretrainingSeeds: 2
        pretrainings: {first: {}, second: {from: first}}
        arms: [{name: x, pretraining: second}]
      """)
    let runner = StudyRunner(
      configuration: study, folder: "x", command: "", progress: .init(isQuiet: true))
    let backbones = (0..<2).map { runner.backbone(of: study.arms[0], labelSeed: $0) }
    #expect(backbones.map { $0?.folder } == ["second", "second/seeds/2"])
    #expect(backbones.map { $0?.start } == ["first", "first/seeds/2"])
  }
}
