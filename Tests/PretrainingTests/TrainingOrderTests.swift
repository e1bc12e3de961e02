// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Pretraining
import TestSupport
import Testing

@Suite struct TrainingOrderTests {
  /// Three samples of 100, 40 and 10 events.
  private let source = SampledSource([("large", 100), ("middle", 40), ("small", 10)])

  private func order(
    _ mixture: [String: Double]?, seed: UInt64 = 1, validation: Double = 0.2
  ) throws -> TrainingOrder {
    var configuration = PretrainingConfiguration()
    configuration.mixture = mixture
    configuration.seed = seed
    configuration.validationFraction = validation
    return try TrainingOrder(source, configuration: configuration)
  }

  private func message(_ mixture: [String: Double], validation: Double = 0.2) throws -> String {
    try #require(throws: ModelError.self) { try order(mixture, validation: validation) }.description
  }

  /// How often each event comes in the epochs.
  private func counts(_ order: TrainingOrder, epochs: Range<Int>) -> [Int] {
    var counts = [Int](repeating: 0, count: source.eventCount)
    for epoch in epochs {
      for draw in order.draws(ofEpoch: epoch) { counts[draw % source.eventCount] += 1 }
    }
    return counts
  }

  private let mixture = ["large": 1.0, "middle": 1, "small": 2]

  @Test func `without a mixture an epoch has every training event once`() throws {
    let order = try order(nil)
    let split = EventSplit.split(Array(0..<150), fraction: 0.2, seed: 1)
    #expect(order.trainingEvents == split.first && order.validationEvents == split.second)
    for epoch in 0..<3 {
      #expect(
        order.draws(ofEpoch: epoch) == EventSplit.shuffled(split.first, seed: 1, epoch: epoch))
    }
  }

  @Test func `every sample gives its fraction to the validation split`() throws {
    let order = try order(mixture)
    for (range, count) in [(0..<100, 20), (100..<140, 8), (140..<150, 2)] {
      #expect(order.validationEvents.count { range.contains($0) } == count)
    }
    #expect((order.trainingEvents + order.validationEvents).sorted() == Array(0..<150))
  }

  @Test func `every sample has its share of every epoch`() throws {
    let order = try order(mixture)
    for epoch in 0..<5 {
      let counts = counts(order, epochs: epoch..<epoch + 1)
      #expect(counts.reduce(0, +) == order.trainingEvents.count)
      #expect(
        [counts[..<100], counts[100..<140], counts[140...]].map { $0.reduce(0, +) } == [30, 30, 60])
    }
  }

  @Test func `the events of a sample come equally often, and validation events never`() throws {
    let order = try order(mixture)
    for epochs in [0..<1, 0..<2, 0..<9, 3..<4] {
      let counts = counts(order, epochs: epochs)
      for event in order.validationEvents { #expect(counts[event] == 0) }
      for range in [0..<100, 100..<140, 140..<150] {
        let own = order.trainingEvents.filter { range.contains($0) }.map { counts[$0] }
        let spread = (own.max() ?? 0) - (own.min() ?? 0)
        // Epochs that begin within a pass have a part of one more.
        #expect(spread <= (epochs.lowerBound == 0 ? 1 : 2), "\(epochs) \(range)")
      }
    }
  }

  @Test func `repetitions within an epoch have keys of their own`() throws {
    let order = try order(mixture)
    for epoch in 0..<4 {
      let draws = order.draws(ofEpoch: epoch)
      #expect(Set(draws).count == draws.count)
      #expect(draws.contains { $0 >= 150 })
      #expect(draws.filter { $0 % 150 < 100 }.allSatisfy { $0 < 300 })
    }
  }

  @Test func `an order follows from seed and epoch alone`() throws {
    let first = try order(mixture)
    let second = try order(["small": 4, "large": 2, "middle": 2])
    // Weights count relative to one another, and no epoch needs those before it.
    #expect(second.draws(ofEpoch: 7) == first.draws(ofEpoch: 7))
    #expect(first.draws(ofEpoch: 6) != first.draws(ofEpoch: 7))
    #expect(try order(mixture, seed: 2).draws(ofEpoch: 7) != first.draws(ofEpoch: 7))
  }

  @Test func `shares that are no whole numbers sum up all the same`() {
    #expect(TrainingOrder.counts(total: 10, weights: [1, 1, 1]) == [4, 3, 3])
    #expect(TrainingOrder.counts(total: 10, weights: [0.5, 0.25, 0.25]) == [5, 3, 2])
    #expect(TrainingOrder.counts(total: 7, weights: [5]) == [7])
    #expect(TrainingOrder.counts(total: 100, weights: [1e-9, 3, 1]) == [0, 75, 25])
  }

  @Test func `weights that do not fit the samples are refused`() throws {
    #expect(
      try message(["large": 1, "smal": 1])
        == "cannot pre-train: the mixture has weights of large, smal; the samples are large, "
        + "middle, small. Give every sample one weight.")
    #expect(
      try message(["large": 1, "middle": 1, "small": 1e-6])
        == "cannot pre-train: the sample small, of 8 training events, would have 0 of the 120 "
        + "events of an epoch. Change its weight, or leave it out.")
    let tiny = SampledSource([("large", 100), ("tiny", 1)])
    var configuration = PretrainingConfiguration()
    configuration.mixture = ["large": 1, "tiny": 1]
    configuration.validationFraction = 0.6
    let error = try #require(throws: ModelError.self) {
      try TrainingOrder(tiny, configuration: configuration)
    }
    #expect(error.code == .tooFewEvents)
    #expect(
      error.description
        == "cannot pre-train: 1 events of the sample tiny leave none to train beside the "
        + "validation split. Add files, or leave the sample out.")
  }
}

/// A source that says of which samples its events are, and has none to read.
private struct SampledSource: EventSource {
  let schema = TinyEvents.schema
  let samples: [SampleRange]

  init(_ sizes: [(name: String, count: Int)]) {
    var start = 0
    samples = sizes.map { size in
      defer { start += size.count }
      return SampleRange(name: size.name, events: start..<start + size.count)
    }
  }

  var eventCount: Int { samples.last?.events.upperBound ?? 0 }
  var fingerprint: String { "sampled" }
  func batch(events: [Int]) throws -> EventBatch { EventBatch(schema: schema) }
  func labels() -> [Int32] { [] }
  func weights() -> [Float] { [] }
}
