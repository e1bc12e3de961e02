// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Runtime
import Study

/// `lorentz evaluate`: how well a classifier does on the test events.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a classifier on the labeled events kept for the test.",
    discussion: """
      Example:
        lorentz evaluate runs/classifier
      """)

  @Argument(help: "The folder that finetune wrote.")
  var classifier: String

  @OptionGroup var deviceOptions: DeviceOptions

  @Flag(help: "Print JSON for machines, and no progress.")
  var json = false

  func run() throws {
    let device = try deviceOptions.choose()
    let progress = ProgressReporter(isQuiet: json)
    defer { progress.finish() }
    let measured = try evaluate(run: classifier, device: device, progress: progress)
    progress.finish()
    if json {
      try printJSON(measured)
    } else {
      print(measured.text)
    }
  }
}
