// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One backbone from samples of different columns.
@Suite struct ManyDataSetsTests {
  /// `tiny.yaml` with a second sample to pre-train on, which has electrons, jets without b-tags and
  /// another scalar.
  private static let yaml = TinyStudy.yaml.replacingOccurrences(
    of: "samples:\n",
    with: """
      samples:
        - name: electrons
          files: ["\(TinyStudy.unlabeled)"]
          maximumEvents: 100
          events:
            minimumObjects: 3
            objects:
              - {kind: electron, prefix: Electron, features: {charge: Electron_charge}}
              - {kind: jet, prefix: Jet, cuts: "pt > 30", maximum: 6}
              - {kind: missingMomentum, columns: {pt: MET_pt, phi: MET_phi}}
            scalars: {primaryVertices: PV_npvs}

      """
  ).replacingOccurrences(
    of: "{samples: [unlabeled]",
    with: "{samples: [electrons, unlabeled], mixture: {electrons: 1, unlabeled: 1}"
  ).replacingOccurrences(of: "{steps: 4}", with: "{steps: 4, growSchema: true}")

  private func folder(_ text: String = yaml) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    _ = try folder.write(text, to: "many.yaml")
    return folder
  }

  private func succeed(_ arguments: [String], in folder: TemporaryFolder) throws -> Command.Outcome
  {
    let outcome = try Command.run(arguments, in: folder.path)
    try #require(outcome.status == 0, "\(outcome.error)")
    return outcome
  }

  private func kinds(_ model: String) throws -> [String: [String]] {
    let json = try JSONSerialization.jsonObject(
      with: try Data(contentsOf: URL(fileURLWithPath: model + "/model.json")))
    let schema = try #require((json as? [String: Any])?["schema"] as? [String: Any])
    let kinds = try #require(schema["objectKinds"] as? [[String: Any]])
    return Dictionary(
      uniqueKeysWithValues: kinds.map {
        ($0["name"] as? String ?? "", $0["features"] as? [String] ?? [])
      })
  }

  @Test func `a backbone of two schemas becomes a classifier of a third, which scores`() throws {
    // The labeled events have muons' isolation, which no sample of the pre-training has.
    let isolation = "events.objects.0.features.isolation=Muon_pfRelIso04_all"
    let folder = try folder()
    _ = try succeed(["pretrain", "many.yaml", "-o", "backbone"], in: folder)
    #expect(
      try kinds(folder.file("backbone")) == [
        "electron": ["charge"], "jet": ["btag"], "missingMomentum": [], "muon": ["charge"],
      ])
    _ = try succeed(
      ["finetune", "many.yaml", "--backbone", "backbone", "-o", "classifier", "--set", isolation],
      in: folder)
    #expect(
      try kinds(folder.file("classifier")) == [
        "jet": ["btag"], "missingMomentum": [], "muon": ["charge", "isolation"],
      ])
    _ = try succeed(["evaluate", "classifier"], in: folder)
    let scored = try succeed(
      ["score", "classifier", TinyStudy.signal, "-o", "scores.csv"], in: folder)
    #expect(scored.output.contains("events scored"))
  }

  @Test func `every pre-training of a study has its own samples`() throws {
    let folder = try folder()
    _ = try succeed(
      [
        "study", "many.yaml", "-o", "study", "--set", "study.seeds=1", "--set", "study.labels=[10]",
        "--set", "study.pretrainings={all: {}, electrons: {samples: [electrons]}}", "--set",
        "study.arms=[{name: scratch}, {name: a, pretraining: all}, {name: b, pretraining: electrons}]",
        "--set", "augmentation.acceptance={electron: 2.5, jet: 4.7, muon: 2.4}",
      ], in: folder)
    #expect(
      try kinds(folder.file("study/pretraining/electrons")).keys.sorted() == [
        "electron", "jet", "missingMomentum",
      ])
    #expect(try kinds(folder.file("study/pretraining/all")).count == 4)
  }

  @Test func `labeled samples of different schemas are refused`() throws {
    let folder = try folder(
      Self.yaml.replacingOccurrences(
        of: "{name: signal,",
        with:
          "{name: signal, events: {objects: [{kind: jet, prefix: Jet}], scalars: {rho: PV_npvs}},"))
    expectFailure(
      try Command.run(
        ["finetune", "many.yaml", "--set", "finetuning.mode=scratch", "-o", "run"], in: folder.path),
      says: [
        "cannot fine-tune on the samples ttbar and signal together: only ttbar has muon, "
          + "muon.charge, jet.btag, missingMomentum, vertices; only signal has rho; what only one "
          + "class has would tell the classes apart. Give samples with labels the same kinds, "
          + "features and scalars in the same order."
      ])
  }

  @Test func `samples that contradict one another are refused by name`() throws {
    let folder = try folder(
      Self.yaml.replacingOccurrences(
        of: "{kind: electron, prefix: Electron,",
        with: "{kind: muon, columns: {pt: MET_pt, phi: MET_phi},"
      ).replacingOccurrences(of: "{charge: Electron_charge}", with: "{charge: PV_npvs}"))
    expectFailure(
      try Command.run(["pretrain", "many.yaml", "-o", "backbone"], in: folder.path),
      says: [
        "cannot use the samples electrons and unlabeled together: muon has neither eta nor mass in "
          + "electrons and eta and mass in unlabeled. Give one of the two another name"
      ])
  }

  @Test(.enabled(if: SharedData.isAvailable))
  func `four real data sets become one backbone`() throws {
    let folder = try TemporaryFolder()
    // Paths in the configuration and its base are relative to the project's; this works from any
    // checkout.
    for name in ["cms-tau-2012.yaml", "many-data-sets.yaml"] {
      let text = try String(
        contentsOfFile: "\(Command.samples)/../Configurations/\(name)", encoding: .utf8
      ).replacingOccurrences(of: "../../shared/data", with: SharedData.folder ?? "")
      _ = try folder.write(text, to: name)
    }
    _ = try succeed(
      [
        "study", "many-data-sets.yaml", "-o", "study", "--set",
        "model={width: 8, layers: 1, heads: 2}", "--set", "pretraining.epochs=1", "--set",
        "study.pretrainings.others.epochs=1", "--set", "study.labels=[50]", "--set",
        "study.seeds=1", "--set", "study.maximumTestEvents=100", "--set", "finetuning.steps=4",
        "--set", "finetuning.scratchSteps=4", "--set", "samples.0.maximumEvents=2000", "--set",
        "study.pretrainings.tauPlusX.batchSize=256",
      ], in: folder)
    let all = try kinds(folder.file("study/pretraining/all"))
    #expect(
      all == [
        "electron": ["charge", "isolation"], "jet": ["btag", "btagDeepFlavor"],
        "missingMomentum": [], "muon": ["charge", "isolation"], "photon": ["isolation"],
        "tau": ["charge", "isolation", "decayMode"],
      ])
    #expect(try kinds(folder.file("study/pretraining/tauPlusX")).keys.contains("electron") == false)
  }
}
