// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import TestSupport
import Testing
import Torch

@testable import Classification

/// Collisions that count as background as much as they resemble it.
@Suite struct BackgroundCollisionsTests {
  /// Labeled events, then collisions: of them every third is of the kind of the labeled background,
  /// which has low b-tag scores, as signal has high ones; the others have no jet.
  private let source: ToyEvents
  private let labeled = Array(0..<80)
  private let candidates = 80..<680

  init() {
    let random = TinyEvents.batch(eventCount: 680, seed: 3)
    var batch = EventBatch(schema: random.schema)
    for event in 0..<680 {
      let isLabeled = event < 80
      let label: Int32 = isLabeled ? Int32(event % 2) : -1
      var objects = random.range(of: event).map { random.object($0) }.filter { $0.kind != 1 }
      if isLabeled || event % 3 == 0 {
        objects.append(
          EventObject(
            kind: 1, pt: 40, eta: 0.5, phi: 1, mass: 8, features: [label == 1 ? 0.9 : 0.1]))
      }
      batch.append(
        index: event, objects: objects, scalars: [random.scalars[event]], weight: 1, label: label)
    }
    source = ToyEvents(events: batch)
  }

  private func configuration(
    _ change: (inout CollisionConfiguration) -> Void = { _ in }
  ) -> CollisionConfiguration {
    var configuration = CollisionConfiguration()
    configuration.events = 300
    configuration.worthPerLabel = 4
    change(&configuration)
    return configuration
  }

  /// Regressions read how many jets there are, and their score.
  private func jets(_ batch: EventBatch) -> Tensor {
    let rows = (0..<batch.eventCount).flatMap { event in
      let jets = batch.range(of: event).map { batch.object($0) }.filter { $0.kind == 1 }
      return [Float(jets.count), jets.first?.features[0] ?? 0]
    }
    return Tensor(rows, shape: [batch.eventCount, 2])
  }

  private func collisions(
    _ configuration: CollisionConfiguration, seed: UInt64 = 1,
    inputs: ((EventBatch) -> Tensor)? = nil
  ) throws -> BackgroundCollisions {
    try BackgroundCollisions(
      .init(candidates: candidates, configuration: configuration), source: source,
      labeled: labeled,
      weights: [Float](repeating: 1, count: 680), seed: seed, inputs: inputs ?? jets)
  }

  @Test func `collisions count as much as they resemble the labeled background`() throws {
    let collisions = try collisions(configuration())
    #expect(collisions.events.count == 300 && Set(collisions.events).count == 300)
    #expect(collisions.events.allSatisfy(candidates.contains))
    let mean = collisions.ratios.reduce(0, +) / 300
    #expect(isClose(Double(mean), 1, absolute: 1e-5))
    let like = zip(collisions.events, collisions.ratios).filter { $0.0 % 3 == 0 }.map(\.1)
    let other = zip(collisions.events, collisions.ratios).filter { $0.0 % 3 != 0 }.map(\.1)
    #expect(try #require(like.min()) > 10 * (try #require(other.max())))
  }

  @Test func `collisions of the labeled background's kind count alike`() throws {
    let constant = try collisions(configuration()) { batch in
      Tensor([Float](repeating: 1, count: batch.eventCount), shape: [batch.eventCount, 1])
    }
    #expect(constant.ratios.allSatisfy { isClose(Double($0), 1, absolute: 1e-3) })
    // Four for each of 40 labeled background events; no more than there are; no more than asked for.
    #expect(constant.worth == 160)
    let many = try collisions(configuration { $0.worthPerLabel = 100 }) { batch in
      Tensor([Float](repeating: 1, count: batch.eventCount), shape: [batch.eventCount, 1])
    }
    #expect(isClose(many.worth, 300, absolute: 0.1))
    #expect(try collisions(configuration { $0.worth = 30 }).worth == 30)
    // Those with weight are a third.
    let third = try collisions(configuration { $0.worthPerLabel = 100 }).worth
    #expect(third > 80 && third < 150)
  }

