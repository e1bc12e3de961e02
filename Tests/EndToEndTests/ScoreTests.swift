// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ScoreTests {
  /// Scores the signal sample and returns the lines of the output.
  private func lines(
    _ classifier: String, _ output: String, _ options: [String] = []
  ) throws -> [String] {
    let outcome = try Command.run(["score", classifier, TinyStudy.signal, "-o", output] + options)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.contains("of 12000 events scored: \(output)"))
    return try String(contentsOfFile: output, encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// Copies the classifier, and reads its configuration, which a test may change.
  private func copyOfClassifier(
    _ name: String, in folder: TemporaryFolder
  ) throws -> (classifier: String, path: String, text: String) {
    let classifier = folder.file(name)
    try FileManager.default.copyItem(
      atPath: try TinyStudy.trained() + "/classifier", toPath: classifier)
    let path = classifier + "/configuration.yaml"
    return (classifier, path, try String(contentsOfFile: path, encoding: .utf8))
  }

  @Test func `every entry has a line, in its order, the same each time`() throws {
    let classifier = try TinyStudy.trained() + "/classifier"
    let folder = try TemporaryFolder()
    let csv = try lines(classifier, folder.file("a.csv"))
    #expect(csv.first == "entry,score_ttbar,score_2HDM")
    #expect(csv.count == 12_001)
    for (entry, line) in csv.dropFirst().enumerated() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == 3, Int(cells[0]) == entry, let background = Double(cells[1]),
        let signal = Double(cells[2]), abs(background + signal - 1) < 1e-5
      else {
        Issue.record("line of entry \(entry): \(line)")
        break
      }
    }
    #expect(try lines(classifier, folder.file("b.csv")) == csv)
    let json = try lines(classifier, folder.file("a.jsonl"))
    #expect(json.count == 12_000)
    let last = try #require(csv.last).split(separator: ",")
    #expect(
      json.last == "{\"entry\":11999,\"score_ttbar\":\(last[1]),\"score_2HDM\":\(last[2])}")
    #expect(folder.contents == ["a.csv", "a.jsonl", "b.csv"])
  }

  @Test func `a score does not depend on which other events are scored`() throws {
    let original = try TinyStudy.trained() + "/classifier"
    let folder = try TemporaryFolder()
    let (stricter, path, text) = try copyOfClassifier("stricter", in: folder)
    try text.replacingOccurrences(of: "minimumObjects: 3", with: "minimumObjects: 6")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let all = try lines(original, folder.file("all.csv"))
    let some = try lines(stricter, folder.file("some.csv"))
    var kept = 0
    var dropped = 0
    for (one, other) in zip(all, some).dropFirst() {
      let (one, other) = (one.split(separator: ","), other.split(separator: ","))
      #expect(one[0] == other[0])
      guard other.count == 3 else {
        dropped += 1
        continue
      }
      kept += 1
      let difference = abs((Double(one[1]) ?? .nan) - (Double(other[1]) ?? .nan))
      if !(difference < 1e-5) { Issue.record("\(one) and \(other)") }
    }
    #expect(kept > 1000 && dropped > 1000)
  }

  @Test(
    arguments: [
      ("float16", Kernels.avx512fp16, "no AVX-512 FP16", 0.005),
      ("bfloat16", Kernels.avx512bf16, "no AVX-512 BF16", 0.02),
      ("int16", Kernels.avx512vnni, "no AVX-512 VNNI", 0.002),
    ])
  func `half precision gives nearly the same scores, or says why not`(
    precision: String, kernels: Kernels, reason: String, tolerance: Double
  ) throws {
    let classifier = try TinyStudy.trained() + "/classifier"
    let folder = try TemporaryFolder()
    let options = ["--precision", precision]
    guard kernels.isAvailable else {
      let output = folder.file("half.csv")
      let outcome = try Command.run(
        ["score", classifier, TinyStudy.signal, "-o", output] + options)
      expectFailure(outcome, status: 1, says: [reason, "Leave --precision out"])
      #expect(folder.contents.isEmpty)
      return
    }
    let single = try lines(classifier, folder.file("single.csv"))
    let half = try lines(classifier, folder.file("half.csv"), options)
    #expect(half.count == single.count && half != single)
    for (one, other) in zip(single, half).dropFirst() {
      let (one, other) = (one.split(separator: ","), other.split(separator: ","))
      let difference = abs((Double(one[2]) ?? .nan) - (Double(other[2]) ?? .nan))
      if !(difference < tolerance) { Issue.record("\(one) and \(other)") }
    }
  }

  @Test func `files are read as those of the sample that is named`() throws {
    let folder = try TemporaryFolder()
    let (classifier, path, text) = try copyOfClassifier("classifier", in: folder)
    // The section of all as that of one sample too, with another cut.
    let start = try #require(text.range(of: "events:\n"))
    let section = text[start.upperBound...].split(separator: "\n").prefix { $0.hasPrefix(" ") }
    let own = section.map { "  \($0)\n" }.joined()
    func adding(_ section: String) -> String {
      text.replacing(
        "\nsamples:\n",
        with: "\nsamples:\n- name: data\n  files: [data.root]\n  events:\n\(section)")
    }
    try adding(own.replacing("minimumObjects: 3", with: "minimumObjects: 6"))
      .write(toFile: path, atomically: true, encoding: .utf8)
    let strict = try lines(classifier, folder.file("strict.csv"), ["--sample", "data"])
    try text.replacing("minimumObjects: 3", with: "minimumObjects: 6")
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try lines(classifier, folder.file("all.csv")) == strict)
    try adding(own).replacing("PV_npvs", with: "PV_n", maxReplacements: 1).write(
      toFile: path, atomically: true, encoding: .utf8)
    expectFailure(
      try Command.run(["score", classifier, TinyStudy.signal, "-o", folder.file("c.csv")]),
      says: ["no column PV_n", "--sample data"])
    try adding(own.replacing("charge:", with: "sign:")).write(
      toFile: path, atomically: true, encoding: .utf8)
    for (sample, words) in [("date", "Did you mean data?"), ("data", "than those")] {
      expectFailure(
        try Command.run(
          ["score", classifier, TinyStudy.signal, "-o", folder.file("c.csv"), "--sample", sample]),
        says: [sample, words])
    }
  }

  @Test func `JSON sums up`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Command.run([
      "score", try TinyStudy.trained() + "/classifier", TinyStudy.signal, "-o",
      folder.file("a.csv"), "--json",
    ])
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    let summary = try outcome.json()
    #expect(summary["entries"] as? Int == 12_000)
    #expect(summary["scored"] as? Int == 12_000)
  }

  @Test func `the number of threads changes nothing`() throws {
    let classifier = try TinyStudy.trained() + "/classifier"
    let folder = try TemporaryFolder()
    func scores(_ threads: Int) throws -> Data {
      let output = folder.file("\(threads).csv")
      let outcome = try Command.run([
        "score", classifier, TinyStudy.signal, "-o", output, "--threads", "\(threads)",
      ])
      #expect(outcome.status == 0, "\(outcome.error)")
      return try Data(contentsOf: URL(fileURLWithPath: output))
    }
    let alone = try scores(1)
    #expect(try scores(2) == alone)
    #expect(try scores(5) == alone)
  }

  @Test func `an interrupted run leaves the scores of before`() throws {
    let folder = try TinyStudy.folder()
    // A classifier so large that scoring takes seconds.
    let trained = try Command.run(
      [
        "finetune", "tiny.yaml", "-o", "large", "--set", "finetuning.mode=scratch", "--set",
        "finetuning.scratchSteps=1", "--set", "finetuning.epochs=1", "--set", "model.width=256",
        "--set", "model.layers=8",
      ], in: folder.path)
    #expect(trained.status == 0, "\(trained.error)")
    let path = try folder.write("old\n", to: "scores.csv")
    let running = try Command.start(
      ["score", "large", TinyStudy.signal, "-o", "scores.csv"], in: folder.path)
    let deadline = Date().addingTimeInterval(60)
    while !folder.contents.contains(where: { $0.hasPrefix(".scores.csv.") }),
      running.process.isRunning, Date() < deadline
    {
      Thread.sleep(forTimeInterval: 0.001)
    }
    kill(running.process.processIdentifier, SIGINT)
    expectFailure(try running.wait(), status: 130, says: ["lorentz: interrupted."])
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old\n")
    #expect(folder.contents.allSatisfy { !$0.hasPrefix(".") })
  }

  @Test func `a folder that is no classifier is refused`() throws {
    let trained = try TinyStudy.trained()
    let folder = try TemporaryFolder()
    for name in ["backbone", "nowhere"] {
      expectFailure(
        try Command.run(
          ["score", name, TinyStudy.signal, "-o", folder.file("a.csv")], in: trained),
        says: ["classifier \(name)", "no classifier.json", "Name the folder that finetune wrote"])
      expectFailure(
        try Command.run(["evaluate", name], in: trained), says: ["no classifier.json"])
    }
    #expect(folder.contents.isEmpty)
  }

  @Test func `a file without the columns of the training is refused`() throws {
    let folder = try TemporaryFolder()
    let (classifier, path, text) = try copyOfClassifier("classifier", in: folder)
    try text.replacingOccurrences(of: "MET_phi", with: "MET_fi")
      .write(toFile: path, atomically: true, encoding: .utf8)
    expectFailure(
      try Command.run(["score", classifier, TinyStudy.signal, "-o", folder.file("a.csv")]),
      says: [TinyStudy.signal, "no column MET_fi", "Did you mean MET_phi"])
    #expect(folder.contents == ["classifier"])
  }
}
