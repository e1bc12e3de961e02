// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The collections of a file from which a proposal chooses those that make its objects.
struct Candidates {
  /// A collection that makes objects.
  struct Candidate {
    let kind: String
    let collection: NamedCollection
    let features: [(name: String, column: String)]
    let pt: [Double]
    let eta: [Double]
    let meanCount: Double

    /// The columns that are read.
    var used: [String] { collection.columns.values.sorted() + features.map(\.column) }
  }

  /// Those that make objects, in the order of the file.
  private(set) var chosen: [Candidate] = []
  /// Those that do not, and why.
  private(set) var leftOut: [(name: String, reason: String)] = []

  /// Chooses for each kind the collection whose name is most usual.
  ///
  /// - Throws: `ROOTFileError` for values that cannot be read.
  init(_ collections: [NamedCollection], columns: [String], sample: ValueSample) throws {
    let collections = try Self.settled(collections, columns: columns, sample)
    let known = collections.filter { $0.kind != nil }
    try sample.read(known.flatMap { Array($0.columns.values) })
    var kinds: [String] = []
    for collection in known {
      if let name = collection.kind?.name, !kinds.contains(name) { kinds.append(name) }
    }
    // What momentum is missing comes last, as in all of our configurations.
    kinds = kinds.filter { $0 != missingMomentumKind } + kinds.filter { $0 == missingMomentumKind }
    for kind in kinds {
      var usable: [NamedCollection] = []
      for collection in known where collection.kind?.name == kind {
        if let reason = Self.fault(of: collection, sample) {
          leftOut.append((collection.stem, reason))
        } else {
          usable.append(collection)
        }
      }
      let taken = Self.best(of: usable, sample)
      for collection in usable where !taken.contains(where: { $0.stem == collection.stem }) {
        leftOut.append((collection.stem, "\(taken[0].stem) makes the \(kind)"))
      }
      let found = try taken.map { try Self.features(of: $0, kind: kind, columns: columns, sample) }
      // Elements of one kind have the same features.
      let common = (found.first ?? []).map(\.name).filter { name in
        found.allSatisfy { $0.contains { $0.name == name } }
      }
      for (collection, features) in zip(taken, found) {
        chosen.append(
          Self.candidate(
            collection, kind: kind, features: features.filter { common.contains($0.name) }, sample))
      }
    }
    // Counts are called like what they count.
    let stems = Set(collections.map(\.stem))
    leftOut += collections.filter {
      $0.kind == nil && !($0.stem.hasPrefix("n") && stems.contains(String($0.stem.dropFirst())))
    }.map { ($0.stem, "its kind is not known") }
  }

  /// Leaves leptons out where electrons or muons are there, whom they would count a second time.
  mutating func removeLeptonsCountedTwice() {
    guard chosen.contains(where: { ["electron", "muon"].contains($0.kind) }) else { return }
    for candidate in chosen where candidate.kind == "lepton" {
      leftOut.append((candidate.collection.stem, "electrons and muons are there"))
    }
    chosen.removeAll { $0.kind == "lepton" }
  }

  /// The median of pt over all objects but missing momentum.
  var medianPt: Double {
    let values = chosen.filter { $0.kind != missingMomentumKind }.flatMap(\.pt)
      .filter { $0 > 0 }.sorted()
    return values.isEmpty ? 0 : values[values.count / 2]
  }

  /// Finds what kinds those objects are that are called by a number alone: taus have decay modes,
  /// electrons and muons their masses.
  private static func settled(
    _ collections: [NamedCollection], columns: [String], _ sample: ValueSample
  ) throws -> [NamedCollection] {
    try sample.read(collections.filter(\.isAnonymous).compactMap { $0.columns[.mass] })
    let modes = NamedFeatures.of("tau").filter { $0.name == "decayMode" }.flatMap(\.columns)
    return collections.map { collection in
      guard collection.isAnonymous else { return collection }
      var collection = collection
      let masses = (collection.columns[.mass].flatMap { sample.values($0)?.numbers } ?? [])
        .filter { $0 > 0 }.sorted()
      let mass = masses.isEmpty ? .nan : masses[masses.count / 2]
      if columns.contains(where: { modes.contains(collection.feature(of: $0) ?? "") }) {
        collection.settle(kind: "tau")
      } else if let kind = ["electron", "muon"].first(where: { kind in
        Double(NamedFeatures.mass(of: kind)).map { abs(mass / $0 - 1) < 0.02 } ?? false
      }) {
        collection.settle(kind: kind)
      }
      return collection
    }
  }

  /// Returns why a collection cannot make objects; `nil` where it can.
  private static func fault(of collection: NamedCollection, _ sample: ValueSample) -> String? {
    let values = collection.columns.values.sorted().map { sample.values($0) }
    guard let first = values.first ?? nil else { return "its columns cannot be read" }
    guard values.allSatisfy({ $0?.offsets == first.offsets }) else {
      return "its columns differ in their numbers of elements"
    }
    if values.contains(where: { $0?.numbers.contains(where: \.isInfinite) ?? false }) {
      return "it has infinite values"
    }
    if let phi = collection.columns[.phi], let angles = sample.values(phi)?.numbers,
      angles.contains(where: { $0 > 6.3 })
    {
      return "its phi is not in radians"
    }
    return nil
  }

