// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Classification
import Study

/// `lorentz finetune`: a classifier from labeled events.
struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Train a classifier on the samples with labels.",
    discussion: """
      Examples:
        lorentz finetune Configurations/demo.yaml --backbone runs/backbone -o runs/classifier
        lorentz finetune Configurations/demo.yaml --set finetuning.mode=scratch -o runs/scratch

      The share study.testFraction of the labeled events is kept for evaluate. The logits of
      the classifier are joined with those of boosted trees on high-level variables, unless
      finetuning.trees is false; events that members did not train on tell how much each counts.
      Samples without labels that were pre-trained on count as further background, each event as
      much as it resembles the labeled background, unless finetuning.collisions.events is 0 or
      labeled events that are held out are told worse with them.
      """)

  @OptionGroup var options: ConfigurationOptions
  @OptionGroup var deviceOptions: DeviceOptions

  @Option(help: "The checkpoint that pretrain wrote; not for finetuning.mode: scratch.")
  var backbone: String?

  @Option(help: "Labeled events of each class; all that are not for the test by default.")
  var labels: Int?

  @Option(name: .shortAndLong, help: "The folder of the classifier.")
  var output: String

  func validate() throws {
    if let labels, labels < 2 {
      throw ValidationError(
        "--labels is \(labels); expected at least 2, one to train and one to watch.")
    }
  }

  func run() throws {
    let configuration = try options.load()
    let device = try deviceOptions.choose()
    let progress = options.progress
    defer { progress.finish() }
    let history = try finetune(
      configuration, backbone: backbone, labelsPerClass: labels, folder: output, device: device,
      progress: progress)
    progress.finish()
    if options.json {
      try printJSON(history)
    } else {
      print(
        "Trained on \(history.trainingCount) events, watched on \(history.validationCount); "
          + "kept step \(history.bestStep).")
      if let worth = history.collisionWorth {
        print(
          worth > 0
            ? "Collisions counted as background, together like \(Int(worth.rounded())) labeled events."
            : "Collisions did not count as background: labeled events that were held out were told "
              + "worse with them.")
      }
      if let trees = try ClassifierCheckpoint.read(output).trees {
        print(
          "Joined with boosted trees on \(trees.variables.count) variables, which count for "
            + "\(Int((100 * trees.share.share).rounded())) %.")
      } else if configuration.finetuning.trees != false {
        print("Without boosted trees, which cannot take events of negative weight.")
      }
      print("Classifier: \(output)")
    }
  }
}
