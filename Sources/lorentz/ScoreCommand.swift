// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Runtime
import Study

/// The numbers in which a classifier's products of matrices are computed.
enum ScorePrecision: String, CaseIterable, ExpressibleByArgument {
  case float32, float16
}

/// `lorentz score`: one score for every event of a file.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Write a classifier's score for every event of a ROOT file, in its order.",
    discussion: """
      Examples:
        lorentz score runs/classifier Samples/background_ttbar.root -o scores.csv
        lorentz score runs/classifier Samples/background_ttbar.root -o scores.jsonl

      The ending of the output decides the format. Events that do not pass the selection of the
      configuration, or lack objects, have an empty score (null in JSON lines).
      """)

  @Argument(help: "The folder that finetune wrote.")
  var classifier: String

  @Argument(help: "The ROOT file, or its address: https://server/muons.root.")
  var file: String

  @Option(name: .shortAndLong, help: "The output: .csv or .jsonl.")
  var output: String

  @Option(
    help: """
      float32, or float16 for products of matrices in half precision: faster, on processors with \
      AVX-512 FP16.
      """)
  var precision = ScorePrecision.float32

  @OptionGroup var deviceOptions: DeviceOptions

  @Flag(help: "Print JSON for machines, and no progress.")
  var json = false

  func validate() throws {
    guard output.hasSuffix(".csv") || output.hasSuffix(".jsonl") else {
      throw ValidationError("The output \(output) ends in neither .csv nor .jsonl.")
    }
  }

  func run() throws {
    let device = try deviceOptions.choose()
    let progress = ProgressReporter(isQuiet: json)
    defer { progress.finish() }
    let summary = try score(
      run: classifier, file: file, output: output, device: device,
      inHalfPrecision: precision == .float16, progress: progress)
    progress.finish()
    if json {
      try printJSON(summary)
    } else {
      print("\(summary.scored) of \(summary.entries) events scored: \(output)")
    }
  }
}
