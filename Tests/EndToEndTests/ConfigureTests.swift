// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import TestSupport
import Testing

@Suite struct ConfigureTests {
  @Test func `files become a configuration with which all commands work`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Command.run(
      [
        "configure", "--unlabeled", TinyStudy.unlabeled, "--signal", TinyStudy.signal,
        "--background", TinyStudy.background, "-o", "study.yaml",
      ], in: folder.path)
    #expect(outcome.status == 0, "\(outcome.error)")
    for words in [
      "muon ", "charge (Muon_charge)", "btag (Jet_btagDeepFlavB)", "scalar vertices: PV_npvs",
      "lorentz study study.yaml",
    ] {
      #expect(outcome.output.contains(words), "\(words)")
    }
    let yaml = try String(contentsOfFile: folder.file("study.yaml"), encoding: .utf8)
    #expect(yaml.contains("labels: [50, 150, 500, 1500]"))
    let small = yaml.replacing("files:", with: "maximumEvents: 150, files:")
    _ = try folder.write(small, to: "small.yaml")
    let tiny = [
      "model.width=16", "model.layers=1", "model.heads=2", "pretraining.epochs=1",
      "finetuning.steps=4", "finetuning.members=1",
    ].flatMap { ["--set", $0] }
    for arguments in [
      ["prepare", "small.yaml", "-o", "stores"],
      ["pretrain", "small.yaml", "-o", "backbone"] + tiny,
      ["finetune", "small.yaml", "--backbone", "backbone", "-o", "run", "--labels", "40"] + tiny,
    ] {
      let next = try Command.run(arguments, in: folder.path)
      #expect(next.status == 0, "\(arguments[0]): \(next.error)")
    }
    let machine = try Command.run(
      ["configure", "--unlabeled", TinyStudy.unlabeled, "-o", "other.yaml", "--json"],
      in: folder.path)
    let sections = try #require(try machine.json()["sections"] as? [[String: Any]])
    #expect(sections.count == 1 && sections[0]["samples"] as? [String] == ["unlabeled"])
    let objects = try #require(sections[0]["objects"] as? [[String: Any]])
    #expect(objects.count > 3 && objects.contains { $0["kind"] as? String == "muon" })
    // What was perhaps changed by hand stays.
    let again = try Command.run(
      ["configure", "--unlabeled", TinyStudy.unlabeled, "-o", "study.yaml"], in: folder.path)
    expectFailure(again, says: ["study.yaml: it is there", "Choose another name"])
    #expect(try String(contentsOfFile: folder.file("study.yaml"), encoding: .utf8) == yaml)
  }

  @Test(arguments: [
    ("ntuple", "muonPt muonEta muonPhi metPt metPhi", "signal, background:\nmuon"),
    ("tree", "mu_px mu_py mu_pz met_px met_py", "background:\nmuon"),
  ])
  func `samples may name their columns otherwise`(
    _ tree: String, _ background: String, _ words: String
  ) throws {
    let folder = try TemporaryFolder()
    func write(_ name: String, tree: String, pt: Float, columns: [String]) throws {
      let writer = try TreeWriter(
        path: folder.file(name), name: tree,
        branches: columns.map { BranchDeclaration($0, .float32, shape: .flat) })
      try writer.write(
        columns.enumerated().map { place, name in
          Column(
            name: name, values: .float32((0..<40).map { pt + Float(place) / 2 + Float($0) / 40 }))
        })
      try writer.finish()
    }
    let renamed = ["muonPt", "muonEta", "muonPhi", "metPt", "metPhi"]
    try write(
      "data.root", tree: "Events", pt: 1,
      columns: ["Muon_pt", "Muon_eta", "Muon_phi", "MET_pt", "MET_phi"])
    try write("signal.root", tree: "ntuple", pt: 2, columns: renamed)
    try write(
      "background.root", tree: tree, pt: 3,
      columns: background.split(separator: " ").map(String.init))
    let outcome = try Command.run(
      [
        "configure", "--unlabeled", "data.root", "--signal", "signal.root", "--background",
        "background.root", "-o", "study.yaml",
      ], in: folder.path)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.contains("unlabeled:\nmuon"))
    #expect(outcome.output.contains(words))
    let prepared = try Command.run(
      ["prepare", "study.yaml", "-o", "stores"], in: folder.path)
    #expect(prepared.status == 0, "\(prepared.error)")
    // One schema: these collisions can be background of that signal.
    let schemas = try ["unlabeled", "signal", "background"].map { sample in
      let manifest = try Data(
        contentsOf: URL(fileURLWithPath: folder.file("stores/\(sample)/manifest.json")))
      let json = try JSONSerialization.jsonObject(with: manifest) as? [String: Any]
      return try #require(json?["schema"] as? NSDictionary)
    }
    #expect(schemas[0] == schemas[1] && schemas[1] == schemas[2])
  }

  @Test(arguments: [
    (["-o", "a.yaml"], 64, "Name files behind --unlabeled"),
    (["--signal", "s.root", "-o", "a.yaml"], 64, "--signal and --background go together"),
    (["--unlabeled", "none*.root", "-o", "a.yaml"], 1, "matches"),
    (["--unlabeled", TinyStudy.signal, "--tree", "Event", "-o", "a.yaml"], 1, "Events"),
  ])
  func `wrong use is explained`(_ arguments: [String], _ status: Int32, _ words: String) throws {
    let folder = try TemporaryFolder()
    let outcome = try Command.run(["configure"] + arguments, in: folder.path)
    expectFailure(outcome, status: status, says: [words])
    #expect(!FileManager.default.fileExists(atPath: folder.file("a.yaml")))
  }
}
