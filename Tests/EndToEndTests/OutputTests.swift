// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Places that cannot be written to.
@Suite struct OutputTests {
  private func failures(_ output: String, says words: [String], in folder: TemporaryFolder) throws {
    let classifier = try TinyStudy.trained() + "/classifier"
    for arguments in [
      ["prepare", "tiny.yaml", "-o", output], ["pretrain", "tiny.yaml", "-o", output],
      ["study", "tiny.yaml", "-o", output],
      ["score", classifier, TinyStudy.signal, "-o", output + "/scores.csv"],
    ] {
      let outcome = try Command.run(arguments, in: folder.path)
      expectFailure(outcome, says: [output] + words)
    }
  }

  @Test func `a file where the folder should be`() throws {
    let folder = try TinyStudy.folder()
    let output = try folder.write("precious", to: "taken")
    try failures(output, says: ["choose another name"], in: folder)
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "precious")
    #expect(folder.contents == ["taken", "tiny.yaml"])
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self")))
  func `a file system that cannot be written to`() throws {
    try failures("/proc/lorentz", says: ["cannot create"], in: TinyStudy.folder())
  }

  @Test func `a folder where the file should be`() throws {
    let folder = try TinyStudy.folder()
    let output = folder.file("scores.csv")
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    let outcome = try Command.run([
      "score", try TinyStudy.trained() + "/classifier", TinyStudy.signal, "-o", output,
    ])
    expectFailure(outcome, says: ["cannot write \(output)", "choose another name"])
    #expect(folder.contents == ["scores.csv", "tiny.yaml"])
  }

  /// A limit on the length of files stands in for a full disk; the shell ignores the signal that
  /// would end the command, which then sees the error of every write.
  @Test func `a full disk leaves what was there before, and nothing half written`() throws {
    let classifier = try TinyStudy.trained() + "/classifier"
    let folder = try TinyStudy.folder()
    let output = try folder.write("precious", to: "scores.csv")
    let limit = "trap '' XFSZ; ulimit -f 20;"
    let scored = try Command.run(
      ["score", classifier, TinyStudy.signal, "-o", output], in: folder.path, shell: limit)
    expectFailure(scored, says: ["cannot write \(output)", "Free some space"])
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "precious")
    let prepared = try Command.run(
      ["prepare", "tiny.yaml", "-o", "stores"], in: folder.path, shell: limit)
    expectFailure(prepared, says: ["cannot write", "Free some space"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("stores")).isEmpty)
    #expect(folder.contents == ["scores.csv", "stores", "tiny.yaml"])
    // With room again the same command does its work.
    let again = try Command.run(["prepare", "tiny.yaml", "-o", "stores"], in: folder.path)
    #expect(again.status == 0, "\(again.error)")
  }
}
