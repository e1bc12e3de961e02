// SPDX-License-Identifier: Apache-2.0

import Configuration
import Testing

@testable import Study

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

  @Test func `a study's variables are those that pre-trainings predict`() throws {
    let study = try smallStudy(
      """
      variables: {pt: "muon[0].pt"}
      pretraining: {objectives: {variables: {}}}
      study:
        pretrainings: {own: {objectives: {variables: {expressions: {eta: "muon[0].eta"}}}}, same: {}}
        arms: [{name: x, pretraining: own}]
      """)
    let schema = try #require(study.events).schema
    let expressions = study.pretrainings.map {
      study.fitted($0.configuration, to: schema).objectives.variables?.expressions
    }
    #expect(expressions == [["eta": "muon[0].eta"], ["pt": "muon[0].pt"]])
  }

  @Test func `a pre-training goes on with another, whose size it has`() throws {
    let study = try smallStudy(
      """
      study:
        pretrainings:
          unused: {}
          first: {model: {width: 32}}
          second: {from: first, objectives: {objectType: {}}}
          third: {from: second}
        arms: [{name: x, pretraining: third}]
      """)
    #expect(study.pretrainings.map(\.from) == [nil, nil, "first", "second"])
    #expect(study.pretrainings.map(\.model.width) == [64, 32, 32, 32])
    #expect(study.wantedPretrainings.map(\.name) == ["first", "second", "third"])
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
    (
      "pretraining: {samples: [data, a], objectives: {process: {}}}",
      "pretraining.samples is a among others, which has a label; expected samples without labels"
    ),
    (
      "pretraining: {objectives: {process: {samples: [data]}}}",
      "pretraining.objectives.process.samples is a list; expected two different samples or more."
    ),
    (
      "pretraining: {objectives: {}}",
      "expected at least one of maskedObjects, kinematicInvariants, objectType, hiddenSets, "
        + "agreement, variables, process."
    ),
    (
      "study: {pretrainings: {x: {from: y}, y: {}}}",
      "study.pretrainings.x.from is y; expected a pre-training that stands before it, and none does."
    ),
    (
      "study: {pretrainings: {y: {}, x: {from: z}}}",
      "study.pretrainings.x.from is z; expected a pre-training that stands before it, y."
    ),
    (
      "study: {pretrainings: {y: {}, x: {from: y, model: {width: 8}}}}",
      "study.pretrainings.x.model is beside y, which has its own; expected only one of the two."
    ),
  ])
  func `samples and weights that do not fit are told with their place`(
    sections: String, words: String
  ) throws {
    let error = try #require(throws: ConfigurationError.self) { try smallStudy(sections) }
    #expect(error.description.contains(words), "\(error)")
  }
}
