// SPDX-License-Identifier: Apache-2.0

/// A quantity that the name of a column ends, or begins, with.
enum NamedQuantity: CaseIterable {
  case pt, eta, phi, mass, energy, px, py, pz

  /// The usual names, in lower case.
  private var names: [String] {
    switch self {
    case .pt: ["pt"]
    case .eta: ["eta"]
    case .phi: ["phi"]
    case .mass: ["mass", "m"]
    case .energy: ["energy", "e", "en"]
    case .px: ["px"]
    case .py: ["py"]
    case .pz: ["pz"]
    }
  }

  /// Finds the quantity of a name in any case; that of missing momentum has names of its own.
  init?(_ name: some StringProtocol, ofMissingMomentum isMissing: Bool) {
    let name = name.lowercased()
    if isMissing, ["met", "et", "etmiss"].contains(name) {
      self = .pt
      return
    }
    guard let quantity = Self.allCases.first(where: { $0.names.contains(name) }) else {
      return nil
    }
    self = quantity
  }

  /// The ends of names such as `muonPt`.
  static let capitalized = ["Pt", "Eta", "Phi", "Mass", "Energy", "Px", "Py", "Pz", "M", "E"]
}

/// The name of what is not an object but what momentum the objects lack.
let missingMomentumKind = "missingMomentum"

/// Columns whose names say that they are momenta of one kind of object: `Muon_pt`, `Jet.PT`,
/// `muonPt`, `jet_px`, `pt_met`, `jpt_1`; or of one object of a kind that they do not tell, `pt_1`.
struct NamedCollection {
  /// What the names share: `Muon`, `lep1`.
  let stem: String
  /// The kind of object that goes by that name, with the place of the name among those of the kind;
  /// `nil` where it is not known.
  private(set) var kind: (name: String, rank: Int)?
  /// The number at the end of the stem of a single object, as in `lep1`; of `leadPho` it is 1, of
  /// `subleadPho` 2.
  let number: Int?
  /// The columns of the momentum.
  private(set) var columns: [NamedQuantity: String] = [:]
  /// What stands before and behind the quantity in a column's name.
  private let prefix: String
  private let suffix: String

  /// Whether there are columns for a whole momentum, or for one across the beam.
  var isComplete: Bool {
    let has = { columns[$0] != nil }
    let isTransverse = has(.pt) && has(.phi) || has(.px) && has(.py)
    return isTransverse && (has(.eta) || has(.pz) || kind?.name == missingMomentumKind)
  }

  /// Returns what a column's name says beside that it is one of these objects, in lower case and
  /// without separators; `nil` for the columns of others.
  func feature(of column: String) -> String? {
    guard column.hasPrefix(prefix), column.hasSuffix(suffix),
      column.count > prefix.count + suffix.count
    else { return nil }
    return column.dropFirst(prefix.count).dropLast(suffix.count).lowercased()
      .filter { $0 != "_" }
  }

  /// Whether it is called by a number alone, `pt_1`: of which kind it is its values may tell.
  var isAnonymous: Bool { kind == nil && !stem.isEmpty && stem.allSatisfy(\.isNumber) }

  /// Says what kind of object an anonymous one is.
  mutating func settle(kind name: String) {
    precondition(isAnonymous, "The kind of \(stem) is said by its name.")
    kind = (name, 0)
  }

  /// Finds the collections among the columns of a tree, in the order of their first columns.
  static func all(in columns: [String]) -> [NamedCollection] {
    var found: [NamedCollection] = []
    var places: [String: Int] = [:]
    for column in columns {
      guard let (collection, quantity) = read(column) else { continue }
      let key = "\(collection.prefix) \(collection.suffix)"
      let place = places[key] ?? found.count
      if place == found.count {
        places[key] = place
        found.append(collection)
      }
      if found[place].columns[quantity] == nil { found[place].columns[quantity] = column }
    }
    return found.filter(\.isComplete)
  }