  @Test func `collisions that are like signal are left out`() throws {
    // Signal has 0.9, background 0.1, and collisions, which are signal all, what signal has.
    let alike = try collisions(configuration()) { batch in
      let tags = (0..<batch.eventCount).map { batch.labels[$0] == 0 ? Float(0.1) : 0.9 }
      return Tensor(tags, shape: [batch.eventCount, 1])
    }
    #expect(alike.events.isEmpty && alike.worth == 0)
    #expect(alike.draw(seed: 1, epoch: 0).isEmpty)
    let own = [Float](repeating: 1, count: 680)
    for use in [BackgroundCollisions.Use.drawn, .weighted] {
      #expect(
        alike.weights(
          beside: own, of: labeled, labels: source.labels(), balancesClasses: true, as: use) == own)
    }
    #expect(alike.labels(of: source) == source.labels())
  }

  @Test func `one seed gives one draw, another seed another`() throws {
    let first = try collisions(configuration())
    let again = try collisions(configuration())
    #expect(first.events == again.events && first.ratios == again.ratios)
    #expect(try collisions(configuration(), seed: 2).events != first.events)
    #expect(first.draw(seed: 1, epoch: 0) == again.draw(seed: 1, epoch: 0))
    #expect(first.draw(seed: 1, epoch: 0) != first.draw(seed: 1, epoch: 1))
  }

  @Test func `an epoch has as many collisions as they count for, the likelier more often`() throws {
    let collisions = try collisions(configuration { $0.worth = 100 })
    let drawn = (0..<50).flatMap { collisions.draw(seed: 1, epoch: $0) }
    #expect(drawn.count == 5000)
    let ratios = Dictionary(uniqueKeysWithValues: zip(collisions.events, collisions.ratios))
    let expected = ratios.filter { $0.key % 3 == 0 }.values.reduce(0, +) / 300
    let share = Double(drawn.count { $0 % 3 == 0 }) / 5000
    #expect(isClose(share, Double(expected), absolute: 0.02))
  }

  @Test(arguments: [true, false])
  func `weights keep the balance of the classes`(_ balances: Bool) throws {
    let collisions = try collisions(configuration { $0.worth = 100 })
    let labels = source.labels()
    // Unequal weights, and half as much signal as background.
    let own = (0..<680).map { Float(labels[$0] == 1 ? 0.5 : $0 % 4 == 0 ? 1.5 : 0.5) }
    let weighted = collisions.weights(
      beside: own, of: labeled, labels: labels, balancesClasses: balances, as: .weighted)
    func sum(_ events: [Int], _ weights: [Float]) -> Double {
      events.reduce(0) { $0 + Double(weights[$1]) }
    }
    let background = labeled.filter { labels[$0] == 0 }
    let signal = labeled.filter { labels[$0] == 1 }
    #expect(background.allSatisfy { weighted[$0] == own[$0] })
    // Worth 100 beside 40 of mean weight 1.
    #expect(isClose(sum(collisions.events, weighted), 100, absolute: 1e-3))
    #expect(isClose(sum(signal, weighted), balances ? 20 * 140 / 40 : 20, absolute: 1e-3))
    let drawn = collisions.weights(
      beside: own, of: labeled, labels: labels, balancesClasses: balances, as: .drawn)
    let epoch = labeled + collisions.draw(seed: 1, epoch: 0)
    #expect(isClose(sum(epoch, drawn) / Double(epoch.count), 1, absolute: 1e-4))
    let ratio = sum(epoch.filter { $0 >= 80 }, drawn) / sum(background, drawn)
    #expect(isClose(ratio, 2.5, absolute: 1e-3))
    // Trees have the labeled events first, and all collisions behind them.
    let trees = TreeEvents(
      labeled, labels: labels, weights: own, collisions: collisions, balancesClasses: balances)
    #expect(trees.events == labeled + collisions.events)
    #expect(trees.labels.suffix(300).allSatisfy { $0 == 0 })
    #expect(trees.weights == trees.events.map { weighted[$0] })
  }

  @Test func `a fine-tuning trains on collisions and watches labeled events alone`() throws {
    var settings = FineTuningConfiguration(augmentation: .init())
    settings.steps = 100
    settings.epochs = 1
    settings.learningRate = 3e-3
    settings.averageDecay = 0
    settings.members = 2
    let collisions = try collisions(configuration { $0.worth = 100 })
    let tuner = try FineTuner(
      backbone: makeBackbone(), source: source, events: labeled,
      classNames: ["background", "signal"], configuration: settings, collisions: collisions)
    #expect(tuner.validationEvents.allSatisfy(labeled.contains))
    let epoch = tuner.events(ofEpoch: 0)
    #expect(epoch.count == tuner.trainingEvents.count + 100)
    #expect(epoch.filter { $0 >= 80 }.allSatisfy { tuner.labels[$0] == 0 })
    // What watches is weighed as without collisions.
    let plain = try FineTuner(
      backbone: makeBackbone(), source: source, events: labeled,
      classNames: ["background", "signal"], configuration: settings)
    #expect(
      tuner.validationEvents.map { tuner.eventWeights[$0] }
        == plain.validationEvents.map { plain.eventWeights[$0] })
    let (scorer, history) = try FineTuner.trainMembers(
      source: source, events: labeled, classNames: ["background", "signal"],
      configuration: settings,
      collisions: .init(candidates: candidates, configuration: configuration { $0.worth = 100 }),
      backbone: { _ in makeBackbone() })
    #expect(try #require(history.collisionWorth) <= 100)
    let scores = try scorer.scores(of: source, events: labeled)
    let signal = labeled.filter { source.labels()[$0] == 1 }.map { scores[1][$0] }
    let background = labeled.filter { source.labels()[$0] == 0 }.map { scores[1][$0] }
    let ordered = signal.map { score in background.count { $0 < score } }.reduce(0, +)
    #expect(Double(ordered) > 0.7 * Double(signal.count * background.count))
  }
}
