// SPDX-License-Identifier: Apache-2.0

import Configuration
import Study
import Testing

@Suite struct StudyConfigurationTests {
  private func configuration(_ text: String) throws -> StudyConfiguration {
    try StudyConfiguration(
      ConfigurationNode(
        text: """
          events:
            tree: Events
            objects:
              - {kind: muon, columns: {pt: pt, eta: eta, phi: phi, mass: 0.10566}}
          samples:
            - {name: a, files: [a.root], label: 0}
            - {name: b, files: [b.root], label: 1}
            - {name: data, files: [data.root]}
          \(text)
          """, name: "study.yaml"))
  }

  @Test func `fine-tuning has the augmentation of its own section, pre-training has not`() throws {
    let study = try configuration(
      """
      augmentation: {longitudinalBoost: 1, acceptance: {muon: 2.4}}
      finetuning: {augmentation: {momentumSmearing: 0.1}}
      """)
    #expect(study.pretraining.augmentation.longitudinalBoost == 1)
    #expect(study.pretraining.augmentation.momentumSmearing == 0)
    var expected = study.pretraining.augmentation
    expected.momentumSmearing = 0.1
    #expect(study.finetuning.augmentation == expected)
    for arm in study.arms {
      #expect(
        arm.finetuning.augmentation == (arm.name.hasSuffix("-augmented") ? expected : nil),
        "\(arm.name)")
    }
  }

  @Test func `an arm may have an augmentation of its own`() throws {
    let study = try configuration(
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
}