  private init(stem: some StringProtocol, prefix: some StringProtocol, suffix: String) {
    self.stem = String(stem)
    self.prefix = String(prefix)
    self.suffix = suffix
    let name = stem.lowercased().filter { $0.isLetter || $0.isNumber }
    let unnumbered = name.trimmingSuffix(while: \.isNumber)
    if let known = Self.kind(of: name) {
      (kind, number) = (known, nil)
    } else if let known = Self.kind(of: String(unnumbered)) {
      (kind, number) = (known, Int(name.dropFirst(unnumbered.count)))
    } else if let (rank, known) = Self.ranked(name) {
      (kind, number) = (known, rank)
    } else {
      (kind, number) = (nil, Int(name))
    }
  }

  /// Divides `leadPho` and `subleadPho` into a place by pt and a kind.
  private static func ranked(_ name: String) -> (place: Int, kind: (name: String, rank: Int))? {
    for (prefix, place) in [
      ("leading", 1), ("lead", 1), ("subleading", 2), ("sublead", 2), ("trailing", 2),
    ] where name.hasPrefix(prefix) {
      if let kind = kind(of: String(name.dropFirst(prefix.count))) { return (place, kind) }
    }
    return nil
  }

  /// Divides a name into that of the objects and a quantity.
  private static func read(_ column: String) -> (NamedCollection, NamedQuantity)? {
    func made(
      _ stem: some StringProtocol, _ quantity: some StringProtocol, prefix: some StringProtocol,
      suffix: String = ""
    ) -> (NamedCollection, NamedQuantity)? {
      let collection = NamedCollection(stem: stem, prefix: prefix, suffix: suffix)
      let isMissing = collection.kind?.name == missingMomentumKind
      return NamedQuantity(quantity, ofMissingMomentum: isMissing).map { (collection, $0) }
    }
    if let separator = column.lastIndex(where: { $0 == "_" || $0 == "." }) {
      let rest = column.index(after: separator)
      if let result = made(column[..<separator], column[rest...], prefix: column[...separator]) {
        return result
      }
    }
    for end in NamedQuantity.capitalized where column.hasSuffix(end) {
      let stem = column.dropLast(end.count)
      if let last = stem.last, last.isLowercase || last.isNumber {
        return made(stem, end, prefix: stem)
      }
    }
    if let separator = column.firstIndex(of: "_") {
      let stem = column[column.index(after: separator)...]
      let quantity = column[..<separator]
      let suffix = "_\(stem)"
      // The other way round names say too little to trust those that nobody knows.
      if let result = made(stem, quantity, prefix: "", suffix: suffix),
        result.0.kind != nil || result.0.isAnonymous
      {
        return result
      }
      if quantity.first == "j", !stem.isEmpty, stem.allSatisfy(\.isNumber) {
        return made("jet\(stem)", quantity.dropFirst(), prefix: "j", suffix: suffix)
      }
    }
    return nil
  }

  private static func kind(of name: String) -> (name: String, rank: Int)? {
    var name = Substring(name)
    for prefix in ["selected", "good", "clean", "reco", "rec", "slimmed", "pat"]
    where name.hasPrefix(prefix) { name = name.dropFirst(prefix.count) }
    for (kind, names) in kinds {
      if let rank = names.firstIndex(where: { $0 == name || "\($0)s" == name }) {
        return (kind, rank)
      }
    }
    return nil
  }

  /// The kinds of objects, and what files call them, the usual name first.
  private static let kinds: [(name: String, stems: [String])] = [
    ("electron", ["electron", "ele", "el", "elec", "e"]),
    ("muon", ["muon", "mu"]),
    ("lepton", ["lepton", "lep", "l"]),
    ("photon", ["photon", "pho", "ph", "gamma"]),
    ("tau", ["tau", "taujet", "hadtau", "tauh"]),
    (
      "jet",
      ["jet", "ak4jet", "ak4pfjet", "jetak4", "pfjet", "ak5pfjet", "akt4jet", "antikt4jet", "j"]
    ),
    (
      missingMomentumKind,
      ["met", "pfmet", "puppimet", "missinget", "missingmomentum", "etmiss", "metpf", "mets"]
    ),
  ]
}

extension String {
  fileprivate func trimmingSuffix(while matches: (Character) -> Bool) -> Substring {
    var result = self[...]
    while let last = result.last, matches(last) { result.removeLast() }
    return result
  }
}
