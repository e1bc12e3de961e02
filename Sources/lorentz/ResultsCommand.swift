// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Evaluation
import Foundation
import Runtime

/// `lorentz results`: several studies on one page.
struct ResultsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "results",
    abstract: "Write the results of several studies as one page of Markdown.",
    discussion: """
      Example:
        lorentz results results/demo results/cms-tau-2012 -o Results.md

      Figures are copied into the folder figures/ beside the page.
      """)

  @Argument(help: "The folders that studies wrote, in the order of the page.")
  var studies: [String]

  @Option(name: .shortAndLong, help: "The page.")
  var output: String

  @Option(help: "A file of Markdown that stands above the studies.")
  var preface: String?

  func run() throws {
    let text = try preface.map { String(decoding: try readFile($0), as: UTF8.self) }
    try ResultsPage(studies: studies, preface: text ?? "# Results").write(to: output)
    print("\(studies.count) studies: \(output)")
  }
}
