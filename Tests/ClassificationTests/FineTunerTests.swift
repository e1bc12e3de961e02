// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import Events
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct FineTunerTests {
  private let folder: TemporaryFolder
  private let store: EventStore
  private var configuration = FineTuningConfiguration()

  init() throws {
    folder = try TemporaryFolder()
    store = try TinyEvents.store(in: folder, eventCount: 400)
    configuration.steps = 60
    configuration.scratchSteps = 60
    configuration.epochs = 1
    configuration.mode = .scratch
  }

  private func backbone(seed: UInt64 = 1) -> EventTransformer {
    EventTransformer(
      configuration: ModelConfiguration(width: 16, layers: 1, heads: 2), schema: store.schema,
      normalization: InputNormalization(), seed: seed)
  }

  private func tuner(
    _ configuration: FineTuningConfiguration, backbone: EventTransformer, events: [Int]? = nil
  ) throws -> FineTuner {
    try FineTuner(
      backbone: backbone, source: store, events: events ?? Array(0..<400),
      classNames: ["background", "signal"], configuration: configuration)
  }

  @Test func `a frozen backbone stays as it is, and its head learns`() throws {
    var own = configuration
    own.mode = .frozen
    let model = backbone()
    let before = model.namedParameters().map { $0.parameter.value.floats() }
    let tuner = try tuner(own, backbone: model)
    _ = try tuner.run()
    #expect(model.namedParameters().map { $0.parameter.value.floats() } == before)
    let scores = try tuner.classifier.scores(of: store, events: Array(0..<50))
    #expect(Set(scores[1]).count > 1)
  }

  @Test func `the same seed gives the same scores, in any size of batch`() throws {
    let events = Array(0..<100)
    let first = try tuner(configuration, backbone: backbone())
    _ = try first.run()
    let second = try tuner(configuration, backbone: backbone())
    _ = try second.run()
    let scores = try first.classifier.scores(of: store, events: events)
    #expect(try second.classifier.scores(of: store, events: events) == scores)
    let small = try first.classifier.scores(of: store, events: events, batchSize: 7)
    #expect(worstDifference(small[1], scores[1], relative: 1e-4) == nil)
    for event in events { #expect(isClose(scores[0][event] + scores[1][event], 1)) }
  }

  @Test func `a saved classifier gives the same scores`() throws {
    let tuner = try tuner(configuration, backbone: backbone())
    let history = try tuner.run()
    try ClassifierCheckpoint.save(
      tuner.classifier, configuration: configuration, history: history, text: "name: x\n",
      configurationFolder: folder.path, to: folder.file("classifier"))
    let loaded = try ClassifierCheckpoint.load(folder.file("classifier"))
    let events = Array(0..<60)
    #expect(
      try loaded.scores(of: store, events: events)
        == tuner.classifier.scores(of: store, events: events))
  }

  @Test func `a class without enough events is named`() throws {
    let labels = store.labels()
    let events = (0..<400).filter { labels[$0] == 0 } + [1]
    let error = try #require(throws: ClassificationError.self) {
      try tuner(configuration, backbone: backbone(), events: events)
    }
    #expect(error.code == .tooFewEvents)
    #expect(
      error.description == "class signal has 1 labeled events; at least 2 are needed, one to "
        + "train and one to validate. Add files, or loosen the selection.")
  }
}
