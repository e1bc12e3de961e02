// SPDX-License-Identifier: Apache-2.0

extension EventVariables {
  /// Makes the variables that an analysis would begin with, of any events.
  ///
  /// Few, and of several objects where that says more, since each is a share of what pre-training
  /// asks for and a chance to be misled by few labels:
  ///
  /// - of every kind how many there are, and of its leading object pt, the features but charge, and
  ///   the transverse mass with missing momentum;
  /// - of jets the sum of pt, the smallest and largest deltaR of two, the largest mass and pt of two
  ///   and of three, the mass of two that is nearest to the W's and of three nearest to the top
  ///   quark's, the smallest |deltaPhi| to missing momentum; and of the two in which a feature is
  ///   largest, as the b-tag, the feature, and mass, deltaR and pt of the pair;
  /// - of other kinds mass and deltaR of the leading two, and the mass of two nearest to the Z's;
  /// - of leading objects of two kinds mass and deltaR, where one is jets also the smallest of all
  ///   pairs, and of pairs with charges their product, and pt and transverse mass together with
  ///   missing momentum;
  /// - of the event the scalars, missing momentum, and the scalar sum of all pt.
  ///
  /// Whatever has no name of a lepton or photon counts as jets. Masses of W, Z and top quark:
  /// 80.4, 91.2 and 172.5 GeV.
  ///
  /// - Parameter schema: What the events consist of.
  public init(automaticFor schema: EventSchema) {
    let names = AutomaticNames(schema)
    var texts: [String] = []
    for text in names.ofKinds + names.ofKindPairs + names.ofChargedPairs + names.ofEvent
    where !texts.contains(text) {
      texts.append(text)
    }
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
  private let schema: EventSchema
  /// Kinds that have directions, and those that have none, as missing momentum.
  private let kinds: [ObjectKind]
  private let missing: [String]

  init(_ schema: EventSchema) {
    self.schema = schema
    let written = schema.objectKinds.filter { Self.canBeWritten($0.name) }
    kinds = written.filter(\.hasEta)
    missing = written.filter { !$0.hasEta }.map { "\(Self.word($0.name))[0]" }
  }

  var ofKinds: [String] {
    kinds.flatMap { kind in
      let name = Self.word(kind.name)
      return ["length(\(Self.momenta(of: kind)))", "\(name)[0].pt"]
        + (Self.isJets(kind) ? ofJets(kind) : ofOthers(kind))
        + missing.map { "transverseMass(\(name)[0], \($0))" }
        + features(of: kind).map { Self.member($0, of: "\(name)[0]") }
    }
  }

  private func ofJets(_ kind: ObjectKind) -> [String] {
    let name = Self.word(kind.name)
    let (two, three) = ("\(name), \(name)", "\(name), \(name), \(name)")
    // A resonance is more often in the jets with the highest b-tag than in those of highest pt.
    let tagged = features(of: kind).flatMap { feature in
      let objects = (0..<2).map { "\(name)[\($0), \(Self.word(feature))]" }
      let pair = objects.joined(separator: ", ")
      return objects.map { Self.member(feature, of: $0) }
        + ["mass(\(pair))", "deltaR(\(pair))", "pt(\(pair))"]
    }
    return [
      "sum(\(Self.momenta(of: kind)))", "min(deltaR(\(two)))", "max(deltaR(\(two)))",
      "max(mass(\(two)))", "max(pt(\(two)))", "nearest(mass(\(two)), 80.4)",
      "max(mass(\(three)))", "max(pt(\(three)))", "nearest(mass(\(three)), 172.5)",
    ] + missing.map { "min(abs(deltaPhi(\(name), \($0))))" } + tagged
  }

  private func ofOthers(_ kind: ObjectKind) -> [String] {
    let name = Self.word(kind.name)
    return [
      "mass(\(name)[0], \(name)[1])", "deltaR(\(name)[0], \(name)[1])",
      "nearest(mass(\(name), \(name)), 91.2)",
    ]
  }

  var ofKindPairs: [String] {
    kindPairs.flatMap { first, second -> [String] in
      let (one, other) = (Self.word(first.name), Self.word(second.name))
      let leading = "\(one)[0], \(other)[0]"
      let texts = ["mass(\(leading))", "deltaR(\(leading))"]
      guard Self.isJets(first) != Self.isJets(second) else { return texts }
      return texts + ["min(mass(\(one), \(other)))", "min(deltaR(\(one), \(other)))"]
    }
  }

  var ofChargedPairs: [String] {
    let charged = kinds.compactMap { kind in Self.charge(of: kind).map { (kind, $0) } }
    func leading(_ place: Int, _ rank: Int) -> (name: String, charge: String) {
      let name = "\(Self.word(charged[place].0.name))[\(rank)]"
      return (name, Self.member(charged[place].1, of: name))
    }
    let places = charged.indices
    let pairs =
      places.flatMap { second in places[..<second].map { (leading($0, 0), leading(second, 0)) } }
      + places.map { (leading($0, 0), leading($0, 1)) }
    return pairs.flatMap { first, second in
      ["\(first.charge) * \(second.charge)"]
        + missing.flatMap { missing in
          let all = "\(first.name), \(second.name), \(missing)"
          return ["pt(\(all))", "transverseMass(\(all))"]
        }
    }
  }

  var ofEvent: [String] {
    let missing = missing.map { "\($0).pt" }
    let sums = kinds.map { "sum(\(Self.momenta(of: $0)))" } + missing
    return schema.scalars.filter(Self.canBeWritten).map(Self.word) + missing
      + (sums.isEmpty ? [] : [sums.joined(separator: " + ")])
  }

  private var kindPairs: [(ObjectKind, ObjectKind)] {
    kinds.indices.flatMap { second in kinds[..<second].map { ($0, kinds[second]) } }
  }

  private func features(of kind: ObjectKind) -> [String] {
    let charge = Self.charge(of: kind)
    return kind.features.filter { $0 != charge && Self.canBeWritten($0) }
  }

  /// Whether objects are jets, or may be: those of which an event can have many.
  private static func isJets(_ kind: ObjectKind) -> Bool {
    let name = kind.name.lowercased()
    return name.contains("jet")
      || !["electron", "muon", "tau", "lepton", "photon"].contains { name.contains($0) }
  }

  /// The list of pt of all objects of a kind.
  private static func momenta(of kind: ObjectKind) -> String { word(kind.name + ".pt") }

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
