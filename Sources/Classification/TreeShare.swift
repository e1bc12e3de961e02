// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How much boosted trees count beside a classifier, and how far logits are to be trusted.
///
///     logit = scale * (share * logit of the trees + (1 - share) * logit of the classifier)
///
/// With few labels a classifier of many parameters is too sure of itself, or has found nothing at all;
/// events that neither was trained on tell.
public struct TreeShare: Codable, Hashable, Sendable {
  /// The share of the trees, 0 to 1.
  public var share: Double
  /// The factor of the joined logit.
  public var scale: Double

  /// What is expected of trees on variables that a user named: a backbone that was asked for them
  /// knows them too, and the trees add little.
  public static let expectedOfNamedVariables = 0.4
  /// What is expected of trees on automatic variables: they choose among many, which a linear head
  /// does worse.
  public static let expectedOfAutomaticVariables = 0.6

  /// Makes a share; both count alike by default.
  public init(share: Double = 0.5, scale: Double = 1) {
    self.share = share
    self.scale = scale
  }

  /// Chooses what makes the likelihood of events largest that neither was trained on.
  ///
  /// With few events the share stays near the one expected: a normal distribution about it, of width
  /// 0.15, is its prior. A member stopped where these events liked it best, so it looks better than
  /// it is. On development events of six tasks, with 50 and 400 labels, constant shares of 0.3 to 0.5
  /// were best with named variables, of 0.6 to 0.7 with automatic ones.
  ///
  /// - Parameters:
  ///   - trees: The logits of the trees. Shape `[N]`.
  ///   - classifier: The logits of the classifier. Shape `[N]`.
  ///   - isSignal: Whether each event is signal. Shape `[N]`.
  ///   - weights: The weight of each event; their mean counts as one event. Shape `[N]`.
  ///   - expected: The share that is expected of the trees, 0 to 1.
  package init(
    trees: [Double], classifier: [Double], isSignal: [Bool], weights: [Double], expected: Double
  ) {
    precondition(
      trees.count == classifier.count && trees.count == isSignal.count
        && trees.count == weights.count, "Each event has two logits, a label and a weight.")
    self.init()
    let sum = weights.reduce(0, +)
    guard sum > 0 else { return }
    let unit = Double(weights.count) / sum
    func loss(_ share: Double, _ scale: Double) -> Double {
      let deviation = (share - expected) / 0.15
      return trees.indices.reduce(deviation * deviation / 2) { loss, event in
        let logit = scale * (share * trees[event] + (1 - share) * classifier[event])
        let wrong = isSignal[event] ? -logit : logit
        // ln(1 + exp(wrong)), without an exponential that overflows.
        return loss + weights[event] * unit * (max(wrong, 0) + log1p(exp(-abs(wrong))))
      }
    }
    share = expected
    var best = loss(share, scale)
    for tenths in 0...10 {
      for quarters in 1...6 {
        let (share, scale) = (Double(tenths) / 10, Double(quarters) / 4)
        let own = loss(share, scale)
        if own < best { (best, self.share, self.scale) = (own, share, scale) }
      }
    }
  }
}
