// SPDX-License-Identifier: Apache-2.0

import BoostedTrees
import Events
import Runtime
import Synchronization

/// Boosted trees on high-level variables, whose logits are joined with those of a classifier.
///
/// With few labels trees know thresholds and combinations of the variables that a linear head does
/// not, and the classifier what no variable says.
public final class JoinedTrees: Sendable {
  /// What is asked for.
  public struct Plan: Sendable {
    /// The inputs of the trees.
    public var variables: EventVariables
    /// How to train.
    public var configuration: TreeConfiguration
    /// The share that is expected of them before their events are looked at, 0 to 1.
    public var expectedShare: Double

    /// Makes a plan.
    public init(
      variables: EventVariables, configuration: TreeConfiguration, expectedShare: Double
    ) {
      self.variables = variables
      self.configuration = configuration
      self.expectedShare = expectedShare
    }
  }

  /// The inputs of the trees.
  public let variables: EventVariables
  /// Trees may be used by one thread at a time.
  private let trees: Mutex<TreeClassifier>

  /// Trains trees.
  ///
  /// - Parameters:
  ///   - plan: The inputs, and how to train.
  ///   - source: The events.
  ///   - training: The events that are trained on.
  ///   - seed: The seed of the events and inputs that a tree sees.
  /// - Throws: What the source throws; `ExpressionError`; `BoostedTreesError`; `InterruptedError` on
  ///   Ctrl-C.
  public init(
    _ plan: Plan, source: any EventSource, training: TreeEvents, seed: UInt64
  ) throws {
    variables = plan.variables
    let trained = try TreeClassifier(
      training: Self.values(of: plan.variables, source, training.events),
      width: plan.variables.names.count, labels: training.labels, weights: training.weights,
      configuration: plan.configuration, seed: seed)
    trees = Mutex(trained)
  }

  private static func values(
    of variables: EventVariables, _ source: any EventSource, _ events: [Int]
  ) throws -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(events.count * variables.names.count)
    for start in stride(from: 0, to: events.count, by: 1024) {
      try Interruption.check()
      let part = Array(events[start..<min(start + 1024, events.count)])
      values += try variables.values(of: source.batch(events: part))
    }
    return values
  }

  /// Opens trees that ``save(to:)`` wrote.
  ///
  /// - Throws: `FileSystemError`; `BoostedTreesError` if the file holds no trees;
  ///   ``ClassificationError`` if they have another number of inputs.
  init(on variables: EventVariables, contentsOf path: String) throws {
    self.variables = variables
    let opened = try TreeClassifier(contentsOf: path)
    guard opened.width == variables.names.count else {
      throw ClassificationError(
        code: .notAClassifier,
        "cannot use the trees of \(path): they have \(opened.width) inputs, and classifier.json "
          + "names \(variables.names.count). Take both from one run of finetune.")
    }
    trees = Mutex(opened)
  }

  /// Returns the logit of signal of each event of a batch.
  ///
  /// Shape `[B]`.
  ///
  /// - Throws: `ExpressionError` if a variable cannot be computed; `BoostedTreesError`.
  func logits(of batch: EventBatch) throws -> [Double] {
    let values = try variables.values(of: batch)
    return try trees.withLock { try $0.logits(of: values).map(Double.init) }
  }

  /// Returns the logit of signal of some events of a source.
  ///
  /// Shape `[events.count]`.
  ///
  /// - Throws: As ``logits(of:)``; what the source throws; `InterruptedError` on Ctrl-C.
  func logits(of source: any EventSource, events: [Int]) throws -> [Double] {
    let values = try Self.values(of: variables, source, events)
    return try trees.withLock { try $0.logits(of: values).map(Double.init) }
  }

  /// Writes the trees.
  ///
  /// - Throws: `FileSystemError`.
  func save(to path: String) throws {
    try trees.withLock { try $0.save(to: path) }
  }
}
