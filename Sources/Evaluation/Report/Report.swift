// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// The page that shows the results of a study: one file, without scripts and without anything
/// from elsewhere.
///
///     try Report(results).write(to: "results/demo")
///
/// It writes `results.json`, `tables.txt`, `report.html`, and `plots/` with data, script and
/// picture of each figure.
public struct Report: Sendable {
  /// What is reported.
  public let results: StudyResults
  /// The figures, in order.
  public let plots: [Plot]

  /// Prepares the report.
  ///
  /// - Throws: ``EvaluationError`` with code `inconsistentResults`.
  public init(_ results: StudyResults) throws(EvaluationError) {
    try results.validate()
    self.results = results
    plots = Plot.all(of: results)
  }

  /// Writes everything into a folder, which is created where it is missing.
  ///
  /// Without gnuplot, or where it fails, all else is written, the page says which figures are
  /// missing, and then the error is thrown: no result is lost.
  ///
  /// - Parameters:
  ///   - folder: Where the files go; older ones of the same names are replaced.
  ///   - searchPath: Where gnuplot is looked for; the environment's PATH where it is absent.
  /// - Throws: ``EvaluationError`` with code `gnuplotMissing` or `gnuplotFailed`, or
  ///   `FileSystemError`.
  public func write(to folder: String, searchPath: String? = nil) throws {
    try createFolder(folder)
    try results.write(to: "\(folder)/results.json")
    try writeAtomically(
      "\(results.table())\n\(results.pairedTables())", to: "\(folder)/tables.txt")
    let plotFolder = "\(folder)/plots"
    for plot in plots { try plot.write(to: plotFolder) }

    var pictures: [String: String] = [:]
    var failure: EvaluationError?
    do {
      let gnuplot = try Gnuplot(searchPath: searchPath)
      for plot in plots { pictures[plot.name] = try gnuplot.draw(plot, in: plotFolder) }
    } catch let error as EvaluationError {
      failure = error
    }
    try writeAtomically(
      html(pictures: pictures, problem: failure?.description), to: "\(folder)/report.html")
    if let failure { throw failure }
  }

  /// Writes the page.
  ///
  /// - Parameters:
  ///   - pictures: The SVG of each plot by its name; plots without one are named on the page.
  ///   - problem: Why pictures are missing.
  /// - Returns: HTML that XML parsers read too.
  public func html(pictures: [String: String], problem: String? = nil) -> String {
    let body =
      header
      + (problem.map { HTML.paragraph("Figures are missing: \($0)", style: "problem") } ?? "")
      + sections(pictures: pictures)
    return """
      <!DOCTYPE html>
      <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <title>\(HTML.escape(results.name))</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <main>
      \(body)</main>
      </body>
      </html>

      """
  }

  private var header: String {
    let environment = results.environment
    let cores = environment.cores == 1 ? "1 core" : "\(environment.cores) cores"
    let line =
      "Lorentz \(environment.version) · \(environment.date) · \(environment.machine), \(cores) · "
      + "seed \(environment.seed)"
    return "<header>\n<h1>\(HTML.escape(results.name))</h1>\n"
      + HTML.paragraph(results.summary, style: "lead") + HTML.paragraph(line, style: "meta")
      + "</header>\n"
  }
}
