// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Runtime

/// Which events are trained in which epoch, and on which the loss is watched.
///
/// Without a mixture an epoch has every training event once. With one, an epoch has as many events,
/// of which each sample has its share. It takes them from passes over its own training events, each
/// in another order, and goes on in the next epoch where it stopped: no event comes a second time
/// before all others of its sample have come once more.
///
///     sample a b c, 2 events of an epoch     b a | c a | c b | …
///     sample d e,   3 events of an epoch     e d d | e d e | …
///
/// All follows from the seed and the number of the epoch.
package struct TrainingOrder: Sendable {
  /// The training events of one sample in a mixture.
  private struct Part {
    var events: [Int]
    /// Events of an epoch.
    var count: Int
  }

  /// The events that are trained on, rising.
  package let trainingEvents: [Int]
  /// The others, rising.
  ///
  /// With a mixture every sample gives its fraction.
  package let validationEvents: [Int]
  private let eventCount: Int
  private let seed: UInt64
  /// The samples of the mixture; empty without one.
  private let parts: [Part]

  /// Splits events, and finds the shares of the samples.
  ///
  /// - Parameters:
  ///   - source: The events.
  ///   - configuration: The seed, the fraction for validation and the mixture.
  /// - Throws: ``ModelError`` with code `tooFewEvents` if there is nothing to train on, or
  ///   `invalidMixture` if the weights do not fit the samples.
  package init(_ source: any EventSource, configuration: PretrainingConfiguration)
    throws(ModelError)
  {
    eventCount = source.eventCount
    seed = configuration.seed
    func split(_ events: Range<Int>) -> (first: [Int], second: [Int]) {
      EventSplit.split(
        Array(events), fraction: configuration.validationFraction, seed: configuration.seed)
    }
    guard let mixture = configuration.mixture else {
      (trainingEvents, validationEvents) = split(0..<eventCount)
      parts = []
      guard !trainingEvents.isEmpty else {
        throw ModelError(
          code: .tooFewEvents,
          "cannot pre-train: \(eventCount) events leave none to train beside the validation "
            + "split. Add files, or loosen the selection.")
      }
      return
    }
    let samples = source.samples
    try Self.check(mixture, names: samples.map(\.name))
    let splits = samples.map { split($0.events) }
    for (sample, split) in zip(samples, splits) where split.first.isEmpty {
      throw ModelError(
        code: .tooFewEvents,
        "cannot pre-train: \(sample.events.count) events of the sample \(sample.name) leave none "
          + "to train beside the validation split. Add files, or leave the sample out.")
    }
    trainingEvents = splits.flatMap(\.first)
    validationEvents = splits.flatMap(\.second)
    let counts = Self.counts(
      total: trainingEvents.count, weights: samples.map { mixture[$0.name] ?? 0 })
    parts = zip(splits, counts).map { Part(events: $0.first, count: $1) }
    for (sample, part) in zip(samples, parts) {
      // The key of an event's random numbers, which tells repetitions apart, has 48 bits.
      guard part.count > 0, part.count / part.events.count < (1 << 47) / eventCount else {
        throw ModelError(
          code: .invalidMixture,
          "cannot pre-train: the sample \(sample.name), of \(part.events.count) training events, "
            + "would have \(part.count) of the \(trainingEvents.count) events of an epoch. "
            + "Change its weight, or leave it out.")
      }
    }
  }

  /// Returns the training events of an epoch in their order.
  ///
  /// What comes for the n-th time in this epoch is written as the event plus n - 1 times the number
  /// of all events: repetitions have random numbers of their own.
  package func draws(ofEpoch epoch: Int) -> [Int] {
    guard !parts.isEmpty else {
      return EventSplit.shuffled(trainingEvents, seed: seed, epoch: epoch)
    }
    var draws: [Int] = []
    for (index, part) in parts.enumerated() {
      let start = epoch * part.count
      let firstPass = start / part.events.count
      let lastPass = (start + part.count - 1) / part.events.count
      for pass in firstPass...lastPass {
        // Event 0 is the key of an epoch's order.
        var generator = CounterBasedGenerator(
          seed: seed, event: 1 + pass * parts.count + index, purpose: .shuffling)
        let order = part.events.shuffled(using: &generator)
        let first = pass * order.count
        let places = max(start, first) - first..<min(start + part.count - first, order.count)
        draws += order[places].map { $0 + (pass - firstPass) * eventCount }
      }
    }
    return EventSplit.shuffled(draws, seed: seed, epoch: epoch)
  }

  /// Divides a number by weights, so that the parts sum up to it.
  package static func counts(total: Int, weights: [Double]) -> [Int] {
    let sum = weights.reduce(0, +)
    let shares = weights.map { Double(total) * $0 / sum }
    var counts = shares.map { Int($0) }
    // What rounding down left goes to the largest remainders, first come first served.
    let order = shares.indices.sorted {
      let (a, b) = (shares[$0] - Double(counts[$0]), shares[$1] - Double(counts[$1]))
      return a == b ? $0 < $1 : a > b
    }
    for index in order.prefix(total - counts.reduce(0, +)) { counts[index] += 1 }
    return counts
  }

  private static func check(_ mixture: [String: Double], names: [String]) throws(ModelError) {
    let weighted = mixture.keys.sorted()
    guard weighted != names.sorted() else { return }
    throw ModelError(
      code: .invalidMixture,
      "cannot pre-train: the mixture has weights of \(weighted.joined(separator: ", ")); the "
        + "samples are \(names.joined(separator: ", ")). Give every sample one weight.")
  }
}
