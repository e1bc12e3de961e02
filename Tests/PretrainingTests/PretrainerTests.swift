// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import TestSupport
import Testing
import Torch

@Suite struct PretrainerTests {
  private let folder: TemporaryFolder
  private let store: EventStore
  private var configuration = PretrainingConfiguration()
  private let model = ModelConfiguration(width: 16, layers: 1, heads: 2)

  init() throws {
    folder = try TemporaryFolder()
    store = try TinyEvents.store(in: folder, eventCount: 200)
    configuration.epochs = 3
    configuration.batchSize = 32
    configuration.warmUpSteps = 3
  }

  private func parameters(_ pretrainer: Pretrainer) -> [[Float]] {
    pretrainer.backbone.namedParameters().map { $0.parameter.value.floats() }
  }

  @Test func `a run that was interrupted ends with the same parameters`() throws {
    let whole = try Pretrainer(
      store: store, model: model, configuration: configuration, folder: folder.file("whole"))
    let history = try whole.run()

    var steps = 0
    let first = try Pretrainer(
      store: store, model: model, configuration: configuration, folder: folder.file("parts"))
    #expect(throws: InterruptedError.self) {
      try first.run(report: { _ in steps += 1 }, shouldStop: { steps == 8 })
    }
    let second = try Pretrainer(
      store: store, model: model, configuration: configuration, folder: folder.file("parts"))
    let resumed = try second.run()

    #expect(parameters(second) == parameters(whole))
    #expect(resumed.epochs.map(\.training) == history.epochs.map(\.training))
    #expect(resumed.epochs.map(\.validation) == history.epochs.map(\.validation))
  }

  @Test func `the same seed gives the same model and another seed another`() throws {
    func run(_ name: String, seed: UInt64) throws -> [[Float]] {
      var own = configuration
      own.seed = seed
      own.epochs = 1
      let pretrainer = try Pretrainer(
        store: store, model: model, configuration: own, folder: folder.file(name))
      _ = try pretrainer.run()
      return parameters(pretrainer)
    }
    let first = try run("first", seed: 1)
    #expect(try run("second", seed: 1) == first)
    #expect(try run("third", seed: 2) != first)
  }

  @Test func `the loss falls`() throws {
    var own = configuration
    own.epochs = 8
    let history = try Pretrainer(
      store: store, model: model, configuration: own, folder: folder.file("falls")
    ).run()
    let first = try #require(history.epochs.first)
    let last = try #require(history.epochs.last)
    for objective in 0..<2 {
      #expect(last.validation[objective] < first.validation[objective])
    }
  }

  @Test func `a run of other settings is not continued`() throws {
    _ = try Pretrainer(
      store: store, model: model, configuration: configuration, folder: folder.file("run")
    ).run()
    var other = configuration
    other.learningRate = 1e-4
    let error = try #require(throws: ModelError.self) {
      try Pretrainer(store: store, model: model, configuration: other, folder: folder.file("run"))
    }
    #expect(
      error.description == "cannot go on with the run of \(folder.file("run"))/training.json: it "
        + "was started with other settings. Choose another output folder, or remove this one to "
        + "start anew.")
  }

  @Test func `a loss that is no number stops the run and names event and input`() throws {
    let pretrainer = try Pretrainer(
      store: store, model: model, configuration: configuration, folder: folder.file("nan"))
    let weight = try #require(pretrainer.backbone.namedParameters().last).parameter.value
    withoutGradients { weight.copy(from: weight * Double.nan) }
    let error = try #require(throws: ModelError.self) { try pretrainer.run() }
    #expect(error.code == .nonFinite)
    #expect(
      error.description.hasPrefix(
        "training stopped: maskedObjects is nan in epoch 0, step 0. The input that stands out "
          + "most is "))
    #expect(error.description.contains(" of event "))
    #expect(!FileManager.default.fileExists(atPath: folder.file("nan") + "/model.json"))
  }

  @Test func `hidden objects depend on seed, epoch and event alone`() throws {
    let backbone = EventTransformer(
      configuration: model, schema: store.schema, normalization: InputNormalization(), seed: 1)
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    let objective = MaskedObjects(
      settings: .init(), bins: try QuantileBins(store: store, indices: Array(0..<200)),
      layout: backbone.layout, width: 16, generator: &generator)
    let context = ObjectiveContext(seed: 3, epoch: 2)
    let batch = try store.batch(events: Array(0..<200))
    let mask = objective.mask(for: batch, context: context)
    for event in 0..<200 {
      let range = batch.range(of: event)
      let hidden = Array(mask.hidesMomentum[range])
      #expect(hidden.contains(true) && hidden.contains(false))
      let alone = objective.mask(for: batch.selecting([event]), context: context)
      #expect(alone.hidesMomentum == hidden)
      #expect(alone.hidesKind == Array(mask.hidesKind[range]))
    }
    let share = Double(mask.hidesMomentum.count { $0 }) / Double(batch.objectCount)
    #expect(abs(share - 0.4) < 0.06)
  }
}
