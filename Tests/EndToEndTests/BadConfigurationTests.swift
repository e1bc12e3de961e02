// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Configurations that are wrong, or wrong for the files.
@Suite struct BadConfigurationTests {
  @Test(arguments: [
    ("evnts.x=1", ["unknown key evnts. Did you mean events?"]),
    ("pretraining.epoch=1", ["unknown key pretraining.epoch. Did you mean epochs?"]),
    ("model.width=abc", ["model.width is abc; expected an integer from 4 to 4096"]),
    ("model.width=-3", ["model.width is -3; expected an integer from 4 to 4096"]),
    (
      "model={pairwiseBias: false, referenceVectors: true}",
      ["without pairwiseBias", "set pairwiseBias: true too"]
    ),
    ("model.heads=3", ["expected a divisor of the width 16", "Choose 2 heads"]),
    ("model=3", ["model is 3; expected a mapping of keys to values"]),
    ("samples=[]", ["samples is empty; expected a list of at least one sample"]),
    ("samples.2.label=2", ["samples.2.label is 2; expected 0 (ttbar) or 1 (2HDM)"]),
    ("finetuning.mode=half", ["finetuning.mode is half; expected one of full, frozen, scratch"]),
    (
      "pretraining.precision=float16",
      ["pretraining.precision is float16; expected one of float32, bfloat16"]
    ),
    ("pretraining.samples=[unlabled]", ["unlabled", "expected names among unlabeled, ttbar"]),
    ("nothing", ["this is not of the form KEY=VALUE"]),
    (
      "samples.2.selection=MET_pt > > 3",
      [
        "samples.2.selection is not an expression", "expected a number, a column",
        "\n    MET_pt > > 3\n             ^",
      ]
    ),
  ])
  func `a wrong key or value is told with its place`(_ setting: String, _ words: [String]) throws {
    let folder = try TinyStudy.folder()
    let outcome = try Command.run(
      ["prepare", "tiny.yaml", "-o", "stores", "--set", setting], in: folder.path)
    expectFailure(outcome, says: ["lorentz: --set \(setting): "] + words)
    #expect(!outcome.error.contains(" \n"))
    #expect(folder.contents == ["tiny.yaml"])
  }

  @Test func `a mistake in the file is told with line and column`() throws {
    let folder = try TinyStudy.folder()
    let cases = [
      ("model: {width: 16", "model: {wdith: 16", "bad.yaml:23:9: unknown key model.wdith."),
      ("layers: 1", "layers: many", "bad.yaml:23:28: model.layers is many; expected an integer"),
      ("model: {", "model: [", "bad.yaml:23:"),
      ("tree: Events", "tree: Events\n  tree: Events", "bad.yaml:"),
    ]
    for (old, new, words) in cases {
      _ = try folder.write(
        TinyStudy.yaml.replacingOccurrences(of: old, with: new), to: "bad.yaml")
      let outcome = try Command.run(["prepare", "bad.yaml", "-o", "stores"], in: folder.path)
      expectFailure(outcome, says: ["lorentz: " + words])
    }
    _ = try folder.write("", to: "bad.yaml")
    expectFailure(
      try Command.run(["prepare", "bad.yaml"], in: folder.path),
      says: ["bad.yaml:1:1: events is missing"])
    expectFailure(
      try Command.run(["prepare", TinyStudy.signal], in: folder.path),
      says: ["\(TinyStudy.signal): cannot read the configuration: the file is not UTF-8 text"])
  }

  @Test(arguments: [
    ("events.tree=Event", ["has no tree Event. Did you mean Events?"]),
    (
      "events.scalars.vertices=PV_npv",
      ["unlabeled", "the scalar vertices: there is no column PV_npv", "Did you mean PV_npvs?"]
    ),
    ("events.objects.0.prefix=Muons", ["Muons_pt", "Did you mean Muon_pt"]),
    (
      "samples.0.selection=MET_pp > 3",
      ["the selection of the sample", "no column MET_pp", "MET_pt", "\n    MET_pp > 3\n    ^"]
    ),
    ("samples.0.weight=log(-1 * MET_pt)", ["the weight is nan in entry 0; expected a finite"]),
    ("samples.0.weight=1 / 0", ["the weight is inf in entry 0; expected a finite number"]),
    (
      "events.scalars.vertices=1 / (PV_npvs - PV_npvs)",
      ["the scalar vertices", "is inf in entry 0; expected a finite number", "by a selection"]
    ),
    (
      "events.scalars.vertices=log(-1 * MET_pt)",
      ["the scalar vertices", "is nan in entry 0; expected a finite number"]
    ),
    (
      "samples.0.selection=MET_pt > 1e9",
      ["no event passed", "60000  all entries", "0  selection of the sample: MET_pt > 1e9"]
    ),
  ])
  func `what does not fit the file is told with the sample`(
    _ setting: String, _ words: [String]
  ) throws {
    let folder = try TinyStudy.folder()
    let outcome = try Command.run(
      ["prepare", "tiny.yaml", "-o", "stores", "--set", setting], in: folder.path)
    expectFailure(outcome, says: words + ["unlabel"])
    #expect(outcome.output.isEmpty)
    #expect(
      (try? FileManager.default.contentsOfDirectory(atPath: folder.file("stores"))) ?? [] == [])
  }

  @Test(arguments: [
    ("tpu", ["device \"tpu\"", "there is no such name"]), ("cuda:99", ["device \"cuda:99\""]),
    ("cuda:x", ["device \"cuda:x\""]),
  ])
  func `a device that is not there is refused`(_ name: String, _ words: [String]) throws {
    let folder = try TinyStudy.folder()
    let outcome = try Command.run(
      ["pretrain", "tiny.yaml", "-o", "backbone", "--device", name], in: folder.path)
    expectFailure(outcome, says: words)
    #expect(folder.contents == ["tiny.yaml"])
  }

  @Test func `CUDA without CUDA is refused, with what is there`() throws {
    let folder = try TinyStudy.folder()
    let outcome = try Command.run(
      ["pretrain", "tiny.yaml", "-o", "backbone", "--device", "cuda"], in: folder.path)
    // A machine with CUDA trains.
    if outcome.status != 0 {
      expectFailure(outcome, says: ["device \"cuda\"", "Available here: cpu"])
    }
  }
}
