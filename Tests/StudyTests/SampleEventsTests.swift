// SPDX-License-Identifier: Apache-2.0

import Configuration
import EventModel
import Events
import Study
import Testing

@Suite struct SampleEventsTests {
  private func study(_ text: String) throws -> StudyConfiguration {
    try StudyConfiguration(ConfigurationNode(text: text, name: "study.yaml"))
  }

  private let muons = "{objects: [{kind: muon, prefix: Muon}]}"
  private let jets = "{objects: [{kind: jet, prefix: Jet}], scalars: {rho: rho}}"

  @Test func `a sample's own section replaces that of the top level`() throws {
    let study = try study(
      """
      events: \(muons)
      samples:
        - {name: jets, files: [a.root], events: \(jets)}
        - {name: muons, files: [b.root]}
      """)
    let schemas = study.samples.map { study.events(of: $0).schema }
    #expect(schemas.map { $0.objectKinds.map(\.name) } == [["jet"], ["muon"]])
    #expect(schemas.map(\.scalars) == [["rho"], []])
  }

  @Test func `no section of the top level is needed where every sample has one`() throws {
    let study = try study("samples: [{name: jets, files: [a.root], events: \(jets)}]")
    #expect(study.events == nil)
    #expect(try study.scoredEvents(as: nil).schema.objectKinds.map(\.name) == ["jet"])
    let error = try #require(throws: ConfigurationError.self) {
      try self.study(
        """
        samples:
          - {name: jets, files: [a.root], events: \(jets)}
          - {name: muons, files: [b.root]}
        """)
    }
    #expect(
      error.description.contains(
        "study.yaml:1:1: events is missing; expected a mapping of keys to values"))
  }

  @Test func `files are scored as the samples with labels were read`() throws {
    let study = try study(
      """
      events: \(jets)
      samples:
        - {name: data, files: [a.root]}
        - {name: signal, files: [b.root], label: 1, events: \(muons)}
        - {name: background, files: [c.root], label: 0, events: \(muons)}
      """)
    #expect(try study.scoredEvents(as: nil).schema.objectKinds.map(\.name) == ["muon"])
    #expect(try study.scoredEvents(as: "data").schema.objectKinds.map(\.name) == ["jet"])
    let error = #expect(throws: ModelError.self) { try study.scoredEvents(as: "date") }
    #expect(error?.code == .unknownSample)
    #expect(error?.description.contains("Did you mean data?") == true)
  }

  @Test func `a mistake in a sample's section is told with its place`() throws {
    let error = try #require(throws: ConfigurationError.self) {
      try study("samples: [{name: jets, files: [a.root], events: {objects: []}}]")
    }
    #expect(error.description.contains("samples.0.events.objects is empty"))
    let unknown = try #require(throws: ConfigurationError.self) {
      try study(
        "samples: [{name: jets, files: [a.root], events: {objects: [{kind: a, prefix: A}], scalar: {}}}]"
      )
    }
    #expect(
      unknown.description.contains(
        "unknown key samples.0.events.scalar. Did you mean scalars?"))
  }
}
