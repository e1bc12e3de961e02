// SPDX-License-Identifier: Apache-2.0

import Events
import Pretraining
import Runtime
import Torch

/// What regressions about collisions read: labeled events and collisions, a row each.
struct CollisionTable {
  /// The position of each row's event in the source: background, what else has labels, collisions.
  private let events: [Int]
  private let backgroundCount: Int
  private let labeledCount: Int
  /// Shape `[N, D]`.
  private let inputs: Tensor
  /// Which part of a cross-validation a row is held out in.
  private let folds: [Int]
  private let seed: UInt64

  private static let foldCount = 5

  /// Computes the rows.
  ///
  /// - Parameters:
  ///   - background: Labeled background events.
  ///   - others: Labeled events of other classes.
  ///   - collisions: The collisions.
  ///   - source: Has them all.
  ///   - seed: The seed of the parts of cross-validations.
  ///   - inputs: Makes of a batch its rows, shape `[B, D]`.
  /// - Throws: What the source or the closure throws; `InterruptedError` on Ctrl-C.
  init(
    background: [Int], others: [Int], collisions: [Int], source: any EventSource, seed: UInt64,
    inputs: (EventBatch) throws -> Tensor
  ) throws {
    let events = background + others + collisions
    var parts: [Tensor] = []
    try source.forEachBatch(of: events, sampling: events.count) { batch in
      try Interruption.check()
      parts.append(try inputs(batch))
    }
    var folds = [Int](repeating: 0, count: events.count)
    let starts = [0, background.count, background.count + others.count, events.count]
    for (part, rows) in zip(starts, starts.dropFirst()).enumerated() {
      let order = EventSplit.shuffled(
        Array(rows.0..<rows.1), seed: seed, epoch: 3 + part, purpose: .choosingCollisions)
      for (place, row) in order.enumerated() { folds[row] = place % Self.foldCount }
    }
    self.events = events
    self.inputs = Tensor.concatenate(parts, dimension: 0)
    self.folds = folds
    self.seed = seed
    backgroundCount = background.count
    labeledCount = background.count + others.count
  }

  /// Gathers rows for a regression.
  private func chosen(
    _ rows: [Int], labels: [Int64], weights: [Float], classCount: Int
  ) -> LinearProbe.Events {
    let device = inputs.device
    return LinearProbe.Events(
      embeddings: inputs.indexSelected(
        dimension: 0, indices: Tensor(rows.map { Int64($0) }, device: device)),
      labels: Tensor(labels, device: device), weights: Tensor(weights, device: device),
      classCount: classCount)
  }

  /// Asks how likely each collision is labeled background instead, by a regression that has not seen
  /// it.
  ///
  /// - Parameter weights: The weight of each event of the source in the loss.
  /// - Returns: The logarithm of the odds of each collision, up to a constant.
  func logOdds(weights: [Float]) -> [Float] {
    let collisions = labeledCount..<events.count
    let rows = Array(0..<backgroundCount) + Array(collisions)
    // Both sides have the same sum of weights, and the mean is 1.
    let half = Float(rows.count) / 2
    let sum = (0..<backgroundCount).reduce(0) { $0 + weights[events[$1]] }
    func gathered(_ rows: [Int]) -> LinearProbe.Events {
      chosen(
        rows, labels: rows.map { $0 < backgroundCount ? 1 : 0 },
        weights: rows.map {
          $0 < backgroundCount ? weights[events[$0]] * half / sum : half / Float(collisions.count)
        }, classCount: 2)
    }
    let penalty = LinearProbe.penalty(for: gathered(rows), folds: rows.map { folds[$0] })
    let values = inputs.floats()
    let width = inputs.shape[1]
    var odds = [Float](repeating: 0, count: collisions.count)
    for fold in 0..<Self.foldCount {
      let head = LinearProbe.fit(gathered(rows.filter { folds[$0] != fold }), penalty: penalty)
      for row in collisions where folds[row] == fold {
        var logit = head.bias[1] - head.bias[0]
        for column in 0..<width {
          logit +=
            (head.weight[width + column] - head.weight[column]) * values[row * width + column]
        }
        odds[row - labeledCount] = logit
      }
    }
    return odds
  }

  /// Whether labeled events that a linear probe has not seen are told worse if it has seen collisions
  /// as background.
  func isHarmed(
    by collisions: BackgroundCollisions, labels: [Int32], weights: [Float], classCount: Int,
    balancesClasses: Bool
  ) -> Bool {
    let labeled = Array(0..<labeledCount)
    let targets = labeled.map { Int64(labels[events[$0]]) }
    let counts = labeled.map { weights[events[$0]] }
    let without = LinearProbe.heldOut(
      chosen(labeled, labels: targets, weights: counts, classCount: classCount),
      folds: labeled.map { folds[$0] }, weights: counts)
    // Drawn as for a training; the number of an epoch that none reaches.
    let rows = Dictionary(
      uniqueKeysWithValues: (labeledCount..<events.count).map { (events[$0], $0) })
    let drawn = collisions.draw(seed: seed, epoch: 65_534).compactMap { rows[$0] }
    let all = labeled + drawn
    let joined = collisions.weights(
      beside: weights, of: labeled.map { events[$0] }, labels: labels,
      balancesClasses: balancesClasses, as: .drawn)
    // Beside labeled events of all parts but one they count by as much less, or every fit would
    // have too much background.
    let share = Float(Self.foldCount - 1) / Float(Self.foldCount)
    let with = LinearProbe.heldOut(
      chosen(
        all, labels: targets + drawn.map { _ in 0 },
        weights: labeled.map { joined[events[$0]] } + drawn.map { joined[events[$0]] * share },
        classCount: classCount),
      folds: labeled.map { folds[$0] } + drawn.map { _ in -1 },
      weights: counts + drawn.map { _ in 0 })
    let change = labeled.reduce(0.0) {
      $0 + Double((with.entropies[$1] - without.entropies[$1]) * counts[$1])
    }
    // Rounding says nothing.
    return change > 1e-4 * Double(labeled.count)
  }
}
