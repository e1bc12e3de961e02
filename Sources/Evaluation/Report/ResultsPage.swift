// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// Several studies on one page of Markdown, with the command that repeats each.
///
///     try ResultsPage(studies: ["results/a", "results/b"], preface: text).write(to: "Results.md")
///
/// Figures are copied beside the page, into `figures/`.
public struct ResultsPage: Sendable {
  /// A study and the folder that it wrote.
  public struct Study: Sendable {
    /// What was measured.
    public let results: StudyResults
    /// The folder, with `plots/`.
    public let folder: String
  }

  /// The studies, in the order of the page.
  public let studies: [Study]
  /// What stands above the studies, in Markdown.
  public let preface: String

  /// Reads the results of studies.
  ///
  /// - Parameters:
  ///   - folders: The folders that studies wrote.
  ///   - preface: What stands above the studies, in Markdown.
  /// - Throws: ``EvaluationError`` or `FileSystemError` if a folder holds no results.
  public init(studies folders: [String], preface: String) throws {
    studies = try folders.map {
      Study(results: try StudyResults(contentsOf: "\($0)/results.json"), folder: $0)
    }
    self.preface = preface
  }

  /// Writes the page and its figures.
  ///
  /// - Throws: `FileSystemError` if a file cannot be written.
  public func write(to path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try createFolder(folder)
    for study in studies {
      for figure in study.figures {
        guard let picture = FileManager.default.contents(atPath: figure.source) else { continue }
        try createFolder(folder + "/figures")
        try writeAtomically(picture, to: "\(folder)/\(figure.path)")
      }
    }
    try writeAtomically(markdown, to: path)
  }

  /// The page.
  public var markdown: String {
    preface.trimmingCharacters(in: .newlines) + "\n"
      + studies.map { "\n" + $0.section }.joined()
  }
}

extension ResultsPage.Study {
  /// The figures that the study drew and the page shows: where from, where beside the page, and what
  /// stands for them.
  var figures: [(source: String, path: String, words: String)] {
    let name = URL(fileURLWithPath: folder).lastPathComponent
    return [
      (
        "\(folder)/plots/learning_curve.svg", "figures/\(name).svg",
        "Area under the ROC curve against the number of labels"
      ),
      (
        "\(folder)/plots/scaling.svg", "figures/\(name)-scaling.svg",
        "Area under the ROC curve against the number of events of the pre-training"
      ),
    ].filter { FileManager.default.fileExists(atPath: $0.0) }
  }

  /// What the page says of the study.
  var section: String {
    var text = "## \(results.name)\n\n"
    text += results.dataDescription.map { "- \($0)\n" }.joined()
    text += "\n\(results.summary)\n\n"
    for figure in figures { text += "![\(figure.words)](\(figure.path))\n\n" }
    text += "Area under the ROC curve, mean ± standard error over seeds" + testError + ":\n\n"
    text += results.areaTable.markdown
    text += results.collisionNotes.map { "\n\($0)\n" }.joined()
    for reference in results.references {
      let table = results.differenceTable(reference: reference)
      guard !table.rows.isEmpty else { continue }
      text += "\nCompared with “\(results.title(of: reference))”, over common seeds:\n\n"
      text += table.markdown
    }
    if !results.costs.isEmpty { text += "\nCosts:\n\n\(results.costTable.markdown)" }
    if !results.command.isEmpty { text += "\n```\n\(results.command)\n```\n" }
    let environment = results.environment
    return text + "\nLorentz \(environment.version), \(environment.date), \(environment.machine), "
      + "\(environment.cores) cores.\n"
  }

  private var testError: String {
    guard let largest = results.runs.compactMap(\.aucStandardError).max() else { return "" }
    return "; the finite number of test events adds a common error of up to "
      + Format.area(largest)
  }
}
