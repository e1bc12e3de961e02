// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Foundation
import Study

/// `lorentz prepare`: from ROOT files to event stores.
struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Select events from ROOT files and store them.",
    discussion: """
      Example:
        lorentz prepare Configurations/demo.yaml -o stores

      Every sample becomes a folder of safetensors files with a manifest. A store that is up to
      date is left as it is.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(name: .shortAndLong, help: "The folder of the stores.")
  var output = "stores"

  func run() throws {
    let configuration = try options.load()
    let progress = options.progress
    defer { progress.finish() }
    // The files of all samples are looked for before the first is read.
    for sample in configuration.samples { _ = try sample.matchingFiles() }
    var manifests: [String: StoreManifest] = [:]
    for sample in configuration.samples {
      let manifest = try prepare(
        sample: sample, events: configuration.events(of: sample),
        into: "\(output)/\(sample.name)",
        progress: progress)
      manifests[sample.name] = manifest
      guard !options.json else { continue }
      progress.finish()
      print("\(sample.name): \(manifest.eventCount) events, \(manifest.objectCount) objects")
      let width = manifest.cutFlow.map(\.name.count).max() ?? 0
      for cut in manifest.cutFlow {
        print("  \(cut.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(cut.passed)")
      }
    }
    if options.json { try printJSON(manifests) }
  }
}
