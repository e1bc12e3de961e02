// SPDX-License-Identifier: Apache-2.0

import Configuration
import TestSupport
import Testing

@Suite struct OverrideTests {
  private let text = """
    training:
      epochs: 20
    samples:
      - {name: data, files: [a.root]}
      - {name: signal, files: [b.root]}
    """

  private func root(_ overrides: String...) throws -> ConfigurationNode {
    try ConfigurationNode(text: text, name: "demo.yaml", overrides: overrides)
  }

  private func message(_ body: () throws -> Void) throws -> String {
    try #require(#expect(throws: ConfigurationError.self, performing: body)).description
  }

  @Test func `values are replaced and added`() throws {
    let root = try root(
      "training.epochs=5", "training.rate=1e-3", "model.width=64",
      "samples.1.files=[c.root, d.root]",
      "name=a=b")
    let training = try root.requiredNode("training")
    #expect(try training.int("epochs") == 5)
    #expect(try training.double("rate") == 1e-3)
    #expect(try root.requiredNode("model").int("width") == 64)
    #expect(try root.nodes("samples")[1].strings("files") == ["c.root", "d.root"])
    #expect(try root.nodes("samples")[0].strings("files") == ["a.root"])
    #expect(try root.string("name") == "a=b")
  }

  @Test func `null takes a value away`() throws {
    let root = try root("training.epochs=null")
    #expect(try root.requiredNode("training").int("epochs", default: 3) == 3)
    #expect(try self.root("training=").node("training") == nil)
  }

  @Test func `a misspelled override is reported as such`() throws {
    #expect(
      try message {
        let root = try root("trainig.epochs=5")
        _ = try root.requiredNode("training").int("epochs")
        root.skip(["samples"])
        try root.finish()
      } == "--set trainig.epochs=5: unknown key trainig. Did you mean training?")
  }

  @Test func `a bad value is reported with the override as its place`() throws {
    #expect(
      try message {
        _ = try root("training.epochs=0").requiredNode("training").int("epochs", in: 1...)
      }
        == "--set training.epochs=0: training.epochs is 0; expected an integer of at least 1.")
  }

  @Test(arguments: [
    (
      "training.epochs",
      "--set training.epochs: this is not of the form KEY=VALUE. "
        + "Write --set training.epochs=5, for instance."
    ),
    (
      "=5",
      "--set =5: this is not of the form KEY=VALUE. Write --set training.epochs=5, for instance."
    ),
    (
      "samples.2.name=x",
      "--set samples.2.name=x: samples is a list of 2; expected a position from 0 to 1 after it, "
        + "found 2."
    ),
    (
      "training.epochs.first=1",
      "--set training.epochs.first=1: training.epochs is 20, which has no key first."
    ),
    (
      "a=[1",
      "--set a=[1: this is not YAML: while parsing a flow sequence, did not find expected "
        + "',' or ']'."
    ),
  ])
  func `an override that cannot be placed is an error`(override: String, expected: String) throws {
    #expect(try message { _ = try root(override) } == expected)
  }

  @Test func `the merged configuration can be written and read again`() throws {
    let merged = try root("training.epochs=5", "version=\"5\"").serialized()
    let again = try ConfigurationNode(text: merged, name: "again.yaml")
    #expect(try again.requiredNode("training").int("epochs") == 5)
    #expect(try again.nodes("samples").count == 2)
    #expect(again.serialized() == merged)
    // What was quoted stays a text.
    #expect(throws: ConfigurationError.self) { _ = try again.int("version") }
  }

  @Test func `relative paths start at the file`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a: 1", to: "inner/demo.yaml")
    let root = try ConfigurationNode.load(path: path)
    #expect(root.resolve("../data.root") == folder.file("data.root"))
    #expect(root.resolve("/data.root") == "/data.root")
  }
}
