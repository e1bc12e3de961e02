// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Classification
import EventModel
import Events
import Foundation
import TestSupport
import Testing
import Torch

/// Members, views, running means and layers that are left out.
@Suite struct RecipeTests {
  private let names = ["background", "signal"]
  private let source = ToyEvents.make(eventCount: 100, isSeparable: false)

  private func configuration(
    _ change: (inout FineTuningConfiguration) -> Void = { _ in }
  ) -> FineTuningConfiguration {
    var configuration = FineTuningConfiguration(augmentation: .init())
    configuration.steps = 20
    configuration.epochs = 1
    configuration.batchSize = 32
    configuration.learningRate = 3e-3
    configuration.keeps = .last
    change(&configuration)
    return configuration
  }

  private func members(_ configuration: FineTuningConfiguration) throws -> Scorer {
    try FineTuner.trainMembers(
      source: source, events: Array(0..<100), classNames: names, configuration: configuration,
      backbone: { _ in makeBackbone() }
    ).scorer
  }

  private func values(_ module: any Module) -> [Float] {
    module.namedParameters().flatMap { $0.parameter.value.floats() }
  }

  // MARK: - Members

  @Test func `members validate on different events, and on all of them together`() throws {
    let labels = source.labels()
    var seen: [Int] = []
    for part in 0..<5 {
      let split = try FineTuner.stratifiedSplit(
        Array(0..<100), labels: labels, classNames: names, fraction: 0.2, seed: 1, part: part)
      #expect(Set(split.training).isDisjoint(with: split.validation))
      #expect(split.training.count + split.validation.count == 100)
      seen += split.validation
    }
    #expect(Set(seen).count == seen.count && seen.count >= 98)
    let first = try FineTuner.stratifiedSplit(
      Array(0..<100), labels: labels, classNames: names, fraction: 0.2, seed: 1)
    #expect(Set(first.validation) == Set(seen.prefix(first.validation.count)))
  }

  @Test func `joined weights are the mean of the members' weights`() throws {
    let apart = try members(
      configuration {
        $0.members = 3
        $0.joining = .logits
      })
    let joined = try members(configuration { $0.members = 3 })
    #expect(apart.members.count == 3 && joined.members.count == 1)
    let all = apart.members.map(values)
    #expect(all[0] != all[1] && all[1] != all[2])
    let mean = all[0].indices.map { (all[0][$0] + all[1][$0] + all[2][$0]) / 3 }
    #expect(worstDifference(values(joined.members[0]), mean, absolute: 1e-6) == nil)
  }

  @Test func `members from scratch start from other weights and keep their logits apart`() throws {
    var seeds: [UInt64] = []
    let settings = configuration {
      $0.mode = .scratch
      $0.scratchSteps = 5
      $0.members = 2
    }
    let scorer = try FineTuner.trainMembers(
      source: source, events: Array(0..<100), classNames: names, configuration: settings,
      backbone: {
        seeds.append($0)
        return makeBackbone(seed: $0)
      }
    ).scorer
    #expect(seeds[0] == 1 && Set(seeds).count == 2)
    #expect(scorer.members.count == 2)
    let events = Array(0..<50)
    let own = try scorer.members.map { try $0.scores(of: source, events: events) }
    let together = try scorer.scores(of: source, events: events)
    for event in events {
      let signal = (own[0][1][event] * own[1][1][event]).squareRoot()
      let background = (own[0][0][event] * own[1][0][event]).squareRoot()
      #expect(isClose(together[1][event], signal / (signal + background), relative: 1e-6))
    }
  }

  @Test func `one member is what a tuner alone trains`() throws {
    let settings = configuration { $0.members = 1 }
    let tuner = try FineTuner(
      backbone: makeBackbone(), source: source, events: Array(0..<100), classNames: names,
      configuration: settings)
    _ = try tuner.run()
    #expect(values(try members(settings).members[0]) == values(tuner.classifier))
  }

