// SPDX-License-Identifier: Apache-2.0

import Configuration

/// How the columns of a tree become events: the section `events` of a configuration, or of a sample
/// whose files have other columns.
///
///     events:
///       tree: Events                     # or several, side by side; the only one without
///       selection: "nMuon >= 1 && HLT_IsoMu24"
///       missing: -999                    # a number, nan, or a list of them
///       objects:
///         - kind: muon
///           columns: {pt: Muon_pt, eta: Muon_eta, phi: Muon_phi, mass: 0.10566}
///           features: {charge: Muon_charge, isolation: Muon_pfRelIso04_all}
///           cuts: "pt > 30 && abs(eta) < 2.4"
///           maximum: 4
///         - {kind: jet, prefix: Jet}     # Jet_pt, Jet_eta, Jet_phi, Jet_mass
///         - kind: missingMomentum        # without eta and mass
///           columns: {pt: MET_pt, phi: MET_phi}
///       minimumObjects: 3
///       scalars: {npv: PV_npvs}
///       identifiers: {run: run, luminosityBlock: luminosityBlock, event: event}
///
/// A marker of missing values counts in momenta, features, scalars and cuts of objects, where it
/// makes an object absent (in pt) or a value missing; selections and weights see it as it is.
/// Not-a-number in a column is an error unless `missing` lists `nan`.
public struct EventsConfiguration: Sendable {
  /// The trees, whose entries belong together; empty for the only one of a file.
  public let trees: [String]
  /// Which events are kept, or `nil` for all.
  public let selection: ColumnExpression?
  /// The numbers that stand for missing values.
  public let missingMarkers: [Double]
  /// Whether not-a-number stands for a missing value.
  public let missingIncludesNaN: Bool
  /// The objects, in the order in which an event keeps them.
  public let objects: [ObjectConfiguration]
  /// The smallest number of objects of an event, missing momentum counted.
  public let minimumObjects: Int
  /// The scalars of an event.
  public let scalars: [(name: String, expression: ColumnExpression)]
  /// The columns that identify an event; those not named are looked for under their usual names.
  public let identifiers: [String: String]
  /// The section as YAML.
  public let text: String

  /// Reads the section `events`.
  ///
  /// - Throws: `ConfigurationError`.
  public init(_ node: ConfigurationNode) throws(ConfigurationError) {
    text = node.serialized()
    trees = try node.strings("tree")
    selection = try node.optionalExpression("selection")
    var markers: [Double] = []
    var includesNaN = false
    for word in try node.strings("missing") {
      guard let value = Double(word), !value.isInfinite else {
        throw node.fail("missing", found: word, expected: "a number, nan, or a list of them")
      }
      if value.isNaN { includesNaN = true } else { markers.append(value) }
    }
    missingMarkers = markers
    missingIncludesNaN = includesNaN
    minimumObjects = try node.int("minimumObjects", default: 0, in: 0...)
    var scalars: [(name: String, expression: ColumnExpression)] = []
    for (name, value) in try node.entries("scalars") {
      scalars.append((name, try value.asExpression()))
    }
    self.scalars = scalars
    var identifiers: [String: String] = [:]
    if let names = try node.node("identifiers") {
      for key in Self.identifierNames { identifiers[key] = try names.optionalString(key) }
    }
    self.identifiers = identifiers
    var objects: [ObjectConfiguration] = []
    for object in try node.nodes("objects") {
      let next = try ObjectConfiguration(object)
      if let first = objects.first(where: { $0.kind.name == next.kind.name }),
        first.kind != next.kind
      {
        throw object.fail(
          "kind", found: "another \(next.kind.name) with \(Self.words(next.kind))",
          expected: "the same as in the first, \(Self.words(first.kind))")
      }
      objects.append(next)
    }
    guard !objects.isEmpty else {
      throw node.fail("objects", found: "empty", expected: "a list of at least one kind of object")
    }
    guard Set(objects.map(\.kind.name)).count <= 255 else {
      throw node.fail("objects", found: "too long", expected: "at most 255 kinds")
    }
    self.objects = objects
  }

  static let identifierNames = ["run", "luminosityBlock", "event"]

  /// What the events consist of.
  public var schema: EventSchema {
    var kinds: [ObjectKind] = []
    for object in objects where !kinds.contains(object.kind) { kinds.append(object.kind) }
    return EventSchema(objectKinds: kinds, scalars: scalars.map(\.name))
  }

