// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import Events
import Foundation
import TestSupport
import Testing
import Torch

/// Heads that read high-level variables beside the event vector.
@Suite struct VariableInputTests {
  private let source = ToyEvents.make(eventCount: 120)

  private func variables(_ texts: [String: String]) throws -> EventVariables {
    let sorted = texts.sorted { $0.key < $1.key }
    return EventVariables(
      names: sorted.map(\.key),
      expressions: try sorted.map { try EventExpression($0.value, schema: source.schema) })
  }

  @Test func `columns are shares of the knots beside a value`() throws {
    let inputs = try VariableInputs(
      variables(["a": "jet[0].pt", "b": "jet[7].pt"]), training: source.events)
    // Jets of the toy events have one pt; an eighth jet is never there.
    #expect(inputs.knots == [[40], []])
    #expect(inputs.width == 3)
    let random = ToyEvents.make(eventCount: 200, isSeparable: false)
    let spread = try VariableInputs(variables(["a": "muon[0].pt"]), training: random.events)
    #expect(spread.knots[0].count == 6 && spread.knots[0] == spread.knots[0].sorted())
    let rows = try spread.values(of: random.events)
    let values = try spread.variables.values(of: random.events)
    for event in 0..<200 {
      let row = Array(rows[7 * event..<7 * (event + 1)])
      #expect(isClose(row.reduce(0, +), 1, absolute: 1e-5))
      guard !values[event].isNaN else {
        #expect(row == [0, 0, 0, 0, 0, 0, 1])
        continue
      }
      // Between the outer knots the shares give the value back.
      let inside = min(max(values[event], spread.knots[0][0]), spread.knots[0][5])
      let again = zip(row, spread.knots[0]).map { $0 * $1 }.reduce(0, +)
      #expect(isClose(Double(again), Double(inside), relative: 1e-4))
      #expect(row.filter { $0 > 0 }.count <= 2)
    }
  }

  @Test(arguments: [FineTuningConfiguration.Mode.scratch, .frozen])
  func `a head learns from a variable what the backbone does not say`(
    mode: FineTuningConfiguration.Mode
  ) throws {
    var configuration = FineTuningConfiguration()
    configuration.mode = mode
    configuration.steps = 0
    configuration.scratchSteps = 1
    configuration.epochs = 0
    let events = ToyEvents.make(eventCount: 200)
    let tuner = try FineTuner(
      backbone: makeBackbone(), source: events, events: Array(0..<200),
      classNames: ["background", "signal"], configuration: configuration,
      variables: VariableInputs(
        variables(["tag": "max(jet.btag)"]), training: events.events))
    _ = try tuner.run()
    let scores = try tuner.classifier.scores(of: events, events: Array(0..<200))[1]
    let labels = events.labels()
    let signal = scores.indices.filter { labels[$0] == 1 }.map { scores[$0] }
    let background = scores.indices.filter { labels[$0] == 0 }.map { scores[$0] }
    #expect(try #require(signal.min()) > #require(background.max()))
  }

  @Test func `a checkpoint keeps variables and knots`() throws {
    let folder = try TemporaryFolder()
    var configuration = FineTuningConfiguration(augmentation: .init())
    configuration.steps = 5
    configuration.epochs = 1
    configuration.members = 2
    let (scorer, history) = try FineTuner.trainMembers(
      source: source, events: Array(0..<120), classNames: ["a", "b"],
      configuration: configuration,
      variables: variables(["m": "mass(muon[0], jet[0])", "ht": "sum(jet.pt)"]),
      backbone: { _ in makeBackbone() })
    try ClassifierCheckpoint.save(
      scorer, configuration: configuration, history: history, text: "",
      configurationFolder: "", to: folder.path)
    let loaded = try ClassifierCheckpoint.load(folder.path)
    #expect(loaded.members[0].variables == scorer.members[0].variables)
    let events = Array(0..<120)
    #expect(
      try loaded.scores(of: source, events: events) == scorer.scores(of: source, events: events))
    var damaged = try ClassifierCheckpoint.read(folder.path)
    damaged.variables[0].expression = "mass(muon[0], quark[0])"
    try JSONEncoder().encode(damaged).write(
      to: URL(fileURLWithPath: folder.file("classifier.json")))
    let error = try #require(
      #expect(throws: ExpressionError.self) { try ClassifierCheckpoint.load(folder.path) })
    #expect("\(error)".contains("quark"))
  }
}
