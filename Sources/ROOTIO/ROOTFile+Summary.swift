// SPDX-License-Identifier: Apache-2.0

import Foundation

extension ROOTFile {
  /// Returns a table of the trees of the file and their branches, for people.
  ///
  /// A tree that cannot be decoded is listed with the reason.
  ///
  /// - Parameter tree: The only tree to list; all of them if `nil`.
  /// - Returns: Lines without a newline at the end.
  public func summary(of tree: String? = nil) -> String {
    var lines: [String] = []
    for summary in trees where tree == nil || summary.name == tree {
      if !lines.isEmpty { lines.append("") }
      do throws(ROOTFileError) {
        let tree = try self.tree(summary.name)
        let title = summary.title.isEmpty ? "" : "  \"\(summary.title)\""
        lines.append(
          "\(summary.className) \(tree.name)  \(tree.entryCount) entries, "
            + "\(tree.branches.count) branches\(title)")
        lines += alignedTable(
          [["branch", "type", "entries", "compression", "bytes", "decompressed", "baskets", ""]]
            + tree.branches.map(\.row), rightAligned: [2, 4, 5, 6])
      } catch {
        lines.append("\(summary.className) \(summary.name)  \(error.message)")
      }
    }
    if lines.isEmpty { lines.append("\(path) has no trees.\(otherObjects)") }
    return lines.joined(separator: "\n")
  }

  /// Returns the trees of the file and their branches as JSON.
  ///
  ///     {"trees": [{"name": "Events", "entries": 40, "branches": [{"name": "run", "type": "uint32"}]}]}
  ///
  /// - Parameter tree: The only tree to list; all of them if `nil`.
  /// - Returns: One line. More keys than shown may follow in later versions.
  /// - Throws: ``ROOTFileError`` if a tree cannot be decoded.
  public func summaryJSON(of tree: String? = nil) throws(ROOTFileError) -> String {
    var trees: [SummaryRecord.TreeRecord] = []
    for summary in self.trees where tree == nil || summary.name == tree {
      let tree = try self.tree(summary.name)
      trees.append(
        .init(
          name: summary.name, title: summary.title, className: summary.className,
          entries: tree.entryCount, branches: tree.branches.map { .init($0) }))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Text and numbers that are finite: encoding cannot fail.
    let data = (try? encoder.encode(SummaryRecord(file: path, trees: trees))) ?? Data()
    return String(decoding: data, as: UTF8.self)
  }
}

extension Branch {
  fileprivate var row: [String] {
    [
      name, typeName,
      String(entryCount),
      compressionLevel == 0 ? compression : "\(compression) \(compressionLevel)",
      String(compressedBytes), String(uncompressedBytes), String(basketCount),
      reason.map { "not readable, \($0)" } ?? "",
    ]
  }
}

private struct SummaryRecord: Encodable {
  let file: String
  let trees: [TreeRecord]

  struct TreeRecord: Encodable {
    let name: String
    let title: String
    let className: String
    let entries: Int
    let branches: [BranchRecord]

    private enum CodingKeys: String, CodingKey {
      case name
      case title
      case className = "class"
      case entries
      case branches
    }
  }

  struct BranchRecord: Encodable {
    let name: String
    let type: String
    let entries: Int
    let compression: String
    let compressionLevel: Int
    let compressedBytes: Int
    let uncompressedBytes: Int
    let baskets: Int
    let readable: Bool
    let reason: String?

    init(_ branch: Branch) {
      name = branch.name
      type = branch.typeName
      entries = branch.entryCount
      compression = branch.compression
      compressionLevel = branch.compressionLevel
      compressedBytes = branch.compressedBytes
      uncompressedBytes = branch.uncompressedBytes
      baskets = branch.basketCount
      readable = branch.isReadable
      reason = branch.reason
    }
  }
}

/// Returns lines in which every column is as wide as its widest cell, but a long one counts less.
func alignedTable(_ rows: [[String]], rightAligned: Set<Int>) -> [String] {
  let columnCount = rows.map(\.count).max() ?? 0
  let limit = 60
  let widths = (0..<columnCount).map { column in
    rows.compactMap { $0.count > column ? min($0[column].count, limit) : nil }.max() ?? 0
  }
  return rows.map { row in
    let cells = row.enumerated().map { column, cell in
      let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
      if rightAligned.contains(column) { return padding + cell }
      return column == row.count - 1 ? cell : cell + padding
    }
    let line = "  " + cells.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}