  private static func words(_ kind: ObjectKind) -> String {
    (kind.features.isEmpty
      ? "no features" : "the features \(kind.features.joined(separator: ", "))")
      + (kind.hasEta ? "" : " and no eta and mass")
  }
}

/// How columns become the objects of one kind.
public struct ObjectConfiguration: Sendable {
  /// The kind, with the names of its features.
  public let kind: ObjectKind
  /// The transverse momentum in GeV.
  public let pt: ColumnExpression
  /// The azimuth in radians.
  public let phi: ColumnExpression
  /// The pseudorapidity; `nil` for missing momentum.
  public let eta: ColumnExpression?
  /// The mass in GeV; `nil` for missing momentum.
  public let mass: ColumnExpression?
  /// The features, in the order of the kind's.
  public let features: [ColumnExpression]
  /// Which objects are kept; it sees `pt`, `eta`, `phi`, `mass` and the features by name.
  public let cuts: ColumnExpression?
  /// The largest number that is kept, those of highest pt; `nil` for all.
  public let maximum: Int?

  /// Reads an element of `objects`.
  ///
  /// - Throws: `ConfigurationError`.
  public init(_ node: ConfigurationNode) throws(ConfigurationError) {
    let name = try node.string("kind")
    let prefix = try node.optionalString("prefix")
    if let columns = try node.node("columns") {
      if prefix != nil {
        throw node.fail("prefix", expected: "either prefix or columns, not both")
      }
      pt = try columns.expression("pt")
      phi = try columns.expression("phi")
      eta = try columns.optionalExpression("eta")
      mass = try columns.optionalExpression("mass")
      if (eta == nil) != (mass == nil) {
        let (present, absent) = eta == nil ? ("mass", "eta") : ("eta", "mass")
        throw columns.fail(
          found: "a mapping with \(present) but without \(absent)",
          expected: "both, or neither for missing momentum",
          remedy: eta == nil ? "" : "Write mass: 0 for massless objects.")
      }
    } else if let prefix {
      func column(_ part: String) throws(ConfigurationError) -> ColumnExpression {
        do { return try ColumnExpression("`\(prefix)_\(part)`") } catch {
          throw node.fail("prefix", expected: "the first part of column names")
        }
      }
      pt = try column("pt")
      phi = try column("phi")
      eta = try column("eta")
      mass = try column("mass")
    } else {
      throw ConfigurationError(
        code: .missingKey, location: node.location,
        statement: "\(node.path(of: "columns")) is missing; expected the columns or numbers pt, "
          + "eta, phi and mass, or a prefix.")
    }
    var names: [String] = []
    var features: [ColumnExpression] = []
    for (feature, value) in try node.entries("features") {
      guard !["pt", "eta", "phi", "mass"].contains(feature) else {
        throw value.fail(found: "a feature named \(feature)", expected: "another name")
      }
      names.append(feature)
      features.append(try value.asExpression())
    }
    self.features = features
    cuts = try node.optionalExpression("cuts")
    maximum = try node.optionalInt("maximum", in: 1...)
    kind = ObjectKind(name: name, features: names, hasEta: eta != nil, hasMass: mass != nil)
  }

  /// Every expression with what it is for.
  var expressions: [(role: String, expression: ColumnExpression)] {
    var result = [("pt", pt), ("phi", phi)]
    if let eta { result.append(("eta", eta)) }
    if let mass { result.append(("mass", mass)) }
    result += zip(kind.features, features).map { ($0, $1) }
    if let cuts { result.append(("cuts", cuts)) }
    return result.map { ("\($0.0) of \(kind.name)", $0.1) }
  }
}

extension ConfigurationNode {
  /// Returns this value as an expression; a number is one too.
  func asExpression() throws(ConfigurationError) -> ColumnExpression {
    let text = try asString()
    do throws(ExpressionError) {
      return try ColumnExpression(text)
    } catch {
      throw ConfigurationError(
        code: .invalidValue, location: location,
        statement: "\(path) is not an expression: \(error.statement)", remedy: "\n" + error.caret)
    }
  }

  /// Returns a required expression.
  func expression(_ key: String) throws(ConfigurationError) -> ColumnExpression {
    guard let node = value(key) else {
      throw ConfigurationError(
        code: .missingKey, location: location,
        statement: "\(path(of: key)) is missing; expected a column, an expression or a number.")
    }
    return try node.asExpression()
  }

  /// Returns an expression, or `nil` where the key is absent.
  func optionalExpression(_ key: String) throws(ConfigurationError) -> ColumnExpression? {
    try value(key)?.asExpression()
  }
}
