// SPDX-License-Identifier: Apache-2.0

import Configuration

/// How boosted trees are trained: the section `trees` of a configuration.
///
/// Names are ours, the meaning is XGBoost's: see its documentation of parameters.
///
/// The defaults were chosen for 50, 150 and 400 labels per class on events of `cms-tau-2012.yaml`
/// that are not its test events, on its variables: four draws of depths 1 to 4, 50 to 400 rounds,
/// minimumChildWeight 0.1 to 3, subsample 0.35 to 0.8, columnSample 0.3 and 0.6, l2 1 and 4. Means of
/// the best, among which they are, differ by less than their errors.
public struct TreeConfiguration: Codable, Hashable, Sendable {
  /// How the best cut of a node is found.
  public enum Method: String, Codable, CaseIterable, Sendable {
    /// Every value is tried.
    case exact
    /// Values are gathered in up to 256 bins, faster with many events.
    case hist
  }

  /// Number of trees.
  public var rounds = 200
  /// Largest number of cuts from the root to a leaf.
  public var depth = 3
  /// Factor of every tree.
  public var learningRate = 0.05
  /// Smallest sum of weights times p (1 - p) in a leaf; an event that is not yet told has 0.25.
  public var minimumChildWeight = 0.3
  /// Share of the events that a tree sees.
  public var subsample = 0.5
  /// Share of the inputs that a tree sees.
  public var columnSample = 0.6
  /// L2 penalty of the leaves.
  public var l2 = 4.0
  /// L1 penalty of the leaves.
  public var l1 = 0.0
  /// Smallest gain for which a node is divided.
  public var minimumGain = 0.0
  /// How the best cut of a node is found.
  public var method = Method.exact

  /// Makes the defaults.
  public init() {}

  /// Reads a section; what is not given keeps its value in the defaults.
  ///
  /// - Throws: `ConfigurationError` if a value is out of range.
  public init(_ node: ConfigurationNode?, defaults: TreeConfiguration) throws {
    self = defaults
    guard let node else { return }
    rounds = try node.int("rounds", default: rounds, in: 1...100_000)
    depth = try node.int("depth", default: depth, in: 1...30)
    learningRate = try node.double("learningRate", default: learningRate, in: 1e-5...1)
    minimumChildWeight = try node.double(
      "minimumChildWeight", default: minimumChildWeight, in: 0...1e9)
    subsample = try node.double("subsample", default: subsample, in: 0.01...1)
    columnSample = try node.double("columnSample", default: columnSample, in: 0.01...1)
    l2 = try node.double("l2", default: l2, in: 0...1e9)
    l1 = try node.double("l1", default: l1, in: 0...1e9)
    minimumGain = try node.double("minimumGain", default: minimumGain, in: 0...1e9)
    method = try node.choice("method", default: method)
  }
}
