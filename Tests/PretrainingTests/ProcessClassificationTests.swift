// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Runtime
import TestSupport
import Testing
import Torch

@testable import Pretraining

/// Pre-training on simulated processes, alone and after another pre-training.
@Suite struct ProcessClassificationTests {
  let folder: TemporaryFolder
  let source: EventUnion
  let model = ModelConfiguration(width: 8, layers: 1, heads: 2, feedForwardFactor: 2)

  init() throws {
    folder = try TemporaryFolder()
    source = try EventUnion([
      try TinyEvents.store(in: folder, name: "data", eventCount: 60),
      try TinyEvents.store(in: folder, name: "ttbar", eventCount: 40, seed: 2),
      try TinyEvents.store(in: folder, name: "higgs", eventCount: 30, seed: 3),
    ])
  }

  private func objective(_ names: [String]?) throws -> ProcessClassification {
    var settings = ProcessClassification.Settings()
    settings.samples = names
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    return try ProcessClassification(
      settings: settings, source: source, width: 8, generator: &generator)
  }

  private func configuration(_ change: (inout PretrainingConfiguration) -> Void = { _ in })
    -> PretrainingConfiguration
  {
    var configuration = PretrainingConfiguration()
    configuration.epochs = 2
    configuration.batchSize = 32
    configuration.warmUpSteps = 2
    configuration.validationFraction = 0.2
    change(&configuration)
    return configuration
  }

  private func pretrainer(
    _ name: String, _ configuration: PretrainingConfiguration, from start: String? = nil
  ) throws -> Pretrainer {
    try Pretrainer(
      store: source, model: model, configuration: configuration, folder: folder.file(name),
      startingFrom: start.map { folder.file($0) })
  }

  @Test func `samples are told apart, and others do not count`() throws {
    let own = try objective(["higgs", "ttbar"])
    let backbone = EventTransformer(
      configuration: model, schema: source.schema, normalization: InputNormalization(), seed: 1)
    let context = ObjectiveContext(seed: 1, epoch: 0)
    func loss(_ events: [Int]) throws -> Double {
      own.loss(batch: try source.batch(events: events), backbone: backbone, context: context)
        .item()
    }
    let all = try loss([3, 65, 110, 59])
    #expect(all == (try loss([65, 110])))
    #expect(try isClose(all, (loss([65]) + loss([110])) / 2, absolute: 1e-5))
    // Two classes: the losses of both answers are those of one probability.
    #expect(try loss([3, 4]) == 0)
    // What comes again in an epoch of a mixture is the same event with a larger index.
    var again = try source.batch(events: [65])
    again.eventIndices = [65 + 2 * source.eventCount]
    #expect(own.loss(batch: again, backbone: backbone, context: context).item() == (try loss([65])))
  }

  @Test func `processes that are no samples are refused`() throws {
    for names in [["higgs", "zprime"], ["higgs"]] {
      let error = try #require(
        #expect(throws: ModelError.self) { try objective(names) })
      #expect(error.code == .unknownProcess)
      #expect(error.description.contains("data, ttbar, higgs"), "\(error)")
    }
    #expect(throws: Never.self) { try objective(nil) }
  }

  @Test func `every objective trains with the others, and a run is resumed`() throws {
    let all = configuration {
      $0.objectives.maskedObjects?.targets = .mixtures
      $0.objectives.kinematicInvariants = .init()
      $0.objectives.hiddenSets = .init()
      $0.objectives.agreement = .init()
      $0.objectives.process = .init()
    }
    let whole = try pretrainer("whole", all)
    let expected = try whole.run()
    #expect(
      expected.objectives == [
        "maskedObjects", "kinematicInvariants", "objectType", "hiddenSets", "agreement",
        "variables",
        "process",
      ])
    for losses in expected.epochs.flatMap({ [$0.training, $0.validation] }) {
      #expect(losses.count == 7 && losses.allSatisfy(\.isFinite))
    }
    var steps = 0
    let wish = Interruption.Wish()
    #expect(throws: InterruptedError.self) {
      try Interruption.$wish.withValue(wish) {
        _ = try pretrainer("parts", all).run { _ in
          steps += 1
          if steps == 4 { wish.request() }
        }
      }
    }
    let found = try pretrainer("parts", all).run()
    #expect(found.epochs.map(\.training) == expected.epochs.map(\.training))
    #expect(found.epochs.map(\.validation) == expected.epochs.map(\.validation))
  }

  @Test func `a run goes on with the weights of another`() throws {
    let first = try pretrainer("first", configuration())
    _ = try first.run()
    let supervised = configuration {
      $0.objectives = .empty
      $0.objectives.process = .init()
    }
    let second = try pretrainer("second", supervised, from: "first")
    #expect(
      second.backbone.parameters().map { $0.value.floats() }
        == first.backbone.parameters().map { $0.value.floats() })
    _ = try second.run()
    #expect(
      second.backbone.parameters().map { $0.value.floats() }
        != first.backbone.parameters().map { $0.value.floats() })
    // The same run from other weights is another run.
    for start in ["whole", nil] {
      if start != nil { _ = try pretrainer("whole", configuration { $0.seed = 5 }).run() }
      let error = try #require(
        #expect(throws: ModelError.self) {
          _ = try pretrainer("second", supervised, from: start)
        })
      #expect(error.description.contains("other weights"), "\(error)")
    }
    #expect(throws: ModelError.self) {
      _ = try pretrainer("third", supervised, from: "nowhere")
    }
  }
}
