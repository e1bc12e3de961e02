// SPDX-License-Identifier: Apache-2.0

import Classification
import Pretraining
import Runtime

/// Labeled events divided into those that are tested on, and those that trainings may draw.
public struct TestSplit: Sendable {
  /// The test events of each class.
  public let test: [[Int]]
  /// The other events of each class.
  public let pool: [[Int]]

  /// Divides labeled events.
  ///
  /// - Parameters:
  ///   - labels: The label of every event; events without one, -1, are left out.
  ///   - configuration: The share of test events, the seed and the names of the classes.
  ///   - needed: Number of events of each class that trainings will draw.
  /// - Throws: ``ClassificationError`` with code `tooFewEvents` if the pool of a class has fewer
  ///   events than the largest number of labels.
  public init(labels: [Int32], configuration: StudyConfiguration, needed: Int) throws {
    var test: [[Int]] = []
    var pool: [[Int]] = []
    for (label, name) in configuration.classNames.enumerated() {
      let members = labels.indices.filter { labels[$0] == Int32(label) }
      let order = EventSplit.shuffled(
        members, seed: configuration.seed, epoch: label, purpose: .splitting)
      let count = Int((Double(members.count) * configuration.testFraction).rounded())
      // A study for choosing settings tests on half of what the real one draws from, so that the
      // real test events stay unseen.
      let pooled = order.dropFirst(count)
      let isDevelopment = configuration.isDevelopment
      let tested = isDevelopment ? pooled.prefix(pooled.count / 2) : order.prefix(count)
      test.append(tested.prefix(configuration.maximumTestEvents).sorted())
      pool.append((isDevelopment ? pooled.dropFirst(pooled.count / 2) : pooled).sorted())
      guard pool[label].count >= needed, !test[label].isEmpty else {
        throw ClassificationError(
          code: .tooFewEvents,
          "class \(name) has \(members.count) events, of which \(test[label].count) are for the "
            + "test; \(pool[label].count) are left, and \(needed) are needed. "
            + "Ask for fewer labels, lower study.testFraction, or add files.")
      }
    }
    self.test = test
    self.pool = pool
  }

  /// The test events of all classes, in rising order.
  public var allTestEvents: [Int] { test.flatMap { $0 }.sorted() }

  /// Draws the labeled events of a run: as many of each class as asked for.
  ///
  /// Of one seed, fewer labels are a part of more labels, so that a learning curve has one story.
  public func draw(labelsPerClass: Int, seed: UInt64) -> [Int] {
    pool.enumerated().flatMap { label, members in
      EventSplit.shuffled(members, seed: seed &+ 1_000_003, epoch: label, purpose: .splitting)
        .prefix(labelsPerClass)
    }.sorted()
  }
}
