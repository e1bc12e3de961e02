// SPDX-License-Identifier: Apache-2.0

import Configuration

/// How collisions without labels count as background: the section `finetuning.collisions`.
public struct CollisionConfiguration: Codable, Hashable, Sendable {
  /// Number of collisions that are looked at, drawn at random; 0 for none.
  public var events = 10_000
  /// As how many labeled background events all of them count at most.
  public var worth = 1000.0
  /// As how many they count at most for each labeled background event.
  public var worthPerLabel = 10.0

  /// Makes the defaults.
  public init() {}

  /// Reads a section; what is not given keeps its value in the defaults.
  ///
  /// - Throws: `ConfigurationError` if a value is out of range.
  public init(_ node: ConfigurationNode, defaults: CollisionConfiguration) throws {
    self = defaults
    events = try node.int("events", default: events, in: 0...1_000_000)
    worth = try node.double("worth", default: worth, in: 0...1e9)
    worthPerLabel = try node.double("worthPerLabel", default: worthPerLabel, in: 0...1e6)
  }
}
