// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Augmentation
import Classification
import EventModel
import Events
import Foundation
import Pretraining
import Torch

/// Works for a while each time that a line on standard input says for how long.
///
/// After "ready" every line "go SECONDS" is answered by a line of JSON with the events done, the
/// seconds that took, and what else is known; the end of the input ends the program.
struct WorkCommand: ParsableCommand {
  enum Task: String, ExpressibleByArgument, CaseIterable {
    case pretrain, finetune, score, products
  }

  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Train or score on demand.")

  @Argument(help: "The store, as written by events.")
  var store: String

  @Option(help: "pretrain, finetune, score, or products of matrices of the model's shapes.")
  var task: Task

  @Option(help: "Width of a token.")
  var width = 64

  @Option(help: "Number of layers.")
  var layers = 4

  @Option(help: "Number of heads.")
  var heads = 4

  @Flag(help: "Bias attention by pairs of objects.")
  var pairwiseBias = false

  @Flag(help: "And by the axes of time and beams.")
  var referenceVectors = false

  @Option(help: "Events of a batch.")
  var batch = 512

  @Option(help: "Processor threads.")
  var threads = 1

  @Option(help: "Objectives of pre-training: masked, or default for all of the default.")
  var objectives = "masked"

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    if let name = environment["LORENTZ_KERNELS"], name != Kernels.current.rawValue {
      throw ValidationError("This processor has no kernels \(name).")
    }
    LibTorch.keepFreedMemory()
    Threads.setCount(threads)
    let source = try EventStore(path: store)
    var model = ModelConfiguration(width: width, layers: layers, heads: heads)
    model.pairwiseBias = pairwiseBias || referenceVectors
    model.referenceVectors = referenceVectors
    switch task {
    case .pretrain: try pretrain(source, model)
    case .finetune: try finetune(source, model)
    case .score: try score(source, model)
    case .products: products(source)
    }
  }

  private func pretrain(_ source: EventStore, _ model: ModelConfiguration) throws {
    let folder =
      NSTemporaryDirectory() + "lorentz-bench-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var configuration = PretrainingConfiguration()
    configuration.batchSize = batch
    configuration.epochs = 10_000
    if objectives == "masked" {
      configuration.objectives = .empty
      configuration.objectives.maskedObjects = .init()
    }
    let pretrainer = try Pretrainer(
      store: source, model: model, configuration: configuration, folder: folder)
    let clock = WorkClock()
    var parts = StepSeconds()
    _ = try pretrainer.run { report in
      parts.waiting += report.seconds.waiting
      parts.reading += report.seconds.reading
      parts.augmenting += report.seconds.augmenting
      parts.forward += report.seconds.forward
      parts.backward += report.seconds.backward
      parts.optimizer += report.seconds.optimizer
      let isOver = clock.tick(events: batch) {
        [
          "waiting": parts.waiting, "reading": parts.reading,
          "augmenting": parts.augmenting, "forward": parts.forward, "backward": parts.backward,
          "optimizer": parts.optimizer,
        ]
      }
      if isOver { parts = StepSeconds() }
      if clock.isDone {
        try? FileManager.default.removeItem(atPath: folder)
        Foundation.exit(0)
      }
    }
  }

  private func finetune(_ source: EventStore, _ model: ModelConfiguration) throws {
    let all = Array(0..<source.eventCount)
    var configuration = FineTuningConfiguration(augmentation: AugmentationConfiguration())
    configuration.mode = .scratch
    configuration.batchSize = batch
    configuration.scratchSteps = 10_000_000
    // The peers keep no running mean of their parameters.
    configuration.averageDecay = 0
    let tuner = try FineTuner(
      backbone: EventTransformer(
        configuration: model, schema: source.schema,
        normalization: try InputNormalization(store: source, indices: all), seed: 1),
      source: source, events: all, classNames: ["background", "signal"],
      configuration: configuration)
    let clock = WorkClock()
    _ = try tuner.run { _, _ in
      _ = clock.tick(events: batch)
      if clock.isDone { Foundation.exit(0) }
    }
  }

  private func score(_ source: EventStore, _ model: ModelConfiguration) throws {
    let all = Array(0..<source.eventCount)
    let classifier = Classifier(
      backbone: EventTransformer(
        configuration: model, schema: source.schema,
        normalization: try InputNormalization(store: source, indices: all), seed: 1),
      classNames: ["background", "signal"])
    let clock = WorkClock()
    while !clock.isDone {
      // As many batches at a time as the command `score` reads of a file.
      let count = min(8 * batch, all.count)
      for start in stride(from: 0, through: all.count - count, by: count) {
        _ = try classifier.scores(
          of: source, events: Array(all[start..<start + count]), batchSize: batch)
        _ = clock.tick(events: count)
        if clock.isDone { return }
      }
    }
  }

  /// The products of a layer's forward pass, on the tokens of a batch, by LibTorch; the events are
  /// those that would be done if a training step were nothing but three times these products.
  private func products(_ source: EventStore) {
    let tokens = batch + source.manifest.objectCount * batch / source.eventCount
    let shapes = [(width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)]
    let pairs = shapes.map { inputs, outputs in
      (Tensor.ones([tokens, inputs]), Tensor.ones([inputs, outputs]))
    }
    let clock = WorkClock()
    let operations = 2.0 * 12 * Double(width * width * tokens)
    while !clock.isDone {
      for (left, right) in pairs { _ = left.matmul(right) }
      _ = clock.tick(events: batch, operations: operations)
    }
  }
}
