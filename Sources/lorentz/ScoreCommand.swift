// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Runtime
import Study

extension ScorePrecision: ExpressibleByArgument {}

/// `lorentz score`: one score for every event of some files.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Write a classifier's score for every event of ROOT files, in their order.",
    discussion: """
      Examples:
        lorentz score runs/classifier Samples/background_ttbar.root -o scores.csv
        lorentz score runs/classifier Samples/background_ttbar.root -o scores.jsonl
        lorentz score runs/classifier data/*.root -o scores.root --embedding
        lorentz score runs/classifier data/*.root -o scores.root --sample unlabeled

      The ending of the output decides the format. Events that do not pass the selection of the \
      configuration, or lack objects, have an empty score (null in JSON lines). Lines from one of \
      several files begin with its name.

      scores.root holds a TTree with an entry for each of the input, of all files one behind the \
      other as in a chain: a friend for AddFriend("Scores", "scores.root"). Its branches are run, \
      luminosityBlock and event where all files have them, passed, and a score_CLASS for each \
      class, in whose name all but letters and digits becomes _. Where passed is false, scores are \
      NaN.
      """)

  @Argument(help: "The folder that finetune wrote.")
  var classifier: String

  @Argument(help: "The ROOT files, or their addresses: https://server/muons.root.")
  var files: [String]

  @Option(name: .shortAndLong, help: "The output: .csv, .jsonl or .root.")
  var output: String

  @Option(
    help: """
      Read the files as those of this sample of the configuration, where it has a section events of \
      its own. (default: the first with a label)
      """)
  var sample: String?

  @Option(help: "The name of the tree in a .root output. (default: Scores)")
  var tree: String?

  @Flag(
    help: """
      Write the event vector of the backbone to a .root output, as embedding[D]; of the first where \
      the classifier has several.
      """)
  var embedding = false

  @Option(
    help: """
      float32, or float16, bfloat16 or int16 for products of matrices in these: faster, on \
      processors with AVX-512 FP16, AVX-512 BF16 or AVX-512 VNNI.
      """)
  var precision = ScorePrecision.float32

  @OptionGroup var deviceOptions: DeviceOptions

  @Flag(help: "Print JSON for machines, and no progress.")
  var json = false

  func validate() throws {
    guard let format = destination else {
      throw ValidationError("The output \(output) ends in none of .csv, .jsonl and .root.")
    }
    if case .root(_, let tree, _) = format {
      guard !tree.isEmpty, tree.utf8.count < 255, !tree.contains(where: { "/;".contains($0) })
      else {
        throw ValidationError(
          "The tree's name \"\(tree.prefix(50))\" is empty, too long, or has / or ; in it.")
      }
    } else if embedding || tree != nil {
      throw ValidationError(
        "\(embedding ? "--embedding" : "--tree") needs an output that ends in .root, not \(output)."
      )
    }
    let target = Self.resolved(output)
    if let file = files.first(where: { Self.resolved($0) == target }) {
      throw ValidationError(
        "The output \(output) is the input \(file), which it would replace. Choose another name.")
    }
  }

  /// The output with its format; `nil` for an ending that says none.
  private var destination: ScoreOutput? {
    if output.hasSuffix(".csv") { return .csv(path: output) }
    if output.hasSuffix(".jsonl") { return .jsonLines(path: output) }
    guard output.hasSuffix(".root") else { return nil }
    return .root(path: output, tree: tree ?? "Scores", withEmbeddings: embedding)
  }

  private static func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }

  func run() throws {
    guard let destination else { preconditionFailure("An output without format is refused.") }
    let device = try deviceOptions.choose()
    let progress = ProgressReporter(isQuiet: json)
    defer { progress.finish() }
    let summary = try score(
      run: classifier, files: files, sample: sample, output: destination, device: device,
      precision: precision, progress: progress)
    progress.finish()
    if json {
      try printJSON(summary)
    } else {
      print("\(summary.scored) of \(summary.entries) events scored: \(output)")
    }
  }
}
