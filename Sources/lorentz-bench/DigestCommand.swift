// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ROOTIO
import Runtime

/// Prints what is read from ROOT files as digests, for `scripts/root-random.py` to compare.
///
/// Every file is a line of JSON. A digest is the one of `scripts/root-reference.py`: the 64-bit
/// FNV-1a hash of little-endian words, of the values and of the counts of each level of lists.
struct DigestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest", abstract: "Print digests of all columns of ROOT files.")

  @Argument(help: "The ROOT files.")
  var files: [String]

  @Option(help: "Random ranges of entries of each branch that are compared with the whole.")
  var ranges = 3

  @Option(help: "The seed of the ranges.")
  var seed = 0

  func run() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for path in files {
      print(String(decoding: try encoder.encode(record(path)), as: UTF8.self))
      fflush(nil)
    }
  }

  private struct FileRecord: Encodable {
    let file: String
    var error: String?
    var trees: [TreeRecord] = []
  }

  private struct TreeRecord: Encodable {
    let name: String
    var entries = 0
    var error: String?
    var branches: [BranchRecord] = []
    /// The branches that differ when all are read at once, which share what counts them.
    var wrongTogether: [String] = []
  }

  private struct BranchRecord: Encodable {
    let name: String
    let typeName: String
    var entries = 0
    var type = "?"
    var values = 0
    var digest = "-"
    var counts = "-"
    var error: String?
    /// The ranges of entries that are not what the whole has there.
    var wrongRanges: [String] = []
  }

  private func record(_ path: String) -> FileRecord {
    var record = FileRecord(file: path)
    do throws(ROOTFileError) {
      let file = try ROOTFile(path: path)
      for summary in file.trees {
        do throws(ROOTFileError) {
          record.trees.append(try treeRecord(file.tree(summary.name)))
        } catch {
          record.trees.append(TreeRecord(name: summary.name, error: error.description))
        }
      }
    } catch {
      record.error = error.description
    }
    return record
  }

  private func treeRecord(_ tree: Tree) -> TreeRecord {
    var record = TreeRecord(name: tree.name, entries: tree.entryCount)
    var columns: [Column] = []
    for branch in tree.branches {
      var line = BranchRecord(name: branch.name, typeName: branch.typeName)
      line.entries = branch.entryCount
      do throws(ROOTFileError) {
        let column = try tree.read([branch.name], entries: 0..<branch.entryCount)[0]
        line.type = column.values.numpyName
        line.values = column.values.count
        line.digest = wordDigest(column.values.words)
        line.counts = column.countDigest
        line.wrongRanges = try wrongRanges(of: column, in: tree)
        if branch.entryCount == tree.entryCount { columns.append(column) }
      } catch {
        line.error = error.description
      }
      record.branches.append(line)
    }
    do throws(ROOTFileError) {
      record.wrongTogether = try wrongTogether(columns, in: tree)
    } catch {
      record.wrongTogether = [error.description]
    }
    return record
  }

  private func wrongTogether(_ columns: [Column], in tree: Tree) throws(ROOTFileError) -> [String] {
    var generator = CounterBasedGenerator(seed: UInt64(seed), purpose: .init(rawValue: 1_003))
    var wrong: [String] = []
    for _ in 0..<ranges {
      let first = Int.random(in: 0...tree.entryCount, using: &generator)
      let range = first..<Int.random(in: first...tree.entryCount, using: &generator)
      let found = try tree.read(columns.map(\.name), entries: range)
      for (found, column) in zip(found, columns) where !found.isSame(as: column.slice(range)) {
        wrong.append("\(column.name) \(range)")
      }
    }
    return wrong
  }

  /// Reads ranges of entries alone and in a scan, and compares both with the column.
  private func wrongRanges(of column: Column, in tree: Tree) throws(ROOTFileError) -> [String] {
    guard column.entryCount > 0 else { return [] }
    var generator = CounterBasedGenerator(seed: UInt64(seed), purpose: .init(rawValue: 1_002))
    let scan = TreeScan(tree, columns: [column.name])
    var wrong: [String] = []
    for _ in 0..<ranges {
      let first = Int.random(in: 0...column.entryCount, using: &generator)
      let range = first..<Int.random(in: first...column.entryCount, using: &generator)
      let expected = column.slice(range)
      let alone = try tree.read([column.name], entries: range)[0]
      let scanned = try scan.read(entries: range)[0]
      if !alone.isSame(as: expected) { wrong.append("\(range)") }
      if !scanned.isSame(as: expected) { wrong.append("\(range) in a scan") }
    }
    return wrong
  }
}

extension Column {
  fileprivate func slice(_ entries: Range<Int>) -> Column {
    var range = entries
    var sliced: [[Int]] = []
    for level in levels {
      let values = level[range.lowerBound]..<level[range.upperBound]
      sliced.append(level[range.lowerBound...range.upperBound].map { $0 - values.lowerBound })
      range = values
    }
    return Column(
      name: name, values: values.slice(range), offsets: sliced.first,
      innerOffsets: Array(sliced.dropFirst()))
  }

  /// Compares bit patterns: NaN is the same as NaN.
  fileprivate func isSame(as other: Column) -> Bool {
    levels == other.levels && values.elementType == other.values.elementType
      && values.words == other.values.words
  }
}

extension ColumnValues {
  fileprivate func slice(_ range: Range<Int>) -> ColumnValues {
    switch self {
    case .bool(let values): .bool(Array(values[range]))
    case .int8(let values): .int8(Array(values[range]))
    case .uint8(let values): .uint8(Array(values[range]))
    case .int16(let values): .int16(Array(values[range]))
    case .uint16(let values): .uint16(Array(values[range]))
    case .int32(let values): .int32(Array(values[range]))
    case .uint32(let values): .uint32(Array(values[range]))
    case .int64(let values): .int64(Array(values[range]))
    case .uint64(let values): .uint64(Array(values[range]))
    case .float32(let values): .float32(Array(values[range]))
    case .float64(let values): .float64(Array(values[range]))
    case .string(let values): .string(Array(values[range]))
    }
  }
}
