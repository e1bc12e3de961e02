// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Classification
import EventModel
import Events
import TestSupport
import Testing
import Torch

@Suite struct FineTunerTests {
  private let names = ["background", "signal"]

  func configuration(
    _ change: (inout FineTuningConfiguration) -> Void = { _ in }
  ) -> FineTuningConfiguration {
    var configuration = FineTuningConfiguration()
    configuration.steps = 60
    configuration.epochs = 1
    configuration.batchSize = 32
    configuration.learningRate = 3e-3
    change(&configuration)
    return configuration
  }

  func tuner(
    _ source: ToyEvents, _ configuration: FineTuningConfiguration, dropout: Double = 0,
    stepsAhead: Int? = nil
  ) throws -> FineTuner {
    try FineTuner(
      backbone: makeBackbone(dropout: dropout), source: source,
      events: Array(0..<source.eventCount), classNames: names, configuration: configuration,
      stepsAhead: stepsAhead)
  }

  func values(_ module: any Module) -> [[Float]] {
    module.parameters().map { $0.value.floats() }
  }

  /// The share of pairs of a signal and a background event in which the signal has more.
  private func auc(_ scores: [Double], _ labels: [Int32]) -> Double {
    var ordered = 0.0
    var count = 0.0
    for (signal, label) in zip(scores, labels) where label == 1 {
      for (background, label) in zip(scores, labels) where label == 0 {
        ordered += signal > background ? 1 : signal == background ? 0.5 : 0
        count += 1
      }
    }
    return ordered / count
  }

