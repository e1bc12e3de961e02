// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A configuration so small that everything is done in seconds, and what it makes.
enum TinyStudy {
  static let background = Command.samples + "/background_ttbar.root"
  static let signal = Command.samples + "/signal_2hdm_425_325.root"
  static let unlabeled = Command.samples + "/unlabeled.root"

  /// Three samples of some hundred events, a backbone of one layer, two arms.
  static let yaml = """
    name: tiny
    classes: [ttbar, 2HDM]
    events:
      tree: Events
      minimumObjects: 3
      objects:
        - kind: muon
          prefix: Muon
          features: {charge: Muon_charge}
          maximum: 2
        - kind: jet
          prefix: Jet
          features: {btag: Jet_btagDeepFlavB}
          cuts: "pt > 25"
          maximum: 6
        - kind: missingMomentum
          columns: {pt: MET_pt, phi: MET_phi}
      scalars: {vertices: PV_npvs}
    samples:
      - {name: unlabeled, files: ["\(unlabeled)"], maximumEvents: 200}
      - {name: ttbar, label: 0, files: ["\(background)"], maximumEvents: 120}
      - {name: signal, label: 1, files: ["\(signal)"], maximumEvents: 120}
    model: {width: 16, layers: 1, heads: 2}
    augmentation: {rotateAboutBeam: true, reflectPhi: true}
    pretraining: {samples: [unlabeled], epochs: 1, batchSize: 50}
    finetuning: {steps: 4}
    study:
      labels: [10, 20]
      seeds: 2
      parallel: 1
      arms:
        - {name: scratch, title: From scratch}
        - {name: lorentz, title: Lorentz, pretraining: lorentz}

    """

  /// A new folder with the configuration `tiny.yaml`.
  static func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    _ = try folder.write(yaml, to: "tiny.yaml")
    return folder
  }

  /// A folder with `tiny.yaml`, the checkpoint `backbone` and the classifier `classifier`, made
  /// once for all tests, which only read it.
  static func trained() throws -> String { try trainedFolder.get() }

  private static let trainedFolder = Result { () throws -> String in
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("lorentz-trained-\(getpid())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit {
      try? FileManager.default.removeItem(
        at: FileManager.default.temporaryDirectory
          .appendingPathComponent("lorentz-trained-\(getpid())"))
    }
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: path + "/tiny.yaml"))
    for arguments in [
      ["pretrain", "tiny.yaml", "-o", "backbone"],
      ["finetune", "tiny.yaml", "--backbone", "backbone", "-o", "classifier"],
    ] {
      let outcome = try Command.run(arguments, in: path)
      try #require(outcome.status == 0, "\(outcome.error)")
    }
    return path
  }
}
