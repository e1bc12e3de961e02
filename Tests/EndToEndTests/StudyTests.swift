// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct StudyTests {
  /// The results without what differs from one time to the next: the date, timings and the command.
  private func results(_ folder: String) throws -> NSDictionary {
    func stripped(_ value: Any) -> Any {
      if let list = value as? [Any] { return list.map(stripped) }
      guard let entries = value as? [String: Any] else { return value }
      return entries.filter {
        !["date", "seconds", "eventsPerSecond", "command"].contains($0.key)
      }.mapValues(stripped)
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/results.json"))
    return try #require(stripped(try JSONSerialization.jsonObject(with: data)) as? NSDictionary)
  }

  @Test func `a study reports, and repeated uses all that is there`() throws {
    let folder = try TinyStudy.folder()
    let first = try Command.run(["study", "tiny.yaml", "-o", "study"], in: folder.path)
    #expect(first.status == 0, "\(first.error)")
    #expect(first.output.contains("Labels  Arm"))
    #expect(first.output.contains("Report: study/report.html"))
    let study = folder.file("study")
    for name in ["report.html", "results.json", "tables.txt", "configuration.yaml"] {
      #expect(FileManager.default.fileExists(atPath: "\(study)/\(name)"))
    }
    let html = try String(contentsOfFile: study + "/report.html", encoding: .utf8)
    #expect(html.contains("</html>"))
    let hasGnuplot = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/gnuplot") }
    if hasGnuplot == true {
      for name in ["learning_curve", "roc_10", "scores_20", "pretraining_loss"] {
        let plot = try String(contentsOfFile: "\(study)/plots/\(name).svg", encoding: .utf8)
        #expect(plot.contains("</svg>"))
      }
    }
    let before = try results(study)
    let run = study + "/runs/lorentz-10-1.json"
    let saved = try Data(contentsOf: URL(fileURLWithPath: run))
    let second = try Command.run(["study", "tiny.yaml", "-o", "study", "--json"], in: folder.path)
    #expect(second.status == 0)
    #expect(second.error.isEmpty)
    _ = try second.json()
    #expect(try results(study) == before)
    // The seconds of the training are still those of the first time.
    #expect(try Data(contentsOf: URL(fileURLWithPath: run)) == saved)
  }

  @Test func `a study of stages and of numbers of events`() throws {
    let folder = try TinyStudy.folder()
    // One sample in two parts, which stand for processes.
    let text = TinyStudy.yaml.replacingOccurrences(
      of: "samples:\n",
      with: """
        samples:
          - {name: few, files: ["\(TinyStudy.unlabeled)"], maximumEvents: 60}
          - {name: other, files: ["\(TinyStudy.background)"], maximumEvents: 60}

        """
    ).replacingOccurrences(
      of: "  arms:\n",
      with: """
          pretrainings:
            small: {samples: [few], epochs: 2}
            process: {from: small, samples: [few, other], objectives: {process: {}}}
          scaling: [small, process]
          arms:
            - {name: small, pretraining: small}
            - {name: process, pretraining: process}

        """
    ).replacingOccurrences(
      of: "    - {name: lorentz, title: Lorentz, pretraining: lorentz}\n", with: "")
    #expect(text.contains("name: other") && text.contains("from: small"))
    _ = try folder.write(text, to: "tiny.yaml")
    let first = try Command.run(["study", "tiny.yaml", "-o", "study"], in: folder.path)
    #expect(first.status == 0, "\(first.error)")
    let study = folder.file("study")
    let saved = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(fileURLWithPath: study + "/results.json")))
    let points = (saved as? [String: Any])?["scaling"] as? [[String: Any]]
    #expect(points?.map { $0["unlabeledEvents"] as? Int } == [60, 120])
    #expect(FileManager.default.fileExists(atPath: study + "/plots/scaling.gp"))
    // The second stage follows the first: other weights there are other weights here.
    let before = try results(study)
    let again = try Command.run(
      ["study", "tiny.yaml", "-o", "study2", "--set", "study.pretrainings.small.epochs=1"],
      in: folder.path)
    #expect(again.status == 0, "\(again.error)")
    #expect(try results(folder.file("study2")) != before)
  }

  @Test func `runs of other events are made again, as many as they may be`() throws {
    let folder = try TinyStudy.folder()
    func study(_ selection: String) throws -> Data {
      let sample = "label: 0, files: [\"\(TinyStudy.background)\"]"
      let text = TinyStudy.yaml.replacingOccurrences(
        of: sample, with: sample + ", selection: \"\(selection)\"")
      #expect(text != TinyStudy.yaml)
      _ = try folder.write(text, to: "tiny.yaml")
      let outcome = try Command.run(
        [
          "study", "tiny.yaml", "-o", "study", "--set", "study.seeds=1", "--set",
          "study.labels=[10]", "--set", "study.arms=[{name: scratch}]",
        ], in: folder.path)
      #expect(outcome.status == 0, "\(outcome.error)")
      return try Data(
        contentsOf: URL(fileURLWithPath: folder.file("study/runs/scratch-10-1.json")))
    }
    let first = try study("MET_pt > 10")
    #expect(try study("MET_pt > 10") == first)
    #expect(try study("MET_pt > 20") != first)
  }

  @Test func `trees are arms as any other, trained anew when their variables change`() throws {
    let folder = try TinyStudy.folder()
    func study(_ mass: String) throws -> (results: NSDictionary, run: Data) {
      let arms =
        "[{name: trees, title: Trees, trees: {inputs: [variables, objects], rounds: 20}}, "
        + "{name: automatic, trees: {inputs: [automaticVariables], rounds: 20}}, "
        + "{name: vectors, pretraining: lorentz, trees: {inputs: [embedding], rounds: 20}}]"
      let outcome = try Command.run(
        [
          "study", "tiny.yaml", "-o", "study", "--set", "study.labels=[10]", "--set",
          "study.arms=\(arms)", "--set", "variables.ht=sum(jet.pt)", "--set",
          "variables.mass=\(mass)", "--set", "pretraining.objectives={maskedObjects: {}}",
        ], in: folder.path)
      #expect(outcome.status == 0, "\(outcome.error)")
      #expect(outcome.output.contains("Trees"))
      return (
        try results(folder.file("study")),
        try Data(contentsOf: URL(fileURLWithPath: folder.file("study/runs/trees-10-1.json")))
      )
    }
    let first = try study("mass(jet[0], jet[1])")
    let runs = try #require(first.results["runs"] as? [[String: Any]])
    #expect(runs.count == 6)
    #expect(runs.allSatisfy { ($0["bestEpoch"] as? Int) == 20 })
    let costs = try #require(first.results["costs"] as? [[String: Any]])
    #expect(costs.allSatisfy { ($0["parameters"] as? Int ?? 0) >= 20 })
    #expect(try study("mass(jet[0], jet[1])").run == first.run)
    #expect(try study("mass(jet[0], jet[2])").run != first.run)
  }

  @Test func `a variable that cannot be is refused with a mark under the fault`() throws {
    let folder = try TinyStudy.folder()
    let outcome = try Command.run(
      ["study", "tiny.yaml", "-o", "study", "--set", "variables.m=mass(jets[0], jet[1])"],
      in: folder.path)
    expectFailure(
      outcome,
      says: ["variables.m is not a variable", "no kind of object jets. Did you mean jet?", "^"])
    #expect(folder.contents == ["tiny.yaml"])
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `an interrupted study continues to the same results`(_ signal: Int32) throws {
    let folder = try TinyStudy.folder()
    func arguments(_ output: String) -> [String] {
      [
        "study", "tiny.yaml", "-o", output, "--set", "study.seeds=1", "--set",
        "study.labels=[10]", "--set", "pretraining.epochs=3",
      ]
    }
    let running = try Command.start(arguments("study"), in: folder.path)
    let checkpoint = folder.file("study/pretraining/lorentz/training.json")
    let deadline = Date().addingTimeInterval(60)
    while !FileManager.default.fileExists(atPath: checkpoint), running.process.isRunning,
      Date() < deadline
    {
      Thread.sleep(forTimeInterval: 0.01)
    }
    kill(running.process.processIdentifier, signal)
    let interrupted = try running.wait()
    expectFailure(
      interrupted, status: 130,
      says: ["lorentz: interrupted.", "run the same command again to continue."])
    #expect(!FileManager.default.fileExists(atPath: folder.file("study/results.json")))
    let continued = try Command.run(arguments("study"), in: folder.path)
    #expect(continued.status == 0, "\(continued.error)")
    guard signal == SIGINT else { return }
    let straight = try Command.run(arguments("straight"), in: folder.path)
    #expect(straight.status == 0)
    #expect(try results(folder.file("study")) == results(folder.file("straight")))
  }

  @Test(arguments: [
    ("study.arms=[{name: a, pretraining: lorenz}]", ["lorenz", "baseline, lorentz"]),
    ("study.mainArm=foo", ["study.mainArm is foo", "one of the arms scratch, lorentz"]),
    ("study.arms=[{name: a}, {name: a}]", ["a a second time", "another name"]),
    ("study.arms=[{name: a/b}]", ["a/b", "without / and first dot"]),
    ("study.pretrainings={../x: {}}", ["../x", "without / and first dot"]),
    ("study.labels=[]", ["study.labels", "one at least"]),
    ("study.labels=[10, 10]", ["study.labels", "different numbers"]),
    ("study.labels=[2]", ["2", "at least 4"]),
    ("study.testFraction=1.5", ["1.5", "0.01 to 0.99"]),
  ])
  func `a study that cannot be is refused before anything is written`(
    _ setting: String, _ words: [String]
  ) throws {
    let folder = try TinyStudy.folder()
    let outcome = try Command.run(
      ["study", "tiny.yaml", "-o", "study", "--set", setting], in: folder.path)
    expectFailure(outcome, says: ["--set \(setting)"] + words)
    #expect(folder.contents == ["tiny.yaml"])
  }

  @Test func `more labels than there are is an error that says how many`() throws {
    let folder = try TinyStudy.folder()
    let outcome = try Command.run(
      ["study", "tiny.yaml", "-o", "study", "--set", "study.labels=[5000]"], in: folder.path)
    expectFailure(
      outcome, says: ["class ttbar has 120 events", "60 are left, and 5000 are needed"])
  }
}
