// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// From ROOT files to a measured classifier, a command at a time.
@Suite struct PipelineTests {
  @Test func `prepare shows the cut flow, and leaves what is up to date`() throws {
    let folder = try TinyStudy.folder()
    let first = try Command.run(["prepare", "tiny.yaml", "-o", "stores"], in: folder.path)
    #expect(first.status == 0)
    #expect(first.output.contains("signal: 120 events"))
    #expect(first.output.contains("at least 3 objects"))
    let shard = folder.file("stores/signal/shard-00000.safetensors")
    let time = try FileManager.default.attributesOfItem(atPath: shard)[.modificationDate] as? Date
    let second = try Command.run(
      ["prepare", "tiny.yaml", "-o", "stores", "--json"], in: folder.path)
    #expect(second.status == 0)
    #expect(second.error.isEmpty)
    let manifests = try second.json()
    #expect(manifests.keys.sorted() == ["signal", "ttbar", "unlabeled"])
    let manifest = try #require(manifests["signal"] as? [String: Any])
    #expect(manifest["eventCount"] as? Int == 120)
    #expect(
      try FileManager.default.attributesOfItem(atPath: shard)[.modificationDate] as? Date == time)
    let third = try Command.run(
      ["prepare", "tiny.yaml", "-o", "stores", "--set", "events.minimumObjects=5"], in: folder.path)
    #expect(third.output.contains("at least 5 objects"))
  }

  @Test func `pretrain tells the losses as JSON`() throws {
    let folder = try TinyStudy.folder()
    let outcome = try Command.run(
      ["pretrain", "tiny.yaml", "-o", "backbone", "--json"], in: folder.path)
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    let epochs = try #require(try outcome.json()["epochs"] as? [Any])
    #expect(epochs.count == 1)
    #expect(FileManager.default.fileExists(atPath: folder.file("backbone/model.safetensors")))
  }

  @Test func `pretrain goes on with the weights of another run`() throws {
    let trained = try TinyStudy.trained()
    let folder = try TemporaryFolder()
    // The size of the checkpoint counts: the section model says 32 here.
    let arguments = [
      "pretrain", "tiny.yaml", "--set", "model.width=32", "--set", "pretraining.learningRate=1e-8",
      "-o", folder.file("run"),
    ]
    let outcome = try Command.run(arguments + ["--backbone", "backbone"], in: trained)
    #expect(outcome.status == 0, "\(outcome.error)")
    func weights(_ path: String) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: path + "/model.safetensors"))
    }
    #expect(
      try weights(folder.file("run")).count == (try weights(trained + "/backbone")).count)
    let other = try Command.run(arguments, in: trained)
    #expect(other.status != 0)
    #expect(other.error.contains("it was started with"), "\(other.error)")
    let missing = try Command.run(
      ["pretrain", "tiny.yaml", "--backbone", "nowhere", "-o", folder.file("new")], in: trained)
    #expect(missing.status != 0)
    #expect(missing.error.contains("nowhere"), "\(missing.error)")
  }

  @Test(arguments: ["full", "frozen", "scratch"])
  func `a classifier is trained and measured`(_ mode: String) throws {
    let trained = try TinyStudy.trained()
    let folder = try TemporaryFolder()
    let backbone = mode == "scratch" ? [] : ["--backbone", "backbone"]
    let training = try Command.run(
      ["finetune", "tiny.yaml", "--set", "finetuning.mode=\(mode)", "-o", folder.file("run")]
        + backbone + ["--labels", "40", "--json"], in: trained)
    #expect(training.status == 0, "\(training.error)")
    #expect(training.error.isEmpty)
    #expect(try training.json()["trainingCount"] as? Int ?? 0 > 0)
    let text = try Command.run(["evaluate", folder.file("run")])
    #expect(text.status == 0, "\(text.error)")
    #expect(text.output.contains("AUC"))
    #expect(text.output.contains("60 signal, 60 background"))
    let measured = try Command.run(["evaluate", folder.file("run"), "--json"])
    #expect(measured.error.isEmpty)
    let auc = try #require(try measured.json()["auc"] as? Double)
    #expect((0...1).contains(auc))
  }

  @Test func `a backbone with a pairwise bias goes all the way`() throws {
    let folder = try TinyStudy.folder()
    let bias = ["--set", "model.pairwiseBias=true", "--set", "model.referenceVectors=true"]
    for arguments in [
      ["pretrain", "tiny.yaml", "-o", "backbone"] + bias,
      ["finetune", "tiny.yaml", "--backbone", "backbone", "-o", "run", "--labels", "40"] + bias,
      ["score", "run", TinyStudy.signal, "-o", "scores.csv"],
    ] {
      let outcome = try Command.run(arguments, in: folder.path)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
  }

  @Test func `collisions that are pre-trained on count as background`() throws {
    let trained = try TinyStudy.trained()
    let folder = try TemporaryFolder()
    let arguments = ["finetune", "tiny.yaml", "--backbone", "backbone", "--labels", "20"]
    let with = try Command.run(arguments + ["-o", folder.file("with")], in: trained)
    #expect(with.status == 0, "\(with.error)")
    #expect(with.output.contains("Collisions counted as background, together like "))
    let without = try Command.run(
      arguments + ["-o", folder.file("without"), "--set", "finetuning.collisions.events=0"],
      in: trained)
    #expect(without.status == 0, "\(without.error)")
    #expect(!without.output.contains("Collisions"), "\(without.output)")
    let both = try ["with", "without"].map { name in
      try Command.run(["evaluate", folder.file(name), "--json"]).json()["auc"] as? Double
    }
    #expect(both[0] != nil && both[0] != both[1])
    let missing = try Command.run(
      arguments + ["-o", folder.file("missing"), "--set", "samples.0.files=[none.root]"],
      in: trained)
    #expect(missing.status == 1)
    #expect(missing.error.contains("none.root"), "\(missing.error)")
  }

  @Test func `trees join where no event has a negative weight`() throws {
    let folder = try TemporaryFolder()
    let yaml = TinyStudy.yaml.replacing(
      "label: 1,", with: "label: 1, weight: 1 - 2 * (event % 5 == 0),")
    #expect(yaml != TinyStudy.yaml)
    _ = try folder.write(yaml, to: "tiny.yaml")
    let arguments = [
      "finetune", "tiny.yaml", "--set", "finetuning.mode=scratch", "-o", "run", "--labels", "40",
    ]
    let training = try Command.run(arguments, in: folder.path)
    #expect(training.status == 0, "\(training.error)")
    #expect(training.output.contains("Without boosted trees"), "\(training.output)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("run/trees.json")))
    let wanted = try Command.run(arguments + ["--set", "finetuning.trees=true"], in: folder.path)
    #expect(wanted.status == 1)
    #expect(wanted.error.contains("Set finetuning.trees: false"), "\(wanted.error)")
  }

  @Test func `a classifier is measured whose configuration has a base in another folder`() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("data"), withDestinationPath: Command.samples)
    _ = try folder.write(
      TinyStudy.yaml.replacing(Command.samples, with: "../data"), to: "all/tiny.yaml")
    _ = try folder.write(
      "base: ../../all/tiny.yaml\nname: x\nfinetuning: {mode: scratch}", to: "tasks/x/top.yaml")
    let training = try Command.run(
      ["finetune", "tasks/x/top.yaml", "-o", "run", "--labels", "40"], in: folder.path)
    #expect(training.status == 0, "\(training.error)")
    #expect(training.output.contains("Joined with boosted trees on "), "\(training.output)")
    let manifest = folder.file("run/stores/signal/manifest.json")
    let made = try Data(contentsOf: URL(fileURLWithPath: manifest))
    // The saved configuration has no base: it must find the same files.
    try FileManager.default.removeItem(atPath: folder.file("all"))
    let measured = try Command.run(["evaluate", folder.file("run")])
    #expect(measured.status == 0, "\(measured.error)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: manifest)) == made)
  }

  @Test func `backbone and mode have to fit`() throws {
    let trained = try TinyStudy.trained()
    let folder = try TemporaryFolder()
    expectFailure(
      try Command.run(["finetune", "tiny.yaml", "-o", folder.file("run")], in: trained),
      says: ["no backbone is given", "--backbone FOLDER"])
    expectFailure(
      try Command.run(
        [
          "finetune", "tiny.yaml", "--backbone", "backbone", "-o", folder.file("run"), "--set",
          "finetuning.mode=scratch",
        ], in: trained), says: ["a backbone is given", "Leave out --backbone"])
    for wrong in [folder.path, folder.file("nowhere")] {
      expectFailure(
        try Command.run(
          ["finetune", "tiny.yaml", "--backbone", wrong, "-o", folder.file("run")], in: trained),
        says: [wrong, "no model.json", "Name the folder that pretrain"])
    }
    expectFailure(
      try Command.run(
        [
          "finetune", "tiny.yaml", "--backbone", "backbone", "-o", folder.file("run"), "--labels",
          "5000",
        ], in: trained), says: ["class ttbar has 120 events", "5000 are needed", "fewer labels"])
    #expect(!FileManager.default.fileExists(atPath: folder.file("run/classifier.json")))
  }

  @Test func `a checkpoint of other columns is refused`() throws {
    let folder = try TemporaryFolder()
    expectFailure(
      try Command.run(
        [
          "finetune", "tiny.yaml", "--backbone", "backbone", "-o", folder.file("run"), "--set",
          "events.objects.0.features.isolation=Muon_pfRelIso04_all",
        ], in: try TinyStudy.trained()),
      says: ["checkpoint backbone", "another schema", "muon.isolation", "growSchema"])
    #expect(!FileManager.default.fileExists(atPath: folder.file("run/classifier.json")))
  }
}
