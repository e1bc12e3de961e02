// SPDX-License-Identifier: Apache-2.0

import ROOTIO

/// A table of columns from which events are prepared.
package protocol ColumnSource: Sendable {
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

/// The columns of a tree in a ROOT file, or of several whose entries belong together.
struct ROOTColumnSource: ColumnSource {
  let name: String
  /// The file that the trees are in.
  let file: ROOTFile
  private let friends: FriendTrees

  /// Opens a file's trees, or its only one where none are named.
  init(path: String, trees: [String]) throws {
    name = path
    let file = try ROOTFile(path: path)
    self.file = file
    friends = try FriendTrees(
      trees.isEmpty ? [try file.onlyTree()] : try trees.map { try file.tree($0) })
  }

  var treeName: String { friends.trees.map(\.name).joined(separator: ", ") }
  var entryCount: Int { friends.entryCount }
  var columnNames: [String] { friends.branches.map(\.name) }

  func status(of column: String) -> ColumnStatus {
    guard let branch = try? friends.branch(column).branch else { return .missing }
    if !branch.isReadable { return .unreadable(branch.reason ?? "its type is not known") }
    if branch.elementType == .string { return .unreadable("it holds text") }
    if case .nested = branch.shape {
      return .unreadable("it holds lists within lists (\(branch.typeName))")
    }
    return .readable
  }

  func read(_ columns: [String], entries: Range<Int>) throws -> [Column] {
    try friends.read(columns, entries: entries)
  }

  /// The type of a column that has one whole number for each entry; `nil` for other columns.
  func integerType(of column: String) -> ElementType? {
    guard let branch = try? friends.branch(column).branch, branch.isReadable,
      branch.shape == .flat
    else { return nil }
    return switch branch.elementType {
    case .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64: branch.elementType
    case .bool, .float32, .float64, .string, .other: nil
    }
  }

  /// Begins to read columns from the first entry to the last.
  func scan(_ columns: [String]) throws -> TreeScan {
    try TreeScan(friends, columns: columns)
  }
}
