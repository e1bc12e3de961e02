// SPDX-License-Identifier: Apache-2.0

extension EventVariables {
  /// Makes the variables that an analysis would begin with, of any events.
  ///
  /// Of the leading objects of every kind, by pt: pt, |eta|, mass and the features; of every pair of
  /// them the mass and deltaR, or the transverse mass and |deltaPhi| where one is missing momentum.
  /// Of the event: the scalars, the scalar sum of all pt, and how many objects of each kind there are.
  ///
  /// - Parameters:
  ///   - schema: What the events consist of.
  ///   - leadingObjects: The number of leading objects of each kind.
  public init(automaticFor schema: EventSchema, leadingObjects: Int = 2) {
    precondition(leadingObjects > 0, "Variables need objects, not \(leadingObjects) of each kind.")
    var texts: [String] = []
    var leading: [(name: String, hasEta: Bool)] = []
    let kinds = schema.objectKinds.filter { Self.canBeWritten($0.name) }
    for kind in kinds {
      let objects = (0..<(kind.hasEta ? leadingObjects : 1)).map {
        "\(Self.word(kind.name))[\($0)]"
      }
      for object in objects {
        texts.append("\(object).pt")
        if kind.hasEta { texts.append("abs(\(object).eta)") }
        if kind.hasMass { texts.append("\(object).mass") }
        texts += kind.features.filter(Self.canBeWritten).map { feature in
          Self.isPlain(feature) ? "\(object).\(feature)" : "\(object)`.\(feature)`"
        }
        leading.append((object, kind.hasEta))
      }
    }
    for (index, second) in leading.enumerated() {
      for first in leading[..<index] {
        let pair = "\(first.name), \(second.name)"
        texts +=
          first.hasEta && second.hasEta
          ? ["mass(\(pair))", "deltaR(\(pair))"]
          : ["transverseMass(\(pair))", "abs(deltaPhi(\(pair)))"]
      }
    }
    texts += schema.scalars.filter(Self.canBeWritten).map(Self.word)
    let lists = kinds.filter(\.hasEta).map { Self.word($0.name + ".pt") }
    if !lists.isEmpty { texts.append(lists.map { "sum(\($0))" }.joined(separator: " + ")) }
    texts += lists.map { "length(\($0))" }
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

  /// Whether an expression can say a name: backquotes end it.
  private static func canBeWritten(_ name: String) -> Bool {
    !name.isEmpty && !name.contains("`")
  }

  /// Returns a name as it is written in an expression.
  private static func word(_ name: String) -> String { isPlain(name) ? name : "`\(name)`" }

  private static func isPlain(_ name: String) -> Bool {
    !["and", "or", "not", "true", "false"].contains(name)
      && name.first.map { $0.isLetter || $0 == "_" } == true
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
  }
}
