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
  let folder: TemporaryFolder
  let store: EventStore

  init() throws {
    folder = try TemporaryFolder()
    store = try TinyEvents.store(in: folder, eventCount: 150)
  }

  private var configuration: PretrainingConfiguration {
    var configuration = PretrainingConfiguration()
    configuration.epochs = 3
    configuration.batchSize = 32
    configuration.warmUpSteps = 2
    configuration.validationFraction = 0.2
    return configuration
  }

  func pretrainer(
    _ name: String, _ change: (inout PretrainingConfiguration) -> Void = { _ in },
    dropout: Double = 0, source: (any EventSource)? = nil, device: Device = .cpu,
    stepsAhead: Int? = nil
  ) throws -> Pretrainer {
    var configuration = configuration
    change(&configuration)
    return try Pretrainer(
      store: source ?? store,
      model: ModelConfiguration(
        width: 8, layers: 1, heads: 2, feedForwardFactor: 2, dropout: dropout),
      configuration: configuration, folder: folder.file(name), device: device,
      stepsAhead: stepsAhead)
  }

  func parameters(_ pretrainer: Pretrainer) -> [[Float]] {
    pretrainer.backbone.parameters().map { $0.value.floats() }
      + pretrainer.objectives.flatMap { $0.parameters().map { $0.value.floats() } }
  }

  func losses(_ history: PretrainingHistory) -> [[Double]] {
    history.epochs.flatMap { [$0.training, $0.validation] }
  }

  func modelError(_ body: () throws -> Void) throws -> ModelError {
    try #require(#expect(throws: ModelError.self) { try body() })
  }

  @Test(arguments: [0.0, 0.2])
  func `an interrupted run ends with the same numbers`(dropout: Double) throws {
    let whole = try pretrainer("whole", dropout: dropout)
    let expected = try whole.run()

    var steps = 0
    let first = try pretrainer("parts", dropout: dropout)
    let wish = Interruption.Wish()
    #expect(throws: InterruptedError.self) {
      try Interruption.$wish.withValue(wish) {
        _ = try first.run { _ in
          steps += 1
          if steps == 5 { wish.request() }
        }
      }
    }
    #expect(steps == 5)
    #expect(folder.contents.contains("parts"))
    let second = try pretrainer("parts", dropout: dropout)
    #expect(second.history.epochs.count == 1)
    #expect(parameters(second) == parameters(first))
    let found = try second.run()
    #expect(losses(found) == losses(expected))
    #expect(parameters(second) == parameters(whole))
    // A run that is done has nothing left to do, and only the last state is kept.
    #expect(losses(try pretrainer("parts", dropout: dropout).run()) == losses(expected))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("parts"))
    #expect(
      files.sorted() == [
        "model.json", "model.safetensors", "training-9.safetensors", "training.json",
      ])
  }

  @Test func `the checkpoint of a run is its backbone`() throws {
    let run = try pretrainer("run") { $0.epochs = 1 }
    _ = try run.run()
    let loaded = try ModelCheckpoint.load(folder.file("run"), schema: store.schema)
    #expect(
      loaded.parameters().map { $0.value.floats() }
        == run.backbone.parameters().map { $0.value.floats() })
    #expect(loaded.normalization == run.backbone.normalization)
  }

  @Test func `a seed decides the result`() throws {
    func result(_ name: String, _ seed: UInt64) throws -> [[Float]] {
      let run = try pretrainer(name) {
        $0.epochs = 1
        $0.seed = seed
      }
      _ = try run.run()
      return parameters(run)
    }
    let first = try result("a", 1)
    #expect(try result("b", 1) == first)
    #expect(try result("c", 2) != first)
  }

  @Test func `the loss falls and steps are reported`() throws {
    let run = try pretrainer("run") {
      $0.epochs = 12
      $0.learningRate = 3e-3
    }
    var done: [Int] = []
    let history = try run.run { report in
      done.append(report.eventsDone)
      #expect(report.eventsTotal == 12 * 3 * 32)
      #expect(report.loss.isFinite)
    }
    #expect(done == (1...36).map { 32 * $0 })
    #expect(history.objectives == ["maskedObjects", "objectType", "variables"])
    #expect(history.weights == [1, 1, 3])
    let first = try #require(history.epochs.first)
    let last = try #require(history.epochs.last)
    for index in 0..<3 {
      #expect(last.training[index] < first.training[index])
      #expect(last.validation[index] < first.validation[index])
    }
  }

  @Test func `looking at the validation split does not change the training`() throws {
    // The same 120 events are trained; only the first run looks at others.
    let split = EventSplit.split(Array(0..<150), fraction: 0.2, seed: 1)
    let run = try pretrainer("run") { $0.epochs = 2 }
    _ = try run.run()
    var looks = 0
    let counted = CountingSource(store) { indices in
      if !Set(indices).isDisjoint(with: split.second) { looks += 1 }
      #expect(
        Set(indices).isSubset(of: split.first) || Set(indices).isSubset(of: split.second))
    }
    let watched = try pretrainer("watched", { $0.epochs = 2 }, source: counted)
    _ = try watched.run()
    #expect(parameters(watched) == parameters(run))
    // 30 events in one batch, at the end of each epoch, and never before.
    #expect(looks == 2)
  }

  @Test func `the folder of another run is refused`() throws {
    _ = try pretrainer("run") { $0.epochs = 1 }.run()
    let path = folder.file("run/training.json")
    func expect(_ difference: String, _ body: () throws -> Void) throws {
      let error = try modelError(body)
      #expect(error.code == .schemaMismatch)
      #expect(
        error.description
          == "cannot go on with the run of \(path): it was started with \(difference). "
          + "Choose another output folder, or remove this one to start anew.")
    }
    try expect("other settings") { _ = try pretrainer("run") { $0.epochs = 2 } }
    try expect("a model of another size") {
      _ = try pretrainer("run", { $0.epochs = 1 }, dropout: 0.1)
    }
    let alike = MemorySource(try store.batch(events: Array(0..<store.eventCount)))
    try expect("other events, as many") {
      _ = try pretrainer("run", { $0.epochs = 1 }, source: alike)
    }
    let other = try TinyEvents.store(in: folder, name: "other", eventCount: 100)
    try expect("150 events rather than 100") {
      _ = try pretrainer("run", { $0.epochs = 1 }, source: other)
    }
    let schema = EventSchema(objectKinds: TinyEvents.schema.objectKinds)
    let different = try TinyEvents.store(
      in: folder, name: "different", eventCount: 150, schema: schema)
    try expect("another schema") {
      _ = try pretrainer("run", { $0.epochs = 1 }, source: different)
    }
  }

  @Test(arguments: [
    ("\"epoch\" : 1", "\"epoch\" : 9"), ("\"stepInEpoch\" : 0", "\"stepInEpoch\" : 99"),
    ("\"stepInEpoch\" : 0", "\"stepInEpoch\" : -1"), ("training-3.safe", "../training-3.safe"),
  ])
  func `a changed state is refused`(text: String, other: String) throws {
    _ = try pretrainer("run") { $0.epochs = 1 }.run()
    let path = folder.file("run/training.json")
    let json = try String(contentsOfFile: path, encoding: .utf8)
    #expect(json.contains(text))
    _ = try folder.write(json.replacingOccurrences(of: text, with: other), to: "run/training.json")
    let error = try modelError { _ = try pretrainer("run") { $0.epochs = 1 } }
    #expect(error.code == .corrupted)
    #expect(
      error.description.hasPrefix("cannot go on with the run of \(path): epoch ")
        && error.description.hasSuffix(
          " steps in all contradict one another. The file was changed; take it from a backup, or "
            + "remove the folder to start anew."),
      "\(error)")
  }

  @Test func `no event to train on is refused`() throws {
    let empty = try TinyEvents.store(in: folder, name: "empty", eventCount: 0)
    let error = try modelError { _ = try pretrainer("run", source: empty) }
    #expect(error.code == .tooFewEvents)
    #expect(
      error.description
        == "cannot pre-train: 0 events leave none to train beside the validation split. "
        + "Add files, or loosen the selection.")
  }
}

/// A source that tells which events are asked for, on the thread that trains and others.
private final class CountingSource: EventSource, @unchecked Sendable {
  private let source: EventStore
  private let lock = NSLock()
  private let told: ([Int]) -> Void

  init(_ source: EventStore, told: @escaping ([Int]) -> Void) {
    self.source = source
    self.told = told
  }

  var schema: EventSchema { source.schema }
  var eventCount: Int { source.eventCount }
  var fingerprint: String { source.fingerprint }

  func batch(events: [Int]) throws -> EventBatch {
    lock.withLock { told(events) }
    return try source.batch(events: events)
  }

  func labels() -> [Int32] { source.labels() }
  func weights() -> [Float] { source.weights() }
}
