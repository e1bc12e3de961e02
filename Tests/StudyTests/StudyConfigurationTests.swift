// SPDX-License-Identifier: Apache-2.0

import Foundation
import Study
import Testing

@Suite struct StudyConfigurationTests {
  @Test(arguments: [
    ("", true, true), ("pairwiseBias: false", false, false),
    ("referenceVectors: false", true, false), ("width: 32", true, true),
    ("pairwiseBias: false, referenceVectors: false", false, false),
  ])
  func `attention is biased unless the model says otherwise`(
    text: String, bias: Bool, references: Bool
  ) throws {
    let model = try smallStudy("model: {\(text)}\n").model
    #expect(model.pairwiseBias == bias && model.referenceVectors == references)
  }

  @Test func `fine-tuning has the augmentation of its own section, pre-training has not`() throws {
    let study = try smallStudy(
      """
      augmentation: {longitudinalBoost: 1, acceptance: {muon: 2.4}}
      finetuning: {augmentation: {momentumSmearing: 0.1}}
      """)
    #expect(study.pretraining.augmentation.longitudinalBoost == 1)
    #expect(study.pretraining.augmentation.momentumSmearing == 0)
    var expected = study.pretraining.augmentation
    expected.momentumSmearing = 0.1
    #expect(study.finetuning.augmentation == expected)
    for arm in study.arms where arm.joins.isEmpty {
      let isAugmented = arm.trees == nil && !["scratch", "lorentz"].contains(arm.name)
      #expect(arm.finetuning.augmentation == (isAugmented ? expected : nil), "\(arm.name)")
    }
  }

  @Test func `an arm may have an augmentation of its own`() throws {
    let study = try smallStudy(
      """
      study:
        arms:
          - {name: plain, augmentation: false}
          - {name: shared}
          - {name: own, finetuning: {augmentation: {longitudinalBoost: 0, dropFeatures: 0.2}}}
      """)
    var own = study.pretraining.augmentation
    own.longitudinalBoost = 0
    own.dropFeatures = 0.2
    let shared = study.pretraining.augmentation
    #expect(study.arms.map(\.finetuning.augmentation) == [nil, shared, own])
  }

  @Test func `every configuration that is shipped can be read`() throws {
    let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let folder = project.appendingPathComponent("Configurations").path
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".yaml") }
    #expect(names.count >= 6)
    for name in names {
      let study = try StudyConfiguration(path: "\(folder)/\(name)")
      let stem = URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
      #expect(study.name == stem)
    }
  }
}
