// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Runtime
import Testing

@Suite struct ResultsPageTests {
  /// A folder that is removed with the test.
  private func folder() throws -> String {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path
  }

  @Test func `a page holds every study with its tables, command and figure`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var results = StudyFixture.small()
    results.command = "lorentz study tau.yaml -o first"
    results.furtherReferences = ["pretrained"]
    try createFolder(folder + "/first/plots")
    try results.write(to: folder + "/first/results.json")
    try writeAtomically("<svg/>", to: folder + "/first/plots/learning_curve.svg")
    try writeAtomically("<svg/>", to: folder + "/first/plots/scaling.svg")
    results.name = "Second"
    try createFolder(folder + "/second")
    try results.write(to: folder + "/second/results.json")

    let page = try ResultsPage(
      studies: [folder + "/first", folder + "/second"], preface: "# Results\n\nWords.\n\n")
    try page.write(to: folder + "/page/Results.md")
    let text = try String(contentsOfFile: folder + "/page/Results.md", encoding: .utf8)
    #expect(text.hasPrefix("# Results\n\nWords.\n\n## Tau pairs\n"))
    #expect(text.contains("## Second\n") && text.contains("lorentz study tau.yaml -o first"))
    #expect(text.contains("| From scratch | 0.680 ± 0.006 | 0.780 ± 0.006 |"))
    // The differences to the first reference, and with the other sign those to the second.
    #expect(text.contains("Compared with “From scratch”, over common seeds:"))
    #expect(text.contains("| 50 | Pre-trained on real data | +0.050 ± 0.003 | 3 of 3 | 2.0 |"))
    #expect(text.contains("| 50 | From scratch | -0.050 ± 0.003 | 0 of 3 |"))
    #expect(text.contains("(figures/first.svg)") && !text.contains("(figures/second.svg)"))
    #expect(FileManager.default.fileExists(atPath: folder + "/page/figures/first.svg"))
    #expect(text.contains("(figures/first-scaling.svg)"))
    #expect(FileManager.default.fileExists(atPath: folder + "/page/figures/first-scaling.svg"))
  }

  @Test func `a folder without results is an error that names it`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let error = try #require(
      #expect(throws: FileSystemError.self) {
        try ResultsPage(studies: [folder + "/nothing"], preface: "")
      })
    #expect("\(error)".contains("nothing/results.json"))
  }
}
