// SPDX-License-Identifier: Apache-2.0

import ROOTIO

/// A table of columns from which events are prepared.
package protocol ColumnSource {
  /// What to call it in errors.
  var name: String { get }
  /// The number of entries.
  var entryCount: Int { get }
  /// The names of all columns.
  var columnNames: [String] { get }

  /// Returns whether there is a column of this name, and why it cannot be read where it cannot.
  func status(of column: String) -> ColumnStatus
  /// Returns columns for a range of entries.
  func read(_ columns: [String], entries: Range<Int>) throws -> [Column]
}

/// Whether a column can be read as numbers.
package enum ColumnStatus: Equatable {
  case readable
  case missing
  /// It is there, but its values are not numbers, for this reason.
  case unreadable(String)
}

/// The columns of a tree in a ROOT file.
struct ROOTColumnSource: ColumnSource {
  let name: String
  private let tree: Tree

  /// Opens a file's tree, or its only one.
  init(path: String, tree: String?) throws {
    name = path
    let file = try ROOTFile(path: path)
    self.tree = try tree.map { try file.tree($0) } ?? file.onlyTree()
  }

  var treeName: String { tree.name }
  var entryCount: Int { tree.entryCount }
  var columnNames: [String] { tree.branches.map(\.name) }

  func status(of column: String) -> ColumnStatus {
    guard let branch = try? tree.branch(column) else { return .missing }
    if !branch.isReadable { return .unreadable(branch.reason ?? "its type is not known") }
    if branch.elementType == .string { return .unreadable("it holds text") }
    if case .nested = branch.shape {
      return .unreadable("it holds lists within lists (\(branch.typeName))")
    }
    return .readable
  }

  func read(_ columns: [String], entries: Range<Int>) throws -> [Column] {
    try tree.read(columns, entries: entries)
  }

  /// Begins to read columns from the first entry to the last.
  func scan(_ columns: [String]) -> TreeScan { TreeScan(tree, columns: columns) }
}
