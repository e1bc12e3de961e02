// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The values of columns in the first entries of a file.
final class ValueSample {
  /// A column as numbers.
  struct Values {
    let numbers: [Double]
    /// `nil` where each entry has one number.
    let offsets: [Int]?
  }

  /// The number of entries that are looked at.
  let entryCount: Int
  private let source: any ColumnSource
  private let entries: Range<Int>
  private var known: [String: Values] = [:]

  init(_ source: some ColumnSource, entries: Range<Int>) {
    self.source = source
    self.entries = entries
    entryCount = entries.count
  }

  /// Reads columns, all at once.
  func read(_ names: [String]) throws {
    let new = Set(names).filter { known[$0] == nil }.sorted()
    for (name, column) in zip(new, try source.read(new, entries: entries)) {
      known[name] = Values(numbers: column.doubles(), offsets: column.offsets)
    }
  }

  /// Returns the values of a column that was read.
  func values(_ name: String) -> Values? { known[name] }

  /// Whether a column has one number for each entry.
  func isFlat(_ name: String) -> Bool { values(name).map { $0.offsets == nil } ?? false }

  /// Returns which numbers stand for missing values in columns, with `nan` last.
  func markers(of names: [String], among markers: [Double]) -> [String] {
    let numbers = names.flatMap { values($0)?.numbers ?? [] }
    let found = markers.filter { marker in
      numbers.contains { $0 == marker || $0 == Double(Float(marker)) }
    }
    return found.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }
      + (numbers.contains(where: \.isNaN) ? ["nan"] : [])
  }
}