  @Test func `a checkpoint keeps members and views`() throws {
    let folder = try TemporaryFolder()
    let settings = configuration {
      $0.members = 2
      $0.joining = .logits
      $0.scoreViews = 3
    }
    let (scorer, history) = try FineTuner.trainMembers(
      source: source, events: Array(0..<100), classNames: names, configuration: settings,
      backbone: { _ in makeBackbone() })
    try ClassifierCheckpoint.save(
      scorer, configuration: settings, history: history, text: "",
      configurationFolder: "", to: folder.path)
    let loaded = try ClassifierCheckpoint.load(folder.path)
    #expect(loaded.members.count == 2)
    let events = Array(0..<100)
    #expect(
      try loaded.scores(of: source, events: events) == scorer.scores(of: source, events: events))
    var damaged = try ClassifierCheckpoint.read(folder.path)
    damaged.memberCount = 3
    try JSONEncoder().encode(damaged).write(
      to: URL(fileURLWithPath: folder.file("classifier.json")))
    #expect(throws: (any Error).self) { try ClassifierCheckpoint.load(folder.path) }
  }

  // MARK: - Views

  @Test func `more views bring the scores of a rotated event together`() throws {
    let classifier = try members(configuration()).members[0]
    let turned = try Augmenter(
      configuration: AugmentationConfiguration().rotationsAndReflections,
      schema: source.schema, seed: 4
    ).apply(to: source.events, epoch: 0)
    func spread(views: Int) throws -> Double {
      let scorer = Scorer(members: [classifier], viewCount: views, augmentation: .init())
      let before = try scorer.scores(of: source.events)[1]
      let after = try scorer.scores(of: turned)[1]
      return zip(before, after).map { abs($0 - $1) }.reduce(0, +)
    }
    let one = try spread(views: 1)
    #expect(one > 0)
    #expect(try spread(views: 32) < one / 2)
  }

  // MARK: - Training

  @Test func `the running mean is kept, and lags behind the last parameters`() throws {
    func parameters(_ decay: Double) throws -> [Float] {
      values(
        try members(
          configuration {
            $0.steps = 40
            $0.averageDecay = decay
          }
        ).members[0])
    }
    let last = try parameters(0)
    let short = try parameters(0.05)
    let long = try parameters(0.95)
    func distance(_ values: [Float]) -> Float {
      zip(values, last).map { abs($0 - $1) }.reduce(0, +)
    }
    // The training itself is the same; a mean over few steps stays close to its end.
    #expect(distance(short) > 0 && distance(short) < distance(long) / 3)
  }

  @Test func `layers that are gone past are as if they were not there`() throws {
    let backbone = makeBackbone()
    let batch = source.events
    let input = backbone.input(batch)
    let all = withoutGradients { backbone.eventVectors(input).floats() }
    let first = withoutGradients { backbone.eventVectors(input, skippedLayers: [1]).floats() }
    let none = withoutGradients { backbone.eventVectors(input, skippedLayers: [0, 1]).floats() }
    #expect(all != first && first != none)
    // Without layers every event is its token: the vectors differ by the scalars alone.
    let tokens = withoutGradients {
      backbone.eventVectors(backbone.input(batch.selecting([3, 3])), skippedLayers: [0, 1]).floats()
    }
    #expect(tokens[..<8] == tokens[8...])
    #expect(worstDifference(Array(none[24..<32]), Array(tokens[..<8]), absolute: 1e-6) == nil)
  }

  @Test func `dropping layers changes the training and its numbers are repeated`() throws {
    func parameters(_ probability: Double) throws -> [Float] {
      values(try members(configuration { $0.layerDrop = probability }).members[0])
    }
    let with = try parameters(0.5)
    #expect(try parameters(0.5) == with)
    #expect(try parameters(0) != with)
  }

  @Test func `the backbone's learning rate catches up with the head's`() {
    let schedule = FineTuningSchedule(
      configuration: configuration { $0.catchUpSteps = 100 }, totalSteps: 400)
    #expect(schedule.backboneLearningRate(step: 0) == 0)
    #expect(
      isClose(
        schedule.backboneLearningRate(step: 50), schedule.headLearningRate(step: 50) / 2,
        relative: 1e-12))
    #expect(schedule.backboneLearningRate(step: 200) == schedule.headLearningRate(step: 200))
    let scratch = FineTuningSchedule(
      configuration: configuration {
        $0.catchUpSteps = 100
        $0.mode = .scratch
      }, totalSteps: 400)
    #expect(scratch.backboneLearningRate(step: 50) == scratch.headLearningRate(step: 50))
  }
}
