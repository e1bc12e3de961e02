// SPDX-License-Identifier: Apache-2.0

import Configuration
import TestSupport
import Testing

@Suite struct BaseTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes files and loads one of them.
  private func load(
    _ name: String, of files: [String: String], overrides: [String] = []
  ) throws -> ConfigurationNode {
    for (name, text) in files { _ = try folder.write(text, to: name) }
    return try ConfigurationNode.load(
      path: folder.file(name), overrides: overrides, fileKeys: ["samples.*.files"])
  }

  /// Returns the error that loading or reading ends with, the temporary folder written as `.`.
  private func message(
    _ name: String, of files: [String: String],
    _ body: (ConfigurationNode) throws -> Void = { _ in }
  ) throws -> String {
    let error = #expect(throws: ConfigurationError.self) {
      let root = try load(name, of: files)
      try body(root)
      try root.finish()
    }
    return try #require(error).description.replacing(folder.path, with: ".")
  }

  private let demo = """
    name: demo
    model: {width: 64, layers: 4}
    labels: [100, 500]
    augmentation:
      boost: 0.5
    samples:
      - {name: data, files: [../Samples/a.root, /data/b.root]}
      - {name: signal, files: c.root}
    """

  @Test func `mappings are merged and all else is replaced`() throws {
    let top = """
      base: demo.yaml
      name: wide
      model: {width: 128, heads: 8}
      labels: [50]
      augmentation: null
      """
    let files = ["demo.yaml": demo, "top.yaml": top]
    let root = try load("top.yaml", of: files, overrides: ["model.layers=2"])
    #expect(try root.string("name") == "wide")
    #expect(try root.ints("labels") == [50])
    #expect(try root.node("augmentation") == nil)
    let model = try root.requiredNode("model")
    #expect(try model.int("width") == 128)
    #expect(try model.int("layers") == 2)
    #expect(try model.int("heads") == 8)
    root.skip(["samples"])
    try root.finish()
  }

  @Test func `a key without a value takes that of the base away`() throws {
    let files = [
      "base.yaml": "variables: {a: 1, b: 2, c: 3}",
      "top.yaml": "base: base.yaml\nvariables: {b: , d: 4}", "own.yaml": "variables: {b: }",
    ]
    let entries = try load("top.yaml", of: files).entries("variables")
    #expect(entries.map(\.name) == ["a", "c", "d"])
    // Where there is nothing to take away, it stays and is an error of who wants a value.
    #expect(try load("own.yaml", of: files).entries("variables").map(\.name) == ["b"])
  }

  @Test func `a base may have a base`() throws {
    let files = [
      "a.yaml": "base: b/b.yaml\nx: 1", "b/b.yaml": "base: ../c/c.yaml\nx: 2\ny: 2",
      "c/c.yaml": "x: 3\ny: 3\nz: 3\nsamples: [{files: d.root}]",
    ]
    let root = try load("a.yaml", of: files)
    #expect(try ["x", "y", "z"].map { try root.int($0) } == [1, 2, 3])
    let sample = try root.nodes("samples")[0]
    #expect(try sample.resolve(sample.string("files")) == folder.file("c/d.root"))
  }

  @Test func `files of a base are found from the folder of the file that is loaded`() throws {
    let files = ["all/demo.yaml": demo, "tasks/new/top.yaml": "base: ../../all/demo.yaml\nname: x"]
    let root = try load("tasks/new/top.yaml", of: files)
    let samples = try root.nodes("samples")
    #expect(
      try samples.map { try $0.strings("files") }
        == [["../../all/../Samples/a.root", "/data/b.root"], ["../../all/c.root"]])
    #expect(samples[1].resolve("../../all/c.root") == folder.file("all/c.root"))
    // What is saved reads the same without the base.
    let saved = try ConfigurationNode(
      text: root.serialized(), name: "saved.yaml", folder: root.folder)
    #expect(!saved.contains("base"))
    #expect(try saved.nodes("samples")[1].strings("files") == ["../../all/c.root"])
    #expect(saved.serialized() == root.serialized())
  }

  @Test func `errors name the file that a value stands in`() throws {
    let files = ["demo.yaml": demo, "tasks/top.yaml": "base: ../demo.yaml\nmodel:\n  heads: 3"]
    func model(_ root: ConfigurationNode) throws -> ConfigurationNode {
      root.skip(["name", "labels", "augmentation", "samples"])
      return try root.requiredNode("model")
    }
    #expect(
      try message("tasks/top.yaml", of: files) {
        _ = try model($0).int("width", in: 100...)
      } == "./tasks/../demo.yaml:2:16: model.width is 64; expected an integer of at least 100.")
    #expect(
      try message("tasks/top.yaml", of: files) {
        let model = try model($0)
        _ = try (model.int("width"), model.int("layers"))
      } == "./tasks/top.yaml:3:3: unknown key model.heads. Known keys are layers, width.")
  }

  @Test func `a cycle is an error`() throws {
    let files = ["a.yaml": "base: b.yaml", "b.yaml": "x: 1\nbase: a.yaml"]
    #expect(
      try message("a.yaml", of: files)
        == "./b.yaml:2:7: base is a.yaml, which closes a cycle: ./a.yaml → ./b.yaml → a.yaml; "
        + "expected a configuration that does not have this one as a base.")
    #expect(
      try message("c.yaml", of: ["c.yaml": "base: c.yaml"])
        == "./c.yaml:1:7: base is c.yaml, which closes a cycle: ./c.yaml → c.yaml; "
        + "expected a configuration that does not have this one as a base.")
  }

  @Test func `a base that cannot be read is an error of the key`() throws {
    #expect(
      try message("a.yaml", of: ["a.yaml": "name: x\nbase: b.yaml"])
        == "./a.yaml:2:7: base is b.yaml; cannot read the configuration: there is no such file. "
        + "Check the path, which starts at the folder of this file.")
    #expect(
      try message("a.yaml", of: ["a.yaml": "base: [b.yaml]"])
        == "./a.yaml:1:7: base is a list; expected a text.")
    #expect(
      try message("a.yaml", of: ["a.yaml": "base: b.yaml", "b.yaml": "x: [1"])
        .hasPrefix("./b.yaml:"))
  }
}
