// SPDX-License-Identifier: Apache-2.0

import Configuration

/// The size and shape of an event Transformer.
public struct ModelConfiguration: Codable, Hashable, Sendable {
  /// Width of a token, `D`.
  public var width: Int
  /// Number of encoder layers, `L`.
  public var layers: Int
  /// Number of attention heads, `H`; divides the width.
  public var heads: Int
  /// Width of the feed-forward part in units of the token width.
  public var feedForwardFactor: Int
  /// Probability of dropping a value after attention and feed-forward while training, in 0..<1.
  public var dropout: Double

  /// Whether attention between objects is biased by what pairs of them have in common: angles,
  /// relative momenta and the invariant mass.
  public var pairwiseBias: Bool
  /// Whether attention between the event's token and objects is biased by the products of momenta
  /// with the axes of time and beams; only with ``pairwiseBias``.
  public var referenceVectors: Bool

  /// Makes a configuration; the defaults are the size S of the documentation.
  ///
  /// Without a pairwise bias there are no reference vectors either.
  public init(
    width: Int = 64, layers: Int = 4, heads: Int = 4, feedForwardFactor: Int = 4,
    dropout: Double = 0, pairwiseBias: Bool = true, referenceVectors: Bool = true
  ) {
    self.width = width
    self.layers = layers
    self.heads = heads
    self.feedForwardFactor = feedForwardFactor
    self.dropout = dropout
    self.pairwiseBias = pairwiseBias
    self.referenceVectors = pairwiseBias && referenceVectors
  }

  /// Reads a section `model` of a configuration; what is not given keeps its value in the defaults.
  ///
  /// - Throws: `ConfigurationError` if a value is out of range or heads do not divide the width.
  public init(_ node: ConfigurationNode?, defaults: ModelConfiguration = .init()) throws {
    self = defaults
    guard let node else { return }
    width = try node.int("width", default: width, in: 4...4096)
    layers = try node.int("layers", default: layers, in: 1...64)
    heads = try node.int("heads", default: heads, in: 1...64)
    feedForwardFactor = try node.int("feedForwardFactor", default: feedForwardFactor, in: 1...16)
    dropout = try node.double("dropout", default: dropout, in: 0...0.9)
    pairwiseBias = try node.bool("pairwiseBias", default: pairwiseBias)
    referenceVectors = try node.bool(
      "referenceVectors", default: referenceVectors && pairwiseBias)
    if referenceVectors, !pairwiseBias {
      throw node.fail(
        "referenceVectors", found: "true without pairwiseBias", expected: "false",
        remedy: "Reference vectors act through the bias: set pairwiseBias: true too.")
    }
    if width % heads != 0 {
      throw node.fail(
        "heads", found: "\(heads)", expected: "a divisor of the width \(width)",
        remedy: "Choose \(Self.largestDivisor(of: width, atMost: heads)) heads, or another width.")
    }
  }

  /// Reads a checkpoint's; those from before there was a bias have none.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    width = try values.decode(Int.self, forKey: .width)
    layers = try values.decode(Int.self, forKey: .layers)
    heads = try values.decode(Int.self, forKey: .heads)
    feedForwardFactor = try values.decode(Int.self, forKey: .feedForwardFactor)
    dropout = try values.decode(Double.self, forKey: .dropout)
    pairwiseBias = try values.decodeIfPresent(Bool.self, forKey: .pairwiseBias) ?? false
    referenceVectors = try values.decodeIfPresent(Bool.self, forKey: .referenceVectors) ?? false
  }

  /// Whether all numbers are in the ranges that a configuration file may give.
  var isValid: Bool {
    (4...4096).contains(width) && (1...64).contains(layers) && (1...64).contains(heads)
      && (1...16).contains(feedForwardFactor) && (0...0.9).contains(dropout)
      && width.isMultiple(of: heads) && (pairwiseBias || !referenceVectors)
  }

  private static func largestDivisor(of width: Int, atMost limit: Int) -> Int {
    (1...limit).last { width.isMultiple(of: $0) } ?? 1
  }
}
