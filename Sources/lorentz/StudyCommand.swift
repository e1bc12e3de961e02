// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Evaluation
import Study

/// `lorentz study`: everything from one YAML file.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Measure what pre-training gains: prepare, pre-train, fine-tune every arm, report.",
    discussion: """
      Example:
        lorentz study Configurations/demo.yaml -o results/demo

      An interrupted study continues where it stopped when the command is given again. The output
      folder holds report.html, tables.txt, results.json and plots/.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(name: .shortAndLong, help: "The output folder.")
  var output: String

  func run() throws {
    let sets = options.overrides.map { " --set \($0)" }.joined()
    let progress = options.progress
    defer { progress.finish() }
    let results = try StudyRunner(
      configuration: try options.load(), folder: output,
      command: "lorentz study \(options.configuration) -o \(output)\(sets)", progress: progress
    ).run()
    if options.json {
      try printJSON(results)
    } else {
      print(results.table())
      print(results.pairedTables())
      print(results.summary)
      print("Report: \(output)/report.html")
    }
  }
}
