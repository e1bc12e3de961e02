// SPDX-License-Identifier: Apache-2.0

import Events

/// What boosted trees are trained on: labeled events, and collisions that count as background.
public struct TreeEvents: Sendable {
  /// The events, by their positions in the source.
  public let events: [Int]
  /// The label of each, 0 or 1.
  public let labels: [Float]
  /// The weight of each in the loss, at least 0.
  public let weights: [Float]

  /// Gathers events.
  ///
  /// - Parameters:
  ///   - events: The labeled events.
  ///   - labels: The label of each event of the source.
  ///   - weights: The weight of each event of the source in the loss, without collisions.
  ///   - collisions: What counts as background too; `nil` for nothing.
  ///   - balancesClasses: Whether the classes count alike.
  public init(
    _ events: [Int], labels: [Int32], weights: [Float], collisions: BackgroundCollisions? = nil,
    balancesClasses: Bool = true
  ) {
    let all =
      collisions?.weights(
        beside: weights, of: events, labels: labels, balancesClasses: balancesClasses,
        as: .weighted) ?? weights
    self.events = events + (collisions?.events ?? [])
    self.labels = events.map { Float(labels[$0]) } + (collisions?.events ?? []).map { _ in 0 }
    self.weights = self.events.map { all[$0] }
  }
}
