// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Files that are not what their names promise.
@Suite struct BadFileTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var words: [String]
    var bytes: @Sendable (Data) -> Data
  }

  static let cases = [
    Case(
      testDescription: "cut in half",
      words: ["announces 834053 bytes", "download or copy it again"]
    ) { $0.prefix($0.count / 2) },
    Case(
      testDescription: "cut in its header", words: ["truncated", "download or copy it again"]
    ) { $0.prefix(30) },
    Case(testDescription: "empty", words: ["has no bytes", "Download or copy it again"]) { _ in
      Data()
    },
    Case(testDescription: "text", words: ["starts with \"<htm\"", "not a ROOT file"]) { _ in
      Data("<html>404: no such page</html>".utf8)
    },
    Case(testDescription: "an image", words: ["starts with 89 50 4e 47", "not a ROOT file"]) { _ in
      Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 7, count: 100))
    },
    Case(
      testDescription: "with flipped bytes in a basket",
      words: ["basket 0 of Events/Jet_eta", "damaged; download or copy it again"]
    ) { original in
      var data = original
      for index in data.count / 2..<data.count / 2 + 2000 { data[index] ^= 0x5A }
      return data
    },
  ]

  @Test(arguments: cases)
  func `a bad file ends every command with one sentence`(_ item: Case) throws {
    let trained = try TinyStudy.trained()
    let folder = try TinyStudy.folder()
    let path = folder.file("bad.root")
    let original = try Data(contentsOf: URL(fileURLWithPath: TinyStudy.signal))
    try item.bytes(original).write(to: URL(fileURLWithPath: path))
    for arguments in [
      ["inspect", path, "--columns", "Jet_eta", "--json"],
      ["prepare", "tiny.yaml", "--set", "samples.2.files=\(path)", "-o", "stores"],
      ["score", trained + "/classifier", path, "-o", "scores.csv"],
    ] {
      let outcome = try Command.run(arguments, in: folder.path)
      expectFailure(outcome, says: [path] + item.words)
    }
    #expect(!folder.contents.contains("scores.csv"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("stores/signal")))
    #expect(folder.contents.allSatisfy { !$0.hasPrefix(".") })
  }

  @Test func `missing files and folders are told by name`() throws {
    let trained = try TinyStudy.trained()
    let folder = try TinyStudy.folder()
    expectFailure(
      try Command.run(["inspect", "none.root"], in: folder.path),
      says: ["cannot read none.root: the file does not exist"])
    expectFailure(
      try Command.run(["inspect", folder.path]), says: ["this is a folder", "Give the path"])
    expectFailure(
      try Command.run(
        ["score", trained + "/classifier", "none.root", "-o", "a.csv"], in: folder.path),
      says: ["cannot read none.root"])
    expectFailure(
      try Command.run(["study", "none.yaml", "-o", "study"], in: folder.path),
      says: ["none.yaml: cannot read the configuration", "Check the spelling"])
    expectFailure(
      try Command.run(
        ["prepare", "tiny.yaml", "-o", "stores", "--set", "samples.2.files=[none.root]"],
        in: folder.path),
      says: ["--set samples.2.files=[none.root]", "no file of the sample signal matches none.root"])
    #expect(folder.contents == ["tiny.yaml"])
  }

  @Test(arguments: [
    ("model.safetensors", "model.safetensors"), ("head.safetensors", "head.safetensors"),
    ("classifier.json", "classifier.json"), ("model.json", "model.json"),
    ("configuration.yaml", "configuration.yaml"),
  ])
  func `a damaged classifier is refused`(_ name: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    let classifier = folder.file("classifier")
    try FileManager.default.copyItem(
      atPath: try TinyStudy.trained() + "/classifier", toPath: classifier)
    let url = URL(fileURLWithPath: "\(classifier)/\(name)")
    let whole = try Data(contentsOf: url)
    let arguments = ["score", classifier, TinyStudy.signal, "-o", folder.file("a.csv")]
    try whole.prefix(whole.count / 2).write(to: url)
    let outcome = try Command.run(arguments)
    #expect(outcome.status == 1 && !outcome.wasKilled)
    #expect(outcome.error.contains(words), "\(outcome.error)")
    try FileManager.default.removeItem(at: url)
    expectFailure(try Command.run(arguments), says: [words])
    #expect(folder.contents == ["classifier"])
  }
}
