// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import FoundationXML
import Testing

@Suite struct ReportTests {
  private static let hasGnuplot = (try? Gnuplot()) != nil

  /// Reads XML and keeps what a page must not repeat or refer to.
  private final class PageReader: NSObject, XMLParserDelegate {
    var identifiers: [String] = []
    var references: [String] = []
    var elements: Set<String> = []
    var text = ""

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      elements.insert(name)
      if let identifier = attributes["id"] { identifiers.append(identifier) }
      for (key, value) in attributes where key.hasSuffix("href") || key == "src" {
        references.append(value)
      }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
  }

  private func read(_ page: String) -> PageReader? {
    let parser = XMLParser(data: Data(page.utf8))
    let reader = PageReader()
    parser.delegate = reader
    return parser.parse() ? reader : nil
  }

  @Test(.enabled(if: hasGnuplot, "needs gnuplot"))
  func `the report is one well-formed page with every figure`() throws {
    try StudyFixture.withTemporaryFolder { folder in
      let results = try StudyFixture.complete()
      let report = try Report(results)
      try report.write(to: folder)
      let page = try String(contentsOfFile: "\(folder)/report.html", encoding: .utf8)
      let reader = try #require(read(page))
      #expect(reader.identifiers.count == Set(reader.identifiers).count)
      // Nothing from elsewhere: every reference is to a part of the page that exists.
      for reference in reader.references {
        #expect(reference.hasPrefix("#"))
        #expect(reader.identifiers.contains(String(reference.dropFirst())))
      }
      #expect(!reader.elements.contains("script"))
      #expect(reader.text.contains(results.name))
      #expect(reader.text.contains("seeds: 3 # <three>"))
      #expect(
        report.plots.map(\.name) == [
          "learning_curve", "scaling", "roc_50", "roc_200", "scores_50", "scores_200",
          "pretraining_loss", "pretraining_objectives",
        ])
      for plot in report.plots {
        for ending in ["svg", "dat", "gp"] {
          #expect(FileManager.default.fileExists(atPath: "\(folder)/plots/\(plot.name).\(ending)"))
        }
        #expect(page.contains("id=\"\(plot.name)-gnuplot_canvas\""))
      }
      #expect(try StudyResults(contentsOf: "\(folder)/results.json") == results)
    }
  }

  @Test func `a scaling curve has the arms that have an area, by labels`() throws {
    let plot = Plot.scaling(of: try StudyFixture.complete())
    let rows = plot.data.split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: "\t").compactMap { Double($0) } }
    // x_1 has no run with 200 labels.
    #expect(rows.map { $0[0] } == [1000, 34_744, 34_744])
    #expect(rows.map { ($0[1] * 1000).rounded() } == [610, 730, 790])
    // The reference, from scratch, stands across.
    #expect(plot.script.contains("0.68 with lines") && plot.script.contains("0.78 with lines"))
    #expect(plot.script.components(separatedBy: "title 'From scratch'").count == 2)
  }

  @Test func `without gnuplot everything else is written and the page says what is missing`() throws
  {
    try StudyFixture.withTemporaryFolder { folder in
      let error = try #require(throws: EvaluationError.self) {
        try Report(StudyFixture.small()).write(to: folder, searchPath: "\(folder)/bin")
      }
      #expect(error.code == .gnuplotMissing)
      #expect(
        error.description
          == "cannot draw the plots: the program gnuplot is not on PATH. Install it with: "
          + "apt-get install gnuplot-nox")
      let page = try String(contentsOfFile: "\(folder)/report.html", encoding: .utf8)
      let reader = try #require(read(page))
      #expect(reader.text.contains("Figures are missing: \(error.description)"))
      #expect(reader.text.contains("0.730 ± 0.003"))
      #expect(FileManager.default.fileExists(atPath: "\(folder)/plots/learning_curve.gp"))
    }
  }

  @Test func `gnuplot's own words are passed on`() throws {
    try StudyFixture.withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/bin", withIntermediateDirectories: true)
      let program = "\(folder)/bin/gnuplot"
      try "#!/bin/sh\necho '\"x.gp\" line 3: undefined variable: y' >&2\nexit 1\n"
        .write(toFile: program, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
      let plot = Plot.learningCurve(of: StudyFixture.small())
      try plot.write(to: folder)
      let gnuplot = try Gnuplot(searchPath: "\(folder)/none:\(folder)/bin")
      let error = try #require(throws: EvaluationError.self) { try gnuplot.draw(plot, in: folder) }
      #expect(error.code == .gnuplotFailed)
      #expect(
        error.description
          == "cannot draw \(folder)/learning_curve.svg: gnuplot ended with status 1: \"x.gp\" line "
          + "3: undefined variable: y. Run gnuplot on the script beside it to see more.")
    }
  }

  @Test func `the data file of a plot is the table behind it`() {
    #expect(
      Plot.learningCurve(of: StudyFixture.small()).data.hasPrefix(
        """
        # From scratch
        # labels_per_class\tmean_auc\tstandard_error\tseeds
        50\t0.68\t0.0057735\t3
        200\t0.78\t0.0057735\t3


        # From scratch: each seed
        # labels_per_class\tauc\tseed
        50\t0.67\t0

        """))
  }

  @Test func `of many arms those that are compared have a color`() {
    var results = StudyFixture.small()
    for number in 2...8 {
      StudyFixture.add(
        StudyResults.Arm(name: "arm-\(number)", title: "Arm \(number)", description: ""),
        area: 0.7, to: &results)
    }
    let entries = Plot.learningCurve(of: results).script.split(separator: "\n")
      .filter { $0.contains(" title '") && $0.contains("data index") }
    #expect(entries.count == 3)
    #expect(entries[0].contains("'Other arms, see the table'") && entries[0].contains("'#CCCCCC'"))
    #expect(entries[1].contains("'From scratch'") && entries[1].contains("'#0072B2'"))
    #expect(entries[2].contains("'Pre-trained on real data'") && entries[2].contains("'#D55E00'"))
    results.arms.removeLast()
    let all = Plot.learningCurve(of: results).script.split(separator: "\n")
      .filter { $0.contains(" title '") && $0.contains("data index") }
    #expect(all.count == 8 && !all.contains { $0.contains("Other arms") })
  }

  @Test func `a run made of a curve carries loss and error into the page`() throws {
    var results = StudyFixture.small()
    let events = try StudyFixture.scores(separation: 1)
    let curve = ROCCurve(events)
    results.runs[0] = StudyResults.Run(
      arm: "scratch", labelsPerClass: 50, seed: 0, curve: curve, logLoss: try events.logLoss())
    #expect(results.runs[0].aucStandardError == curve.areaStandardError)
    let reader = try #require(read(try Report(results).html(pictures: [:])))
    let error = String(format: "%.3f", try #require(curve.areaStandardError))
    #expect(reader.text.contains("a standard error of up to \(error) (DeLong)"))
    #expect(reader.text.contains("Log loss"))
    #expect(results.table().contains(String(format: "%.3f", try events.logLoss())))
  }

  @Test func `a study without any run still has a page`() throws {
    var results = StudyFixture.small()
    results.runs = []
    let page = try Report(results).html(pictures: [:])
    let reader = try #require(read(page))
    #expect(reader.text.contains("No run has finished."))
  }

  @Test(.enabled(if: hasGnuplot, "needs gnuplot"))
  func `figures are drawn also where an arm or a curve is empty`() throws {
    try StudyFixture.withTemporaryFolder { folder in
      var results = StudyFixture.small()
      results.runs.removeAll { $0.arm == "scratch" || $0.labelsPerClass == 200 }
      results.pretrainingCurves = [StudyResults.PretrainingCurve(name: "none", points: [])]
      results.pretrainingCurves.append(
        StudyResults.PretrainingCurve(
          name: "diverged",
          points: [
            StudyResults.PretrainingCurve.Point(
              position: 1, trainingLoss: .nan, objectives: ["masked objects": .nan])
          ]))
      results.rocCurves = [
        StudyResults.ArmROC(arm: "scratch", labelsPerClass: 50, points: [])
      ]
      try Report(results).write(to: folder)
    }
  }
}
