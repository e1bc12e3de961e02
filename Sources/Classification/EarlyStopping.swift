// SPDX-License-Identifier: Apache-2.0

/// Decides when training stops and which step is kept.
package struct EarlyStopping {
  /// Looks without improvement before training stops.
  package let patience: Int
  /// The smallest loss seen.
  package private(set) var bestLoss = Double.infinity
  /// The step of the smallest loss.
  package private(set) var bestStep = 0
  private var looksSinceBest = 0

  /// Makes the rule.
  package init(patience: Int) {
    self.patience = patience
  }

  /// Whether the patience is used up.
  package var shouldStop: Bool { looksSinceBest >= patience }

  /// Takes note of a validation loss.
  ///
  /// - Returns: Whether it is the best so far.
  package mutating func observe(_ loss: Double, step: Int) -> Bool {
    // NaN is never less, so that it is never kept.
    if loss < bestLoss {
      bestLoss = loss
      bestStep = step
      looksSinceBest = 0
      return true
    }
    looksSinceBest += 1
    return false
  }
}
