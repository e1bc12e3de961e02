// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ROOTIO

/// Trees with values that follow from the entry, which `scripts/root-written.py` knows too.
enum WrittenTrees {
  static let branches =
    elements.map { BranchDeclaration("\($0)_flat", $0) }
    + elements.map { BranchDeclaration("\($0)_fixed", $0, shape: .fixed(3)) } + [
      BranchDeclaration("nMuon", .int32), BranchDeclaration("nJet", .uint32),
    ] + elements.map { BranchDeclaration("Muon_\($0)", $0, shape: .jagged(counter: "nMuon")) } + [
      BranchDeclaration(
        "Jet_float", .float32, shape: .jagged(counter: "nJet"), compression: ROOTCompression.none)
    ]

  static let elements = ElementType.allCases.filter { $0 != .string && $0 != .other }

  /// Returns the columns of some entries.
  static func columns(_ entries: Range<Int>) -> [Column] {
    let muons = entries.map { $0 % 4 }
    // Most entries have none, a few have many.
    let jets = entries.map { $0 % 50 == 7 ? 40 : 0 }
    var columns: [Column] = []
    for element in elements {
      columns.append(
        Column(name: "\(element)_flat", values: values(element, entries.map { $0 })))
    }
    for element in elements {
      let numbers = entries.flatMap { entry in (0..<3).map { entry + $0 } }
      columns.append(Column(name: "\(element)_fixed", values: values(element, numbers)))
    }
    columns.append(Column(name: "nMuon", values: .int32(muons.map { Int32($0) })))
    columns.append(Column(name: "nJet", values: .uint32(jets.map { UInt32($0) })))
    for element in elements {
      columns.append(jagged("Muon_\(element)", element, entries, muons))
    }
    columns.append(jagged("Jet_float", .float32, entries, jets))
    return columns
  }

  private static func jagged(
    _ name: String, _ element: ElementType, _ entries: Range<Int>, _ counts: [Int]
  ) -> Column {
    let numbers = zip(entries, counts).flatMap { entry, count in (0..<count).map { entry + $0 } }
    let offsets = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    return Column(name: name, values: values(element, numbers), offsets: offsets)
  }

  /// The values that follow from some numbers.
  private static func values(_ element: ElementType, _ numbers: [Int]) -> ColumnValues {
    // Odd, so that all bits of all integers change.
    let words = numbers.map { $0 &* 0x1E37_79B9_7F4A_7C15 }
    return switch element {
    case .bool: .bool(numbers.map { $0 % 3 == 0 })
    case .int8: .int8(words.map { Int8(truncatingIfNeeded: $0) })
    case .uint8: .uint8(words.map { UInt8(truncatingIfNeeded: $0) })
    case .int16: .int16(words.map { Int16(truncatingIfNeeded: $0) })
    case .uint16: .uint16(words.map { UInt16(truncatingIfNeeded: $0) })
    case .int32: .int32(words.map { Int32(truncatingIfNeeded: $0) })
    case .uint32: .uint32(words.map { UInt32(truncatingIfNeeded: $0) })
    case .int64: .int64(words.map { Int64($0) })
    case .uint64: .uint64(words.map { UInt64(bitPattern: Int64($0)) })
    case .float32: .float32(numbers.map { $0 % 11 == 10 ? .nan : Float($0) / 8 })
    case .float64: .float64(numbers.map { Double($0) / 3 })
    case .string, .other: preconditionFailure("Nothing is written as \(element).")
    }
  }

  /// How one file is written.
  struct Example: Sendable, CustomTestStringConvertible {
    var name: String
    var entryCount = 3000
    var compression = ROOTCompression.zlib(level: 1)
    var layout = TreeWriter.Layout(basketSize: 2000, clusterSize: 100_000)
    /// The entries of a call.
    var chunk = 700

    var testDescription: String { name }

    /// Writes the file.
    func write(to path: String) throws {
      let writer = try TreeWriter(
        path: path, name: "Scores", title: "all types", branches: branches,
        compression: compression, layout: layout)
      for start in stride(from: 0, to: entryCount, by: chunk) {
        try writer.write(columns(start..<min(start + chunk, entryCount)))
      }
      try writer.finish()
    }
  }

  static let examples: [Example] = [
    Example(name: "zlib"), Example(name: "zlib-9", compression: .zlib(level: 9)),
    Example(name: "lz4", compression: .lz4),
    Example(name: "zstandard", compression: .zstandard(level: 5)),
    Example(name: "uncompressed", compression: .none),
    Example(name: "one-basket", layout: .init()),
    Example(name: "entry-by-entry", entryCount: 60, chunk: 1),
    Example(name: "basket-for-each-entry", entryCount: 40, layout: .init(basketSize: 1)),
    Example(name: "one-entry", entryCount: 1), Example(name: "empty", entryCount: 0),
    // Positions of eight bytes in all records, and from somewhere amid the baskets on.
    Example(
      name: "big",
      layout: .init(basketSize: 2000, clusterSize: 100_000, bigFileStart: 100)),
    Example(
      name: "becomes-big",
      layout: .init(basketSize: 2000, clusterSize: 100_000, bigFileStart: 100_000)),
  ]
}
