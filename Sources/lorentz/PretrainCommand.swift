// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Pretraining
import Study

/// `lorentz pretrain`: a backbone from unlabeled events.
struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain",
    abstract: "Pre-train a backbone on the samples without labels.",
    discussion: """
      Examples:
        lorentz pretrain Configurations/demo.yaml -o runs/backbone
        lorentz pretrain Configurations/demo.yaml --backbone runs/backbone -o runs/longer

      With --backbone it goes on with the weights of another run, whose size then counts rather than
      that of the section model.

      The run is saved after every epoch and on Ctrl-C; the same command continues it.
      """)

  @OptionGroup var options: ConfigurationOptions
  @OptionGroup var deviceOptions: DeviceOptions

  @Option(help: "The folder of a checkpoint to start from.")
  var backbone: String?

  @Option(name: .shortAndLong, help: "The folder of the checkpoint.")
  var output: String

  func run() throws {
    let configuration = try options.load()
    let device = try deviceOptions.choose()
    let progress = options.progress
    defer { progress.finish() }
    let history = try pretrain(
      configuration, backbone: backbone, folder: output, device: device, progress: progress)
    progress.finish()
    if options.json {
      try printJSON(history)
    } else {
      for (index, name) in history.objectives.enumerated() {
        guard let epoch = history.epochs.last else { continue }
        let loss = epoch.validation.isEmpty ? epoch.training[index] : epoch.validation[index]
        print("\(name): \(String(format: "%.4f", loss)) after \(history.epochs.count) epochs")
      }
      print("Checkpoint: \(output)")
    }
  }
}
