// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Runtime
import TestSupport
import Testing
import Torch

@testable import Pretraining

@Suite struct VariablePredictionTests {
  let folder: TemporaryFolder
  let store: EventStore
  let backbone: EventTransformer

  init() throws {
    folder = try TemporaryFolder()
    store = try TinyEvents.store(in: folder, eventCount: 400)
    backbone = EventTransformer(
      configuration: ModelConfiguration(width: 16, layers: 1, heads: 2, feedForwardFactor: 2),
      schema: store.schema,
      normalization: try InputNormalization(store: store, indices: Array(0..<400)), seed: 1)
  }

  private func objective(_ expressions: [String: String]) throws -> VariablePrediction {
    var settings = VariablePrediction.Settings()
    settings.expressions = expressions
    var configuration = PretrainingConfiguration()
    configuration.objectives.variables = settings
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    let made = try settings.objective(
      ObjectiveParts(
        source: store, trainingEvents: Array(0..<400), layout: backbone.layout,
        model: backbone.configuration, configuration: configuration), generator: &generator)
    return try #require(made as? VariablePrediction)
  }

  private func loss(_ objective: VariablePrediction, _ batch: EventBatch) throws -> Tensor {
    try objective.loss(batch: batch, backbone: backbone, context: .init(seed: 1, epoch: 0))
  }

  /// With weights of zero everything is predicted as 0, the mean.
  private func forget(_ objective: VariablePrediction) {
    for parameter in objective.parameters() { parameter.value.copy(from: parameter.value * 0) }
  }

  @Test func `targets have mean 0 and variance 1, each variable counting alike`() throws {
    let own = try objective([
      "ht": "sum(jet.pt)", "m": "mass(muon[0], jet[0])", "n": "length(jet.pt)",
    ])
    withoutGradients { forget(own) }
    let all = try store.batch(events: Array(0..<400))
    // Mean squares of standardized numbers; mass is missing without a jet.
    #expect(try isClose(loss(own, all).item(), 1, absolute: 1e-3))
  }

  @Test func `what an event lacks does not count`() throws {
    let own = try objective(["m": "mass(muon[0], muon[1])", "pt": "muon[0].pt"])
    let all = try store.batch(events: Array(0..<400))
    let single = (0..<400).filter { event in
      all.range(of: event).filter { all.kinds[$0] == 0 }.count == 1
    }
    let alone = try objective(["pt": "muon[0].pt"])
    for objective in [own, alone] { withoutGradients { forget(objective) } }
    let batch = all.selecting(single)
    #expect(try isClose(loss(own, batch).item(), loss(alone, batch).item(), absolute: 1e-5))
    let none = try objective(["m": "mass(muon[0], muon[1])"])
    #expect(try loss(none, batch).item() == 0)
  }

  @Test func `it learns to compute, from objects in any order`() throws {
    let own = try objective(["ht": "sum(jet.pt)", "jets": "length(jet.pt)"])
    let batch = try store.batch(events: Array(0..<200))
    let optimizer = makePretrainingOptimizer(
      backbone: backbone, objectives: [own], weightDecay: 0)
    let before = try loss(own, batch).item()
    for _ in 0..<60 {
      optimizer.zeroGradients()
      try loss(own, batch).backward()
      optimizer.step(learningRate: 0.01)
    }
    #expect(try before > 0.8 && loss(own, batch).item() < 0.2)
  }

  @Test func `automatic variables count by the share of events that have them`() throws {
    let own = try objective([:])
    let schema = store.schema
    let variables = EventVariables(automaticFor: schema)
    let named = try objective(
      Dictionary(uniqueKeysWithValues: variables.names.map { ($0, $0) }))
    for objective in [own, named] { withoutGradients { forget(objective) } }
    let all = try store.batch(events: Array(0..<400))
    let values = try variables.values(of: all)
    let shares = variables.names.indices.map { column in
      (0..<400).filter { !values[$0 * variables.names.count + column].isNaN }.count
    }
    #expect(shares.contains { $0 > 0 && $0 < 400 })
    // Of all events together each variable's mean square is its variance: 1, or 0 of a constant.
    let spread = variables.names.indices.map { column in
      Set((0..<400).map { values[$0 * variables.names.count + column] }.filter { !$0.isNaN }).count
        > 1
    }
    func expected(_ weight: (Int) -> Double) -> Double {
      var (sum, total) = (0.0, 0.0)
      for (share, spread) in zip(shares, spread) {
        sum += spread ? weight(share) * Double(share) : 0
        total += weight(share) * Double(share)
      }
      return sum / total
    }
    #expect(try isClose(loss(named, all).item(), expected { _ in 1 }, absolute: 2e-3))
    #expect(try isClose(loss(own, all).item(), expected(Double.init), absolute: 2e-3))
  }

  @Test func `without expressions the automatic variables are predicted`() throws {
    #expect(try loss(objective([:]), store.batch(events: [1, 2, 3])).item() > 0)
  }

  @Test func `an expression of objects that the events lack is an error`() throws {
    let error = try #require(
      #expect(throws: ExpressionError.self) { try objective(["x": "sum(photon.pt)"]) })
    #expect("\(error)".contains("photon"))
  }
}
