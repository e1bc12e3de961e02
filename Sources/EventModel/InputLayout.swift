// SPDX-License-Identifier: Apache-2.0

import Events

/// Which number stands in which column of the model's input, by name.
///
/// Every pair of an object kind and one of its features has columns of its own. A matrix product
/// with all columns is therefore the same as one linear map for each kind, and a schema grows by
/// columns whose weights start at zero, which leaves the model's output as it was.
///
///     columns                     meaning
///     lnPt eta sinPhi cosPhi lnMass   momentum: see InputNormalization
///     kind.NAME                   1 for objects of this kind
///     value.KIND.FEATURE          the feature, normalized; 0 where missing
///     missing.KIND.FEATURE        1 where the feature is missing
///     hidden.momentum             1 where momentum and features are hidden from the model
///     hidden.kind                 1 where kind, mass and features are hidden from the model
///     rank.R                      1 where the hidden object has rank R in pT within its kind
public struct InputLayout: Hashable, Sendable {
  /// Number of columns that describe the momentum.
  public static let momentumColumns = 5
  /// Ranks that are told apart; objects beyond share the last.
  public static let rankCount = 8

  /// The schema that the columns describe.
  public let schema: EventSchema
  /// First feature column of each kind, counted among the (kind, feature) pairs.
  public let firstFeature: [Int]
  /// Number of (kind, feature) pairs.
  public let featureCount: Int

  /// Lays out the columns of a schema.
  public init(schema: EventSchema) {
    self.schema = schema
    var first: [Int] = []
    var count = 0
    for kind in schema.objectKinds {
      first.append(count)
      count += kind.features.count
    }
    firstFeature = first
    featureCount = count
  }

  /// Column of the first kind.
  var kindColumn: Int { Self.momentumColumns }
  /// Column of the first feature value.
  var valueColumn: Int { kindColumn + schema.objectKinds.count }
  /// Column of the first missing-feature mark.
  var missingColumn: Int { valueColumn + featureCount }
  /// Column that marks a hidden momentum; the mark of a hidden kind follows it.
  var hiddenColumn: Int { missingColumn + featureCount }
  /// Column of the first rank.
  var rankColumn: Int { hiddenColumn + 2 }
  /// Number of columns of an object.
  public var objectWidth: Int { rankColumn + Self.rankCount }
  /// Number of columns of an event: each scalar and its missing mark.
  public var eventWidth: Int { 2 * schema.scalars.count }

  /// The names of an object's columns, in order.
  public var objectColumns: [String] {
    let features = schema.objectKinds.flatMap { kind in
      kind.features.map { "\(kind.name).\($0)" }
    }
    return ["lnPt", "eta", "sinPhi", "cosPhi", "lnMass"]
      + schema.objectKinds.map { "kind.\($0.name)" }
      + features.map { "value.\($0)" } + features.map { "missing.\($0)" }
      + ["hidden.momentum", "hidden.kind"] + (0..<Self.rankCount).map { "rank.\($0)" }
  }

  /// The names of an event's columns, in order.
  public var eventColumns: [String] {
    schema.scalars.map { "value.\($0)" } + schema.scalars.map { "missing.\($0)" }
  }
}