  @Test(arguments: FineTuningConfiguration.Mode.allCases)
  func `a separable problem is learned`(mode: FineTuningConfiguration.Mode) throws {
    // A backbone from scratch learns it first; the other modes start from what it has learned.
    let scratch = configuration {
      $0.mode = .scratch
      $0.scratchLearningRate = 1e-2
      $0.steps = 150
    }
    var tuner = try tuner(.make(eventCount: 200), scratch)
    if mode != .scratch {
      _ = try tuner.run()
      let source = ToyEvents.make(eventCount: 200, seed: 2)
      tuner = try FineTuner(
        backbone: tuner.classifier.backbone, source: source, events: Array(0..<200),
        classNames: names, configuration: configuration { $0.mode = mode })
    }
    var reported: [Int] = []
    let history = try tuner.run { step, total in
      reported.append(step)
      #expect(total >= step)
    }
    let test = ToyEvents.make(eventCount: 200, seed: 9)
    let scores = try tuner.classifier.scores(of: test, events: Array(0..<200))
    #expect(auc(scores[1], test.labels()) > 0.99)
    for event in 0..<200 { #expect(isClose(scores[0][event] + scores[1][event], 1)) }
    #expect(history.trainingCount == 160 && history.validationCount == 40)
    #expect(reported == Array(1...reported.count))
    #expect(history.looks.allSatisfy { $0.validationLoss.isFinite && $0.trainingLoss.isFinite })
  }

  @Test(arguments: [FineTuningConfiguration.Mode.full, .scratch])
  func `bfloat16 learns as well, and scores are float32`(
    mode: FineTuningConfiguration.Mode
  ) throws {
    let tuner = try tuner(
      .make(eventCount: 200),
      configuration {
        $0.mode = mode
        $0.precision = .bfloat16
        $0.scratchLearningRate = 1e-2
        $0.learningRate = 1e-2
        $0.scratchSteps = 100
        $0.steps = 100
      })
    let history = try tuner.run()
    let losses = history.looks.map(\.validationLoss)
    #expect(try #require(losses.min()) < 0.6)
    let scores = try tuner.classifier.scores(of: ToyEvents.make(eventCount: 50), events: [0, 1])
    let exact = try Kernels.none.using {
      try tuner.classifier.scores(of: ToyEvents.make(eventCount: 50), events: [0, 1])
    }
    #expect(worstDifference(scores[1], exact[1], relative: 1e-5) == nil)
    #expect(tuner.classifier.parameters().allSatisfy { $0.value.dtype == .float32 })
  }

  @Test func `frozen leaves the backbone bit by bit`() throws {
    let before = values(makeBackbone(dropout: 0.1))
    let frozen = try tuner(
      .make(eventCount: 100), configuration { $0.mode = .frozen }, dropout: 0.1)
    _ = try frozen.run()
    #expect(values(frozen.classifier.backbone) == before)
    #expect(frozen.classifier.backbone.parameters().allSatisfy { $0.value.gradient == nil })
    let full = try tuner(.make(eventCount: 100), configuration { $0.keeps = .last })
    _ = try full.run()
    #expect(values(full.classifier.backbone) != before)
  }

  @Test func `learning rates fall with depth`() throws {
    let tuner = try tuner(
      .make(eventCount: 100),
      configuration {
        $0.steps = 1
        $0.epochs = 0
        $0.batchSize = 80
        $0.weightDecay = 0
        $0.depthDecay = 0.5
        $0.keeps = .last
      })
    let backbone = tuner.classifier.backbone
    let before = values(backbone)
    let history = try tuner.run()
    #expect(history.bestStep == 1)
    var largest = [Float](repeating: 0, count: 4)
    for (entry, old) in zip(backbone.namedParameters(), before) {
      let depth = backbone.depth(ofParameter: entry.name)
      for (now, old) in zip(entry.parameter.value.floats(), old) {
        largest[depth] = max(largest[depth], abs(now - old))
      }
    }
    // The first step of Adam is the learning rate, up to the sign; it warms up over 20 steps. Two
    // layers: the second and the last norm are not slowed down.
    let expected: [Float] = [0.25, 0.5, 1, 1].map { $0 * 3e-3 / 20 }
    #expect(worstDifference(largest, expected, relative: 1e-2) == nil, "\(largest)")
  }

  @Test func `the same seed gives the same classifier`() throws {
    func result(_ seed: UInt64) throws -> [[Float]] {
      let tuner = try tuner(
        .make(eventCount: 100, isSeparable: false),
        configuration {
          $0.seed = seed
          $0.augmentation = AugmentationConfiguration()
          $0.steps = 20
        }, dropout: 0.1)
      _ = try tuner.run()
      return values(tuner.classifier)
    }
    let first = try result(1)
    #expect(try result(1) == first)
    #expect(try result(2) != first)
  }

  @Test func `the parameters of the best look are kept`() throws {
    let tuner = try tuner(
      .make(eventCount: 60, isSeparable: false),
      configuration {
        $0.steps = 200
        $0.patience = 3
        $0.learningRate = 2e-2
      })
    let history = try tuner.run()
    let best = try #require(history.looks.map(\.validationLoss).min())
    if history.bestStep > 0 {
      let look = try #require(history.looks.first { $0.step == history.bestStep })
      #expect(look.validationLoss == best)
    }
    #expect((history.looks.last?.step ?? 0) < 200, "random labels cannot be validated for long")
  }

  @Test func `the mean training loss counts the steps since the look before`() throws {
    // 43 steps and looks every second one: the last look is after a single step.
    let tuner = try tuner(
      .make(eventCount: 100),
      configuration {
        $0.steps = 43
        $0.patience = 100
        $0.learningRate = 1e-8
        $0.headWarmUpPenalty = 0
        $0.balancesClasses = false
        $0.usesEventWeights = false
      })
    let looks = try tuner.run().looks
    #expect(looks.map(\.step) == Array(stride(from: 2, through: 42, by: 2)) + [43])
    // The head is zero and hardly moves: the loss is that of two equally likely classes.
    for look in looks { #expect(isClose(look.trainingLoss, 0.6931, absolute: 1e-3)) }
  }

  // MARK: - Splits and weights

  @Test func `every class is in both parts`() throws {
    let labels: [Int32] = Array(repeating: 0, count: 95) + [1, 1, 2, 2, 2]
    let split = try FineTuner.stratifiedSplit(
      Array(0..<100), labels: labels, classNames: ["a", "b", "c"], fraction: 0.2, seed: 1)
    #expect((split.training + split.validation).sorted() == Array(0..<100))
    #expect(split.validation == split.validation.sorted())
    func counts(_ events: [Int]) -> [Int] {
      (0..<3).map { label in events.filter { labels[$0] == label }.count }
    }
    #expect(counts(split.validation) == [19, 1, 1])
    #expect(counts(split.training) == [76, 1, 2])
    let again = try FineTuner.stratifiedSplit(
      Array(0..<100), labels: labels, classNames: ["a", "b", "c"], fraction: 0.2, seed: 1)
    #expect(again == split)
  }

  private func weights(
    _ change: (inout FineTuningConfiguration) -> Void
  ) throws -> [Float] {
    var source = ToyEvents.make(eventCount: 4)
    source.events.labels = [0, 0, 0, 1]
    source.events.weights = [1, 2, 3, 10]
    return try FineTuner.lossWeights(
      source: source, events: [0, 1, 2, 3], labels: source.labels(), classCount: 2,
      configuration: configuration(change))
  }

  @Test func `weights balance classes and keep the events' proportions`() throws {
    #expect(try weights { _ in } == [1.0 / 3, 2.0 / 3, 1, 2])
    #expect(
      try weights { $0.usesEventWeights = false } == [2.0 / 3, 2.0 / 3, 2.0 / 3, 2])
    #expect(try weights { $0.balancesClasses = false } == [0.5, 1, 1.5, 1])
    #expect(
      try weights {
        $0.balancesClasses = false
        $0.usesEventWeights = false
      } == [1, 1, 1, 1])
  }
}
