// SPDX-License-Identifier: Apache-2.0

import Runtime

/// Splits and orders of event indices, which depend on a seed alone.
public enum EventSplit {
  /// Returns the indices in an order drawn for a seed and an epoch.
  ///
  /// - Parameters:
  ///   - indices: What to order.
  ///   - seed: The seed of the run.
  ///   - epoch: The epoch; every epoch has another order.
  ///   - purpose: Splitting and shuffling never share an order.
  /// - Returns: The indices in another order.
  public static func shuffled(
    _ indices: [Int], seed: UInt64, epoch: Int, purpose: CounterBasedGenerator.Purpose = .shuffling
  ) -> [Int] {
    var generator = CounterBasedGenerator(seed: seed, epoch: epoch, purpose: purpose)
    return indices.shuffled(using: &generator)
  }

  /// Splits event indices into two parts at random.
  ///
  /// - Parameters:
  ///   - indices: What to split.
  ///   - fraction: Share of the second part, in 0..<1.
  ///   - seed: The seed of the split.
  /// - Returns: The parts, each in rising order.
  public static func split(
    _ indices: [Int], fraction: Double, seed: UInt64
  ) -> (first: [Int], second: [Int]) {
    let order = shuffled(indices, seed: seed, epoch: 0, purpose: .splitting)
    let count = Int((Double(indices.count) * fraction).rounded())
    return (order.dropFirst(count).sorted(), order.prefix(count).sorted())
  }
}
