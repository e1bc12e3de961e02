// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import TestSupport
import Testing

/// `lorentz score … -o scores.root`.
@Suite struct ScoreTreeTests {
  private static let files = [TinyStudy.signal, TinyStudy.background]

  /// Scores files and returns the tree of the output.
  private func tree(
    _ classifier: String, _ files: [String], _ output: String, _ options: [String] = [],
    name: String = "Scores"
  ) throws -> Tree {
    let outcome = try Command.run(["score", classifier] + files + ["-o", output] + options)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.contains("of \(12_000 * files.count) events scored: \(output)"))
    return try ROOTFile(path: output).tree(name)
  }

  @Test func `a friend tree has the entries of all files, one behind the other`() throws {
    let classifier = try TinyStudy.trained() + "/classifier"
    let folder = try TemporaryFolder()
    let found = try tree(classifier, Self.files, folder.file("a.root"), ["--embedding"])
    #expect(
      found.branches.map(\.title) == [
        "run/i", "luminosityBlock/i", "event/l", "passed/O", "score_ttbar/F", "score_2HDM/F",
        "embedding[16]/F",
      ])
    #expect(found.entryCount == 24_000)
    let inputs = try Self.files.map { try ROOTFile(path: $0).tree("Events") }
    let names = ["run", "luminosityBlock", "event"]
    let identifiers = try inputs.map { try $0.read(names).map { $0.doubles() } }
    for (index, column) in try found.read(names).enumerated() {
      #expect(column.doubles() == identifiers[0][index] + identifiers[1][index])
    }
    #expect(try found.read(["passed"])[0].doubles().allSatisfy { $0 == 1 })

    let csv = folder.file("a.csv")
    let outcome = try Command.run(["score", classifier] + Self.files + ["-o", csv])
    #expect(outcome.status == 0, "\(outcome.error)")
    let lines = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: ",") }
    #expect(lines[0] == ["file", "entry", "score_ttbar", "score_2HDM"])
    #expect(lines[1][0] == TinyStudy.signal)
    #expect(lines[12_001][0] == TinyStudy.background && lines[12_001][1] == "0")
    let scores = try found.read(["score_ttbar", "score_2HDM"]).map { $0.doubles() }
    for (entry, line) in lines.dropFirst().enumerated() {
      for column in 0..<2
      where abs((Double(line[2 + column]) ?? .nan) - scores[column][entry]) > 1e-6 {
        Issue.record("entry \(entry): \(line) and \(scores[column][entry])")
      }
    }
    // Events differ, and so do their vectors; the norm in front of the head bounds them.
    let vectors = try found.read(["embedding"])[0].floats()
    #expect(vectors.count == 24_000 * 16 && vectors.allSatisfy { $0.isFinite })
    #expect(vectors.prefix(16) != vectors.dropFirst(16).prefix(16))
    #expect(folder.contents == ["a.csv", "a.root"])
  }

  @Test func `an entry that does not pass has no scores, and says so`() throws {
    let folder = try TemporaryFolder()
    let stricter = folder.file("stricter")
    try FileManager.default.copyItem(
      atPath: try TinyStudy.trained() + "/classifier", toPath: stricter)
    let path = stricter + "/configuration.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "minimumObjects: 3", with: "minimumObjects: 6")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let tree = try tree(
      stricter, [TinyStudy.signal], folder.file("a.root"), ["--embedding", "--tree", "lorentz"],
      name: "lorentz")
    let passed = try tree.read(["passed"])[0].doubles().map { $0 == 1 }
    #expect(passed.contains(true) && passed.contains(false))
    #expect(try tree.read(["score_2HDM"])[0].floats().map { !$0.isNaN } == passed)
    let vectors = try tree.read(["embedding"])[0].floats()
    #expect(passed.indices.allSatisfy { vectors[16 * $0].isNaN != passed[$0] })
    let events = try ROOTFile(path: TinyStudy.signal).tree("Events").read(["event"])[0].values
    #expect(try tree.read(["event"])[0].values == events)
  }

  @Test func `the number of threads changes no value`() throws {
    let classifier = try TinyStudy.trained() + "/classifier"
    let folder = try TemporaryFolder()
    func scores(_ threads: Int) throws -> [[Float]] {
      try tree(
        classifier, Self.files, folder.file("\(threads).root"),
        ["--embedding", "--threads", "\(threads)"]
      ).read(["score_2HDM", "embedding", "event"]).map { $0.floats() }
    }
    #expect(try scores(1) == scores(4))
  }

  @Test func `the input is not replaced by its scores`() throws {
    let folder = try TemporaryFolder()
    let classifier = try TinyStudy.trained() + "/classifier"
    let copy = folder.file("a.root")
    try FileManager.default.copyItem(atPath: TinyStudy.signal, toPath: copy)
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link.root"), withDestinationPath: copy)
    for input in [copy, folder.file("link.root")] {
      expectFailure(
        try Command.run(["score", classifier, TinyStudy.background, input, "-o", copy]),
        status: 64, says: ["is the input \(input), which it would replace"])
    }
    #expect(try ROOTFile(path: copy).tree("Events").entryCount == 12_000)
  }

  @Test func `one wrong file of several leaves nothing`() throws {
    let folder = try TemporaryFolder()
    let classifier = try TinyStudy.trained() + "/classifier"
    let text = try folder.write("no ROOT file", to: "text.root")
    expectFailure(
      try Command.run(["score", classifier, TinyStudy.signal, text, "-o", folder.file("a.root")]),
      says: ["cannot read \(text)", "is not a ROOT file"])
    #expect(folder.contents == ["text.root"])
  }

  /// The limit stands in for a full disk; see `OutputTests`.
  @Test func `a full disk leaves what was there before`() throws {
    let folder = try TemporaryFolder()
    let classifier = try TinyStudy.trained() + "/classifier"
    let output = try folder.write("precious", to: "scores.root")
    let scored = try Command.run(
      ["score", classifier, TinyStudy.signal, "-o", output, "--embedding"], in: folder.path,
      shell: "trap '' XFSZ; ulimit -f 20;")
    expectFailure(scored, says: ["cannot write \(output)", "Free some space"])
    #expect(folder.contents == ["scores.root"])
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "precious")
  }
}
