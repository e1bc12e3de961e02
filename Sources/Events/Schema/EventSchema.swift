// SPDX-License-Identifier: Apache-2.0

import Runtime

/// A kind of reconstructed object, such as muon, jet or missing momentum.
public struct ObjectKind: Codable, Hashable, Sendable {
  /// The name, as in `muon`; not empty, once in a schema.
  public let name: String
  /// The names of the extra features, as in `charge`, in the order of the feature columns.
  public let features: [String]
  /// Whether objects of this kind have a pseudorapidity; missing transverse momentum has none.
  public let hasEta: Bool
  /// Whether objects of this kind have a mass; missing transverse momentum has none.
  public let hasMass: Bool

  /// Makes a kind.
  public init(name: String, features: [String] = [], hasEta: Bool = true, hasMass: Bool = true) {
    self.name = name
    self.features = features
    self.hasEta = hasEta
    self.hasMass = hasMass
  }
}

/// What events consist of: the kinds of their objects and the scalars of the whole event.
public struct EventSchema: Codable, Hashable, Sendable {
  /// The kinds of objects, at most 255; an object refers to its kind by position.
  public let objectKinds: [ObjectKind]
  /// The names of the event's scalars, as in `npv`.
  public let scalars: [String]
  /// The number of feature columns: the largest number of features of any kind.
  public let featureWidth: Int

  /// Makes a schema; the names in each list must differ.
  public init(objectKinds: [ObjectKind], scalars: [String] = []) {
    precondition(
      objectKinds.count <= 255,
      "A schema has at most 255 kinds of objects, not \(objectKinds.count).")
    precondition(
      Set(objectKinds.map(\.name)).count == objectKinds.count,
      "The kinds of objects have the names \(objectKinds.map(\.name)), of which two are equal.")
    self.objectKinds = objectKinds
    self.scalars = scalars
    featureWidth = objectKinds.map(\.features.count).max() ?? 0
  }

  private enum CodingKeys: String, CodingKey { case objectKinds, scalars }

  /// Reads a schema; what it says of itself is checked where it comes from a file.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    objectKinds = try container.decode([ObjectKind].self, forKey: .objectKinds)
    scalars = try container.decode([String].self, forKey: .scalars)
    featureWidth = objectKinds.map(\.features.count).max() ?? 0
  }

  /// Returns the position of a kind, or `nil` if the schema has none of that name.
  public func index(ofKind name: String) -> Int? { objectKinds.firstIndex { $0.name == name } }

  /// For each kind, which of its features is the charge; `nil` where it has none.
  public var chargeFeatures: [Int?] { objectKinds.map { $0.features.firstIndex(of: "charge") } }

  /// Sixteen hexadecimal digits that two schemas share only if they are equal.
  public var fingerprint: String {
    var hash = Checksum()
    for kind in objectKinds {
      hash.update("kind \(kind.name) \(kind.hasEta) \(kind.hasMass)\n")
      for feature in kind.features { hash.update("feature \(feature)\n") }
    }
    for scalar in scalars { hash.update("scalar \(scalar)\n") }
    return hash.hexadecimal
  }
}
