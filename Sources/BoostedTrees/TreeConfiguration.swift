// SPDX-License-Identifier: Apache-2.0

import Configuration

/// How boosted trees are trained: the section `trees` of a configuration.
///
/// Names are ours, the meaning is XGBoost's: see its documentation of parameters.
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
  public var minimumChildWeight = 1.0
  /// Share of the events that a tree sees.
  public var subsample = 0.5
  /// Share of the inputs that a tree sees.
  public var columnSample = 0.5
  /// L2 penalty of the leaves.
  public var l2 = 1.0
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
