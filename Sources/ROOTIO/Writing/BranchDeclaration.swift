// SPDX-License-Identifier: Apache-2.0

/// A branch of a tree that is to be written.
///
///     BranchDeclaration("event", .uint64)                                   // event/l
///     BranchDeclaration("embedding", .float32, shape: .fixed(64))           // embedding[64]/F
///     BranchDeclaration("nMuon", .int32)                                    // nMuon/I
///     BranchDeclaration("Muon_pt", .float32, shape: .jagged(counter: "nMuon"))  // Muon_pt[nMuon]/F
public struct BranchDeclaration: Sendable, Equatable {
  /// How many values an entry has.
  public enum Shape: Sendable, Equatable {
    /// One.
    case flat
    /// As many in every entry, at least one.
    case fixed(Int)
    /// As many as the branch `counter` says, which comes before this one, is flat and holds `int32`
    /// or `uint32`.
    case jagged(counter: String)
  }

  /// The name.
  ///
  /// Letters, digits and underscores work everywhere in ROOT; not allowed are the empty name, `/`,
  /// `[` and `]`.
  public let name: String
  /// The type of the values: Boolean or number.
  public let elementType: ElementType
  /// How many values an entry has.
  public let shape: Shape
  /// How its baskets are compressed; `nil` for the compression of the file.
  public let compression: ROOTCompression?

  /// Declares a branch.
  ///
  /// - Precondition: The name is allowed, `elementType` is a Boolean or a number, and a fixed number
  ///   of values is at least 1.
  public init(
    _ name: String, _ elementType: ElementType, shape: Shape = .flat,
    compression: ROOTCompression? = nil
  ) {
    precondition(
      !name.isEmpty && !name.contains { "/[]".contains($0) },
      "A branch cannot have the name \"\(name)\".")
    precondition(
      elementType.width > 0,
      "The branch \(name) would hold \(elementType), not Booleans or numbers.")
    if case .fixed(let count) = shape {
      precondition(
        count >= 1 && count * elementType.width < 1 << 30,
        "The branch \(name) would have \(count) values in every entry.")
    }
    compression?.check()
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.compression = compression
  }

  /// The name with its dimensions, the title of the leaf: `Muon_pt[nMuon]`.
  var leafTitle: String {
    switch shape {
    case .flat: name
    case .fixed(let count): "\(name)[\(count)]"
    case .jagged(let counter): "\(name)[\(counter)]"
    }
  }

  /// The letter of the type in a leaf list.
  ///
  /// Source: class reference of ROOT's `TTree`, "Add a column/branch holding fundamental types".
  var typeLetter: String {
    switch elementType {
    case .bool: "O"
    case .int8: "B"
    case .uint8: "b"
    case .int16: "S"
    case .uint16: "s"
    case .int32: "I"
    case .uint32: "i"
    case .int64: "L"
    case .uint64: "l"
    case .float32: "F"
    case .float64: "D"
    case .string, .other: ""
    }
  }

  /// The class of the leaf.
  var leafClass: String { "TLeaf" + typeLetter.uppercased() }

  var isUnsigned: Bool {
    switch elementType {
    case .uint8, .uint16, .uint32, .uint64: true
    default: false
    }
  }
}
