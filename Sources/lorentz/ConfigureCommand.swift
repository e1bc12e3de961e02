// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Foundation
import Study

/// `lorentz configure`: a configuration for ROOT files, to begin with.
struct ConfigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "configure",
    abstract: "Write a configuration for ROOT files, by what their columns are called.",
    discussion: """
      Example:
        lorentz configure --unlabeled data*.root -o pretraining.yaml
        lorentz configure --unlabeled data*.root --signal higgs.root \\
          --background ttbar.root wjets.root -o study.yaml

      Finds electrons, muons, leptons, photons, taus, jets and missing momentum, their features, \
      units and marks of missing values. Files with labels may call their columns otherwise than \
      those without. The result is to be looked over, and then for prepare, pretrain, finetune and \
      study.
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Files of collisions, which have no labels.", valueName: "files"),
    completion: .file(extensions: ["root"]))
  var unlabeled: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Files of simulated signal.", valueName: "files"),
    completion: .file(extensions: ["root"]))
  var signal: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Files of simulated background.", valueName: "files"),
    completion: .file(extensions: ["root"]))
  var background: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The tree of the events, or several side by side; found where it is not given.",
      valueName: "trees"))
  var tree: [String] = []

  @Option(name: .shortAndLong, help: "The configuration to write.")
  var output: String

  @Flag(help: "Print JSON for machines.")
  var json = false

  func validate() throws {
    if (unlabeled + signal + background).isEmpty {
      throw ValidationError("Name files behind --unlabeled, --signal or --background.")
    }
    if signal.isEmpty != background.isEmpty {
      throw ValidationError("--signal and --background go together: a classifier tells them apart.")
    }
  }

  func run() throws {
    let proposal = try StudyProposal(
      samples: [
        .init(name: "unlabeled", label: nil, files: unlabeled),
        .init(name: "signal", label: 1, files: signal),
        .init(name: "background", label: 0, files: background),
      ], trees: tree, for: output)
    try proposal.write()
    if json { return try printJSON(Found(proposal)) }
    let isDivided = proposal.sections.count > 1
    for section in proposal.sections {
      if isDivided { print("\(section.samples.joined(separator: ", ")):") }
      print(section.events.summary + "\n")
    }
    print("Wrote \(output). Look it over, then:")
    if signal.isEmpty {
      print("  lorentz pretrain \(output) -o runs/backbone")
    } else if unlabeled.isEmpty {
      print("  lorentz finetune \(output) -o runs/classifier")
    } else {
      print("  lorentz study \(output) -o results")
    }
  }
}

/// What was found, for machines.
private struct Found: Encodable {
  struct Object: Encodable {
    let kind: String
    let columns: [String: String]
    let features: [String: String]
    let meanCount: Double
  }

  /// A section `events`, for some of the samples.
  struct Section: Encodable {
    let samples: [String]
    let trees: [String]
    let objects: [Object]
    let scalars: [String: String]
    let missing: [String]
    /// What is not used, with reasons.
    let leftOut: [String: String]
  }

  let configuration: String
  let sections: [Section]

  init(_ proposal: StudyProposal) {
    configuration = proposal.path
    sections = proposal.sections.map(Section.init)
  }
}

extension Found.Section {
  init(_ section: StudyProposal.Section) {
    func dictionary(_ pairs: [(String, String)]) -> [String: String] {
      Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
    let events = section.events
    samples = section.samples
    trees = events.trees
    objects = events.objects.map {
      Found.Object(
        kind: $0.kind, columns: dictionary($0.columns.map { ($0, $1) }),
        features: dictionary($0.features.map { ($0, $1) }), meanCount: $0.meanCount)
    }
    scalars = dictionary(events.scalars.map { ($0, $1) })
    missing = events.missing
    leftOut = dictionary(events.leftOut.map { ($0, $1) })
  }
}
