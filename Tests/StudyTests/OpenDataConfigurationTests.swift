// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import TestSupport
import Testing

@testable import Study

/// `Configurations/cms-open-data-tau-2012.yaml`, whose files no test can reach.
@Suite struct OpenDataConfigurationTests {
  private func configuration() throws -> StudyConfiguration {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Configurations").standardized
    return try StudyConfiguration(
      path: folder.appendingPathComponent("cms-open-data-tau-2012.yaml").path, overrides: [])
  }

  @Test func `every sample is a file of the portal`() throws {
    let samples = try configuration().samples
    #expect(samples.count == 9)
    for sample in samples {
      let files = try sample.matchingFiles()
      #expect(files.count == 1)
      #expect(files[0].hasPrefix("https://opendata.cern.ch/eos/opendata/cms/derived-data/"))
    }
    #expect(samples.compactMap(\.maximumEvents).reduce(0, +) == 34_744 + 21_660)
    #expect(samples.filter { $0.label == nil }.map(\.name) == ["dataB", "dataC"])
  }

  @Test(.enabled(if: SharedData.isAvailable))
  func `its selection and objects can be computed on reduced NanoAOD`() throws {
    let configuration = try configuration()
    let path = SharedData.path("cms-singlemu-2012/Run2012B_SingleMu_1000.root")
    let events = configuration.events(of: configuration.samples[0])
    let file = try EventFile(path: path, events: events)
    let batch = try file.events(in: 0..<file.entryCount)
    #expect(batch.eventCount < 20)
  }

  @Test(.enabled(if: SharedData.isAvailable))
  func `the schema is that of the skim, so that a backbone serves both`() throws {
    let own = try configuration()
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Configurations").standardized
    let skim = try StudyConfiguration(
      path: folder.appendingPathComponent("cms-tau-2012.yaml").path, overrides: [])
    #expect(own.events(of: own.samples[0]).schema == skim.events(of: skim.samples[0]).schema)
  }
}
