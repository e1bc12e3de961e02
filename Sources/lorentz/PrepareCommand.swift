// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import Events
import Foundation
import Runtime

/// `lorentz prepare CONFIG`: makes event stores of the samples of a configuration.
struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Select events in ROOT files and store them for training.",
    discussion: """
      Reads the sections `events` and `samples` of the configuration and writes one store per \
      sample into the output folder. A store that is up to date is left as it is.
      """)

  @Argument(help: "The configuration, a YAML file.")
  var config: String

  @Option(
    name: [.short, .long], help: "The folder in which the stores are made, one folder per sample.")
  var output = "stores"

  @Option(name: .customLong("set"), help: "Another value for a key, as in events.minimumObjects=3.")
  var overrides: [String] = []

  @Flag(help: "Print the result as JSON.")
  var json = false

  /// What other commands read from the same file.
  private static let otherSections = [
    "augmentation", "model", "pretraining", "finetuning", "evaluation", "study", "training", "seed",
    "name", "output",
  ]

  func run() throws {
    Interruption.listen()
    let root = try ConfigurationNode.load(path: config, overrides: overrides)
    root.skip(Self.otherSections)
    let section = try root.requiredNode("events")
    let events = try EventsConfiguration(section)
    let samples = try SampleConfiguration.list(root)
    try root.finish()

    let progress = ProgressReporter(isQuiet: json)
    defer { progress.finish() }
    var results: [Result] = []
    for sample in samples {
      let folder = URL(fileURLWithPath: output).appendingPathComponent(sample.name).path
      let manifest = try prepare(
        sample: sample, events: events, into: folder, progress: progress)
      progress.finish()
      results.append(Result(manifest, folder: folder))
      if !json { print(results[results.count - 1].table) }
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(results), as: UTF8.self))
    }
  }

  /// What is printed about one sample.
  private struct Result: Encodable {
    let sample: String
    let store: String
    let events: Int
    let objects: Int
    let weightSum: Double
    let files: Int
    let cutFlow: [StoreManifest.Cut]

    init(_ manifest: StoreManifest, folder: String) {
      sample = manifest.sample
      store = folder
      events = manifest.eventCount
      objects = manifest.objectCount
      weightSum = manifest.weightSum
      files = manifest.sources.count
      cutFlow = manifest.cutFlow
    }

    /// The cut flow, with the part of the events that each cut keeps.
    var table: String {
      let width = max(6, cutFlow.map { "\($0.passed)".count }.max() ?? 0)
      var lines = ["\(sample): \(events) events, \(objects) objects, \(files) files, \(store)"]
      var before = cutFlow.first?.passed ?? 0
      for cut in cutFlow {
        let kept = before > 0 ? 100 * Double(cut.passed) / Double(before) : 0
        let number = String(repeating: " ", count: width - "\(cut.passed)".count) + "\(cut.passed)"
        lines.append("  \(number)  \(String(format: "%5.1f", kept)) %  \(cut.name)")
        before = cut.passed
      }
      return lines.joined(separator: "\n")
    }
  }
}