  /// Returns the lists of the most usual name, or else the single objects of one, `lep1`, `lep2`.
  private static func best(
    of collections: [NamedCollection], _ sample: ValueSample
  ) -> [NamedCollection] {
    func isList(_ collection: NamedCollection) -> Bool {
      collection.columns.values.first.map { !sample.isFlat($0) } ?? false
    }
    let lists = collections.filter(isList)
    let rank = { (collection: NamedCollection) in collection.kind?.rank ?? .max }
    if let list = lists.min(by: { rank($0) < rank($1) }) { return [list] }
    guard let lowest = collections.map(rank).min() else { return [] }
    let singles = collections.filter { rank($0) == lowest }
    let numbered = singles.filter { $0.number != nil }.sorted {
      ($0.number ?? 0) < ($1.number ?? 0)
    }
    return numbered.isEmpty ? [singles[0]] : numbered
  }

  private static func features(
    of collection: NamedCollection, kind: String, columns: [String], _ sample: ValueSample
  ) throws -> [(name: String, column: String)] {
    let known = Set(NamedFeatures.of(kind).flatMap(\.columns))
    let own = columns.compactMap { column in
      collection.feature(of: column).map { (feature: $0, column: column) }
    }.filter { known.contains($0.feature) }
    try sample.read(own.map(\.column))
    let offsets = collection.columns.values.first.flatMap { sample.values($0)?.offsets }
    return NamedFeatures.of(kind).compactMap { feature in
      let columns = feature.columns.compactMap { wanted in
        own.first { $0.feature == wanted }?.column
      }
      let usable = columns.first { column in
        guard let values = sample.values(column), values.offsets == offsets else { return false }
        return !values.numbers.contains(where: \.isInfinite)
          && Set(values.numbers.prefix(1000)).count > 1
      }
      return usable.map { (feature.name, $0) }
    }
  }

  private static func candidate(
    _ collection: NamedCollection, kind: String, features: [(name: String, column: String)],
    _ sample: ValueSample
  ) -> Candidate {
    func numbers(_ quantity: NamedQuantity) -> [Double]? {
      collection.columns[quantity].flatMap { sample.values($0)?.numbers }
    }
    let across = zip(numbers(.px) ?? [], numbers(.py) ?? []).map { hypot($0, $1) }
    let pt = numbers(.pt) ?? across
    let eta = numbers(.eta) ?? zip(numbers(.pz) ?? [], pt).map { $1 > 0 ? asinh($0 / $1) : 0 }
    let present = pt.indices.filter { pt[$0] >= 0 }
    return Candidate(
      kind: kind, collection: collection, features: features, pt: pt,
      eta: eta.isEmpty || kind == missingMomentumKind ? [] : present.map { eta[$0] },
      meanCount: Double(present.count) / Double(max(sample.entryCount, 1)))
  }
}

extension Candidates.Candidate {
  /// Makes what a configuration says of these objects.
  ///
  /// - Parameter isInMeV: Whether momenta are in MeV instead of GeV.
  /// - Returns: The expressions, in GeV.
  func object(isInMeV: Bool) -> EventsProposal.Object {
    let names = collection.columns.mapValues(Self.quoted)
    let unit = isInMeV ? " / 1000" : ""
    func scaled(_ text: String) -> String { text + unit }
    var columns: [(name: String, expression: String)] = []
    let across = names[.px].flatMap { px in names[.py].map { "sqrt(\(px) * \(px) + \($0) * \($0))" }
    }
    let pt = names[.pt] ?? across ?? ""
    columns.append(("pt", scaled(pt)))
    if kind != missingMomentumKind {
      columns.append(("eta", names[.eta] ?? "asinh(\(names[.pz] ?? "") / \(pt))"))
    }
    columns.append(("phi", names[.phi] ?? "atan2(\(names[.py] ?? ""), \(names[.px] ?? ""))"))
    if kind != missingMomentumKind { columns.append(("mass", mass(names, pt: pt, unit: unit))) }
    let prefix = collection.stem + "_"
    let isPlain =
      !isInMeV && kind != missingMomentumKind
      && columns.allSatisfy { $0.expression == prefix + $0.name }
    return EventsProposal.Object(
      kind: kind, columns: columns,
      features: features.map { ($0.name, Self.quoted($0.column)) }, meanCount: meanCount,
      largestEta: eta.map(abs).filter { $0 < 20 }.max().map { ($0 * 10).rounded(.up) / 10 },
      prefix: isPlain ? collection.stem : nil)
  }

  private func mass(_ names: [NamedQuantity: String], pt: String, unit: String) -> String {
    if let mass = names[.mass] { return mass + unit }
    // The rounding of an energy hides so small a mass.
    if ["electron", "muon", "photon"].contains(kind) { return NamedFeatures.mass(of: kind) }
    guard let energy = names[.energy] else { return NamedFeatures.mass(of: kind) }
    let squared: String
    if let px = names[.px], let py = names[.py], let pz = names[.pz] {
      squared = "\(px) * \(px) - \(py) * \(py) - \(pz) * \(pz)"
    } else if let eta = names[.eta] {
      squared = "pow(\(pt) * cosh(\(eta)), 2)"
    } else {
      return NamedFeatures.mass(of: kind)
    }
    return "sqrt(max(\(energy) * \(energy) - \(squared), 0))" + unit
  }

  /// Returns a column's name as an expression has it.
  private static func quoted(_ name: String) -> String {
    let isPlain =
      name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
      && name.first?.isNumber == false
    return isPlain ? name : "`\(name)`"
  }
}
