// SPDX-License-Identifier: Apache-2.0

extension EventVariables {
  /// Makes the variables that an analysis would begin with, of any events.
  ///
  /// Of the leading objects of every kind, by pt: pt, |eta|, mass and the features; of every pair of
  /// them the mass and deltaR, or the transverse mass and |deltaPhi| where one is missing momentum.
  /// Of the two objects of a kind in which a feature is largest, as the b-tag of jets: the feature,
  /// and mass, deltaR and pt of the pair. Of pairs with charges: their product, and pt and transverse
  /// mass together with missing momentum. Of the event: the scalars, the scalar sum of all pt, and
  /// how many objects of each kind there are.
  ///
  /// - Parameters:
  ///   - schema: What the events consist of.
  ///   - leadingObjects: The number of leading objects of each kind.
  public init(automaticFor schema: EventSchema, leadingObjects: Int = 2) {
    precondition(leadingObjects > 0, "Variables need objects, not \(leadingObjects) of each kind.")
    let names = AutomaticNames(schema, leadingObjects: leadingObjects)
    let texts =
      names.ofObjects + names.ofPairs + names.ofFeaturePairs + names.ofChargedPairs + names.ofEvent
    self.init(
      names: texts,
      expressions: texts.map { text in
        do throws(ExpressionError) {
          return try EventExpression(text, schema: schema)
        } catch {
          preconditionFailure("An automatic variable is no expression: \(error).")
        }
      })
  }
}

/// The expressions of automatic variables, group by group.
private struct AutomaticNames {
  /// A leading object.
  private struct Leading {
    let name: String
    let kind: ObjectKind
  }

  private let schema: EventSchema
  private let kinds: [ObjectKind]
  private let leading: [Leading]

  init(_ schema: EventSchema, leadingObjects: Int) {
    self.schema = schema
    kinds = schema.objectKinds.filter { Self.canBeWritten($0.name) }
    leading = kinds.flatMap { kind in
      (0..<(kind.hasEta ? leadingObjects : 1)).map {
        Leading(name: "\(Self.word(kind.name))[\($0)]", kind: kind)
      }
    }
  }

  var ofObjects: [String] {
    leading.flatMap { object in
      var texts = ["\(object.name).pt"]
      if object.kind.hasEta { texts.append("abs(\(object.name).eta)") }
      if object.kind.hasMass { texts.append("\(object.name).mass") }
      return texts
        + object.kind.features.filter(Self.canBeWritten).map { Self.member($0, of: object.name) }
    }
  }

  var ofPairs: [String] {
    pairs.flatMap { first, second in
      let pair = "\(first.name), \(second.name)"
      return first.kind.hasEta && second.kind.hasEta
        ? ["mass(\(pair))", "deltaR(\(pair))"]
        : ["transverseMass(\(pair))", "abs(deltaPhi(\(pair)))"]
    }
  }

  /// A resonance is more often in the jets with the highest b-tag than in those of highest pt.
  var ofFeaturePairs: [String] {
    kinds.filter(\.hasEta).flatMap { kind in
      kind.features.filter(Self.canBeWritten).flatMap { feature in
        let objects = (0..<2).map { "\(Self.word(kind.name))[\($0), \(Self.word(feature))]" }
        let pair = objects.joined(separator: ", ")
        return objects.map { Self.member(feature, of: $0) }
          + ["mass(\(pair))", "deltaR(\(pair))", "pt(\(pair))"]
      }
    }
  }

  var ofChargedPairs: [String] {
    let missing = leading.filter { !$0.kind.hasEta }.map(\.name)
    return pairs.flatMap { first, second -> [String] in
      guard let charge = Self.charge(of: first.kind), let other = Self.charge(of: second.kind)
      else { return [] }
      let product =
        "\(Self.member(charge, of: first.name)) * \(Self.member(other, of: second.name))"
      return [product]
        + missing.flatMap { missing in
          let all = "\(first.name), \(second.name), \(missing)"
          return ["pt(\(all))", "transverseMass(\(all))"]
        }
    }
  }

  var ofEvent: [String] {
    let lists = kinds.filter(\.hasEta).map { Self.word($0.name + ".pt") }
    return schema.scalars.filter(Self.canBeWritten).map(Self.word)
      + (lists.isEmpty ? [] : [lists.map { "sum(\($0))" }.joined(separator: " + ")])
      + lists.map { "length(\($0))" }
  }

  private var pairs: [(Leading, Leading)] {
    leading.enumerated().flatMap { index, second in leading[..<index].map { ($0, second) } }
  }

  private static func charge(of kind: ObjectKind) -> String? {
    kind.features.first { ["charge", "q"].contains($0.lowercased()) }
  }

  /// Whether an expression can say a name: backquotes end it.
  private static func canBeWritten(_ name: String) -> Bool {
    !name.isEmpty && !name.contains("`")
  }

  private static func member(_ feature: String, of object: String) -> String {
    isPlain(feature) ? "\(object).\(feature)" : "\(object)`.\(feature)`"
  }

  /// Returns a name as it is written in an expression.
  private static func word(_ name: String) -> String { isPlain(name) ? name : "`\(name)`" }

  private static func isPlain(_ name: String) -> Bool {
    !["and", "or", "not", "true", "false"].contains(name)
      && name.first.map { $0.isLetter || $0 == "_" } == true
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
  }
}
