// SPDX-License-Identifier: Apache-2.0

import Configuration
import Study
import Testing

@Suite struct PretrainingSamplesTests {
  @Test func `a pre-training has samples and a mixture of its own`() throws {
    let study = try smallStudy(
      """
      pretraining: {samples: [data, a], mixture: {data: 3, a: 1}, epochs: 7}
      study:
        pretrainings:
          same: {}
          longer: {epochs: 9}
          alone: {samples: [data]}
          even: {mixture: {data: 1, a: 1}}
          plain: {mixture: {}}
        arms: [{name: x, pretraining: same}]
      """)
    #expect(study.pretrainingSamples == ["data", "a"])
    #expect(study.pretraining.mixture == ["data": 3, "a": 1])
    let own = study.pretrainings
    #expect(own.map(\.name) == ["same", "longer", "alone", "even", "plain"])
    #expect(
      own.map(\.samples) == [
        ["data", "a"], ["data", "a"], ["data"], ["data", "a"], ["data", "a"],
      ])
    #expect(
      own.map(\.configuration.mixture) == [
        ["data": 3, "a": 1], ["data": 3, "a": 1], nil, ["data": 1, "a": 1], nil,
      ])
    #expect(own.map(\.configuration.epochs) == [7, 9, 7, 7, 7])
  }

  @Test func `without names all samples without a label are trained on, in all pre-trainings`()
    throws
  {
    let study = try smallStudy("")
    #expect(study.pretrainings.map(\.samples) == [["data"], ["data"]])
    #expect(study.pretraining.mixture == nil)
  }

  @Test(arguments: [
    (
      "pretraining: {samples: [data, a], mixture: {data: 1}}",
      "pretraining.mixture is weights of data; expected one of each sample, data, a."
    ),
    (
      "pretraining: {mixture: {dat: 1}}",
      "pretraining.mixture is weights of dat; expected one of each sample, data."
    ),
    (
      "pretraining: {mixture: {data: 0}}",
      "pretraining.mixture.data is 0; expected a number above 0."
    ),
    (
      "pretraining: {samples: [data, data]}",
      "pretraining.samples is data a second time; expected each once."
    ),
    (
      "study: {pretrainings: {x: {samples: [dta]}}}",
      "study.pretrainings.x.samples is dta; expected names among a, b, data."
    ),
  ])
  func `samples and weights that do not fit are told with their place`(
    sections: String, words: String
  ) throws {
    let error = try #require(throws: ConfigurationError.self) { try smallStudy(sections) }
    #expect(error.description.contains(words), "\(error)")
  }
}
