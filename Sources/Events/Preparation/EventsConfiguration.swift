// SPDX-License-Identifier: Apache-2.0

import Configuration

/// How events are made of columns: the section `events` of a configuration.
public struct EventsConfiguration: Sendable {
  /// A collection of objects: a jagged collection, or one object of a flat tree.
  struct Collection: Sendable {
    var kind: String
    var pt: Expression
    var eta: Expression?
    var phi: Expression
    var mass: Expression?
    var features: [(name: String, expression: Expression)]
    var cuts: Expression?
    var maximum: Int?
  }

  /// The tree; `nil` where files hold one tree only.
  public let tree: String?
  /// What events must fulfill, cut by cut.
  let selection: [Expression]
  /// Values that stand for "missing".
  let missing: [Double]
  /// Whether NaN stands for "missing" too.
  let allowsNaN: Bool
  let collections: [Collection]
  /// Events with fewer objects are left out; missing momentum counts.
  public let minimumObjects: Int
  let scalars: [(name: String, expression: Expression)]
  /// The objects, features and scalars of the events.
  public let schema: EventSchema
  /// The section as text, which a store keeps.
  public let text: String

  /// Reads the section.
  ///
  /// - Throws: `ConfigurationError`, which names file, line and key.
  public init(_ node: ConfigurationNode) throws {
    text = node.serialized()
    tree = try node.optionalString("tree")
    selection = try node.expression("selection").map(\.conjuncts) ?? []
    var markers: [Double] = []
    var allowsNaN = false
    for marker in try node.contains("missing") ? node.strings("missing") : [] {
      guard let value = Double(marker) else {
        throw node.fail(
          "missing", found: marker, expected: "a number, nan, or a list of them")
      }
      if value.isNaN { allowsNaN = true } else { markers.append(value) }
    }
    missing = markers
    self.allowsNaN = allowsNaN
    minimumObjects = try node.int("minimumObjects", default: 1, in: 1...1000)
    let list = try node.nodes("objects")
    guard !list.isEmpty else {
      throw node.fail("objects", expected: "a list of at least one collection")
    }
    collections = try list.map(Self.collection)
    var scalars: [(name: String, expression: Expression)] = []
    if let entries = try node.node("scalars") {
      for (name, value) in entries.ownEntries() { scalars.append((name, try value.asExpression())) }
    }
    self.scalars = scalars
    schema = EventSchema(
      objectKinds: Self.kinds(of: collections), scalars: scalars.map(\.name))
  }

  private static func collection(_ node: ConfigurationNode) throws -> Collection {
    let kind = try node.string("kind")
    let prefix = try node.optionalString("prefix")
    let isMissingMomentum = kind == "missingMomentum"
    let columns = try node.node("columns")
    func column(_ name: String) throws -> Expression? {
      if let columns, columns.contains(name) { return try columns.expression(name) }
      guard let prefix else { return nil }
      return try Expression("\(prefix)_\(name)")
    }
    func required(_ name: String) throws -> Expression {
      if let expression = try column(name) { return expression }
      throw node.fail(
        "columns", found: "without \(name)", expected: "the column or expression of \(name)",
        remedy: "Give columns: {\(name): NAME}, or prefix: NAME for NAME_\(name).")
    }
    var features: [(name: String, expression: Expression)] = []
    if let entries = try node.node("features") {
      for (name, value) in entries.ownEntries() {
        guard !["pt", "eta", "phi", "mass"].contains(name) else {
          throw entries.fail(
            name, found: "a feature", expected: "a name other than pt, eta, phi and mass",
            remedy: "Put components of the momentum under columns.")
        }
        features.append((name, try value.asExpression()))
      }
    }
    return Collection(
      kind: kind, pt: try required("pt"), eta: isMissingMomentum ? nil : try required("eta"),
      phi: try required("phi"), mass: isMissingMomentum ? nil : try required("mass"),
      features: features, cuts: try node.expression("cuts"),
      maximum: try node.optionalInt("maximum", in: 1...1000))
  }

  /// The kinds in the order of their first collection, each with the features of all of them.
  private static func kinds(of collections: [Collection]) -> [ObjectKind] {
    var kinds: [(name: String, features: [String], hasEta: Bool)] = []
    for collection in collections {
      let names = collection.features.map(\.name)
      if let index = kinds.firstIndex(where: { $0.name == collection.kind }) {
        kinds[index].features += names.filter { !kinds[index].features.contains($0) }
      } else {
        kinds.append((collection.kind, names, collection.eta != nil))
      }
    }
    return kinds.map {
      ObjectKind(name: $0.name, features: $0.features, hasEta: $0.hasEta, hasMass: $0.hasEta)
    }
  }
}

extension ConfigurationNode {
  /// Returns the expression of a key, or `nil` where it is absent.
  func expression(_ key: String) throws -> Expression? {
    guard let text = try optionalString(key) else { return nil }
    do {
      return try Expression(text)
    } catch {
      throw fail(key, found: "\"\(text)\"", expected: "an expression; \(error)")
    }
  }

  /// Returns this value as an expression.
  func asExpression() throws -> Expression {
    let text = try asString()
    do {
      return try Expression(text)
    } catch {
      throw fail(found: "\"\(text)\"", expected: "an expression; \(error)")
    }
  }
}

extension Expression {
  /// The parts of a chain of `&&`, each a cut of its own in the cut flow.
  var conjuncts: [Expression] {
    func split(_ node: ExpressionNode) -> [ExpressionNode] {
      if case .binary("&&", let left, let right, _) = node { return split(left) + split(right) }
      return [node]
    }
    return split(node).map { Expression(node: $0, text: text) }
  }

  /// The expression written out, for cut flows.
  var written: String { Self.write(node) }

  private static func write(_ node: ExpressionNode) -> String {
    switch node {
    case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    case .column(let name, _): name
    case .unary(let symbol, let operand): symbol + parenthesized(operand)
    case .binary(let symbol, let left, let right, _):
      "\(parenthesized(left)) \(symbol) \(parenthesized(right))"
    case .call(let name, let arguments, _):
      "\(name)(\(arguments.map(write).joined(separator: ", ")))"
    }
  }

  private static func parenthesized(_ node: ExpressionNode) -> String {
    if case .binary = node { return "(\(write(node)))" }
    return write(node)
  }
}
