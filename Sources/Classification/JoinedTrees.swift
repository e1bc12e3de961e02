// SPDX-License-Identifier: Apache-2.0

import BoostedTrees
import Events
import Runtime
import Synchronization

/// Boosted trees on high-level variables, whose logits are averaged with those of a classifier.
///
/// With few labels trees know thresholds and combinations of the variables that a linear head does
/// not, and the classifier what no variable says.
public final class JoinedTrees: Sendable {
  /// The inputs of the trees.
  public let variables: EventVariables
  /// Trees may be used by one thread at a time.
  private let trees: Mutex<TreeClassifier>

  /// Trains trees.
  ///
  /// - Parameters:
  ///   - variables: The inputs.
  ///   - source: The events.
  ///   - events: Those that are trained on.
  ///   - labels: The label of each event of the source, 0 or 1.
  ///   - weights: The weight of each event of the source in the loss, at least 0.
  ///   - configuration: How to train.
  ///   - seed: The seed of the events and inputs that a tree sees.
  /// - Throws: What the source throws; `ExpressionError`; `BoostedTreesError`; `InterruptedError` on
  ///   Ctrl-C.
  public init(
    on variables: EventVariables, source: any EventSource, events: [Int], labels: [Int32],
    weights: [Float], configuration: TreeConfiguration, seed: UInt64
  ) throws {
    self.variables = variables
    var values: [Float] = []
    values.reserveCapacity(events.count * variables.names.count)
    for start in stride(from: 0, to: events.count, by: 1024) {
      try Interruption.check()
      let part = Array(events[start..<min(start + 1024, events.count)])
      values += try variables.values(of: source.batch(events: part))
    }
    let trained = try TreeClassifier(
      training: values, width: variables.names.count, labels: events.map { Float(labels[$0]) },
      weights: events.map { weights[$0] }, configuration: configuration, seed: seed)
    trees = Mutex(trained)
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

  /// Writes the trees.
  ///
  /// - Throws: `FileSystemError`.
  func save(to path: String) throws {
    try trees.withLock { try $0.save(to: path) }
  }
}
