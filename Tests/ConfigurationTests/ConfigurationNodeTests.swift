// SPDX-License-Identifier: Apache-2.0

import Configuration
import Testing

@Suite struct ConfigurationNodeTests {
  enum Objective: String, CaseIterable {
    case maskedObjects
    case invariants
  }

  /// Returns the description of the error that reading a text ends with.
  private func message(
    _ text: String, overrides: [String] = [], _ body: (ConfigurationNode) throws -> Void = { _ in }
  ) throws -> String {
    let error = #expect(throws: ConfigurationError.self) {
      let root = try ConfigurationNode(text: text, name: "demo.yaml", overrides: overrides)
      try body(root)
      try root.finish()
    }
    return try #require(error).description
  }

  @Test func `values of every type are read`() throws {
    let text = """
      name: demo
      epochs: 5
      events: 1e5
      rate: 1e-3
      shuffle: true
      files: one.root
      layers: [1, 2, 3]
      weights:
        - 0.5
        - 2
      objective: invariants
      nothing: null
      """
    let root = try ConfigurationNode(text: text, name: "demo.yaml")
    #expect(try root.string("name") == "demo")
    #expect(try root.int("epochs", default: 20, in: 1...) == 5)
    #expect(try root.int("events") == 100_000)
    #expect(try root.double("rate", in: .positive) == 1e-3)
    #expect(try root.bool("shuffle", default: false))
    #expect(try root.strings("files") == ["one.root"])
    #expect(try root.ints("layers") == [1, 2, 3])
    #expect(try root.doubles("weights") == [0.5, 2])
    #expect(try root.choice("objective", default: Objective.maskedObjects) == .invariants)
    #expect(try root.int("nothing", default: 7) == 7)
    #expect(try root.optionalString("nothing") == nil)
    #expect(try root.string("absent", default: "x") == "x")
    #expect(try root.strings("absent") == [])
    try root.finish()
  }

  @Test func `parts of a document are reached with their paths and places`() throws {
    let text = """
      training:
        epochs: 5
      samples:
        - name: data
        - name: signal
      columns: {pt: Muon_pt, mass: 0.10566}
      """
    let root = try ConfigurationNode(text: text, name: "demo.yaml")
    let training = try root.requiredNode("training")
    #expect(training.path == "training")
    #expect(try training.int("epochs") == 5)
    let samples = try root.nodes("samples")
    #expect(try samples.map { try $0.string("name") } == ["data", "signal"])
    #expect(samples[1].path == "samples.1")
    #expect(samples[1].location == "demo.yaml:5:5")
    let columns = try root.entries("columns")
    #expect(columns.map(\.name) == ["pt", "mass"])
    #expect(try columns[1].value.asDouble() == 0.10566)
    #expect(try root.node("absent") == nil)
    try root.finish()
  }

  @Test func `a value out of range is named with its place`() throws {
    let text = "training:\n  epochs: 0\n"
    #expect(
      try message(text) { _ = try $0.requiredNode("training").int("epochs", in: 1...) }
        == "demo.yaml:2:11: training.epochs is 0; expected an integer of at least 1.")
  }

  @Test(arguments: [
    ("a: two", "a is two; expected an integer from 1 to 9."),
    ("a: \"2\"", "a is \"2\"; expected an integer from 1 to 9."),
    ("a: 2.5", "a is 2.5; expected an integer from 1 to 9."),
    ("a: [1]", "a is a list; expected an integer from 1 to 9."),
    ("a: {b: 1}", "a is a mapping; expected an integer from 1 to 9."),
    ("a: 99999999999999999999", "a is 99999999999999999999; expected an integer from 1 to 9."),
  ])
  func `what is not such an integer is an error`(text: String, expected: String) throws {
    #expect(try message(text) { _ = try $0.int("a", in: 1...9) } == "demo.yaml:1:4: \(expected)")
  }

  @Test(arguments: [
    (".nan", "a number above 0"), ("inf", "a number above 0"), ("0", "a number above 0"),
    ("x", "a number above 0"),
  ])
  func `what is not such a number is an error`(text: String, expected: String) throws {
    #expect(
      try message("a: \(text)") { _ = try $0.double("a", in: .positive) }
        == "demo.yaml:1:4: a is \(text); expected \(expected).")
  }

  @Test func `words for yes and no are not Booleans`() throws {
    #expect(
      try message("a: yes") { _ = try $0.bool("a") }
        == "demo.yaml:1:4: a is yes; expected true or false.")
  }

  @Test func `an unknown choice lists the choices and the nearest`() throws {
    #expect(
      try message("a: invariant") { let _: Objective = try $0.choice("a") }
        == "demo.yaml:1:4: a is invariant; expected one of maskedObjects, invariants. "
        + "Did you mean invariants?")
  }

  @Test func `an unknown key is named with the nearest that exists`() throws {
    let text = "training:\n  epoch: 5\n"
    #expect(
      try message(text) { _ = try $0.requiredNode("training").int("epochs", default: 3) }
        == "demo.yaml:2:3: unknown key training.epoch. Did you mean epochs?")
    #expect(
      try message("zzz: 1") { _ = try $0.int("epochs", default: 3) }
        == "demo.yaml:1:1: unknown key zzz. Known keys are epochs.")
  }

  @Test func `a missing key names the misspelling`() throws {
    #expect(
      try message("epoch: 5") { _ = try $0.int("epochs") }
        == "demo.yaml:1:1: epochs is missing; expected an integer. "
        + "Is epoch a misspelling of it?")
    #expect(
      try message("epochs:") { _ = try $0.int("epochs") }
        == "demo.yaml:1:8: epochs is empty; expected an integer.")
  }

  @Test func `skipped keys and what they hold are not reported`() throws {
    let root = try ConfigurationNode(text: "model: {width: 64}\nseed: 1", name: "demo.yaml")
    root.skip(["model", "study"])
    _ = try root.int("seed")
    try root.finish()
  }

  @Test func `a key that occurs twice is an error`() throws {
    #expect(
      try message("a: 1\nb: 2\na: 3")
        == "demo.yaml:1:1: the key a occurs more than once in one mapping.")
  }

  @Test func `text that is not YAML is an error with its place`() throws {
    #expect(
      try message("a: [1, 2\nb: 3")
        == "demo.yaml:2:2: this is not YAML: while parsing a flow sequence, "
        + "did not find expected ',' or ']'.")
    #expect(try message("a: 1\n---\nb: 2").contains("another document"))
    #expect(
      try message("- 1")
        == "demo.yaml:1:1: the configuration is a list; expected a mapping of keys to values.")
  }

  @Test func `aliases that multiply are stopped`() throws {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let alias = "*a\(level - 1)"
      text +=
        "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
    }
    #expect(try message(text).contains("more than 1000000 values, aliases expanded"))
  }

  @Test func `a file that is not there is an error`() {
    #expect {
      _ = try ConfigurationNode.load(path: "/nonexistent/demo.yaml")
    } throws: {
      "\($0)" == "/nonexistent/demo.yaml: cannot read the configuration: there is no such file. "
        + "Check the spelling of the path."
    }
  }

  @Test func `an empty document holds nothing`() throws {
    for text in ["", "# a comment\n", "null"] {
      let root = try ConfigurationNode(text: text, name: "demo.yaml")
      #expect(try root.int("a", default: 3) == 3)
      try root.finish()
    }
  }
}
