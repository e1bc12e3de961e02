// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Testing

/// Compares every value of every branch with what uproot reads (`scripts/root-reference.py`).
@Suite struct ReferenceTests {
  @Test(.enabled(if: TestFiles.sharedData != nil), arguments: try Reference.sharedData())
  func `every branch of the shared data equals what uproot reads`(_ reference: Reference) throws {
    try reference.check(in: #require(TestFiles.sharedData))
  }

  @Test(arguments: try Reference.fixtures())
  func `every branch of the fixtures equals what uproot reads`(_ reference: Reference) throws {
    try reference.check(in: TestFiles.fixtures)
  }

  @Test(arguments: ["jagged-lz4-offset-map.root", "jagged-lzma.root", "jagged-uncompressed.root"])
  func `compression and ways to store positions leave the values unchanged`(_ name: String) throws {
    func columns(_ name: String) throws -> [Column] {
      let tree = try ROOTFile(path: TestFiles.fixtures.appending(path: name).path).tree("Events")
      return try tree.read(tree.branches.filter(\.isReadable).map(\.name), entries: 3..<57)
    }
    let expected = try columns("jagged-zstd.root")
    let found = try columns(name)
    #expect(found.map(\.name) == expected.map(\.name))
    for (found, expected) in zip(found, expected) {
      #expect(found.values == expected.values && found.offsets == expected.offsets)
    }
  }
}

/// What uproot reads from one tree.
struct Reference: Sendable, CustomTestStringConvertible {
  let file: String
  let tree: String
  let entryCount: Int
  var branches: [BranchReference] = []

  struct BranchReference: Sendable {
    let name: String
    let type: String
    let valueCount: Int
    let values: String
    let counts: String
  }

  var testDescription: String { "\(file) \(tree)" }

  static func sharedData() throws -> [Reference] { try load("reference.txt") }
  static func fixtures() throws -> [Reference] { try load("reference-fixtures.txt") }

  private static func load(_ name: String) throws -> [Reference] {
    let text = try String(contentsOf: TestFiles.fixtures.appending(path: name), encoding: .utf8)
    var references: [Reference] = []
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t").map(String.init)
      if fields[0] == "=" {
        references.append(
          Reference(file: fields[1], tree: fields[2], entryCount: Int(fields[3]) ?? -1))
      } else {
        references[references.count - 1].branches.append(
          BranchReference(
            name: fields[0], type: fields[1], valueCount: Int(fields[2]) ?? -1,
            values: fields[3], counts: fields[4]))
      }
    }
    return references
  }

  /// Reads all branches, first together and then one half of the entries after the other.
  func check(in folder: URL) throws {
    let tree = try ROOTFile(path: folder.appending(path: file).path).tree(tree)
    #expect(tree.entryCount == entryCount)
    // Nothing that uproot reads as plain columns may be missing here. What a projected field of an
    // RNTuple shows has two names.
    let readable = Set(branches.filter { !["?", "*"].contains($0.type) }.map(\.name))
    let untold = branches.filter { $0.type == "*" }.map { "\($0.name)." }
    #expect(
      try Set(tree.branches.filter(\.isReadable).map(\.name))
        .filter { name in !untold.contains(where: name.hasPrefix) }
        == Set(readable.map { try tree.branch($0).name }))
    for branch in branches where branch.type == "?" {
      #expect(try tree.branch(branch.name).reason?.hasPrefix("unsupported: ") == true)
    }
    let names = branches.map(\.name).filter { readable.contains($0) }
    let half = entryCount / 2
    let columns = try tree.read(names)
    let first = try tree.read(names, entries: 0..<half)
    let second = try tree.read(names, entries: half..<entryCount)
    for (index, branch) in branches.filter({ readable.contains($0.name) }).enumerated() {
      let name = branch.name
      let column = columns[index]
      // uproot misreads this one.
      if branch.type == "!" { continue }
      #expect(column.entryCount == entryCount, "\(name)")
      #expect(column.values.numpyName == branch.type, "\(name)")
      #expect(column.values.count == branch.valueCount, "\(name)")
      #expect(wordDigest(column.values.words) == branch.values, "\(name)")
      #expect(column.countDigest == branch.counts, "\(name)")
      // Long ones are read in parts once; their hash takes its time.
      if branch.valueCount > 1_000_000 { continue }
      #expect(
        first[index].entryCount + second[index].entryCount == entryCount
          && first[index].values.count + second[index].values.count == branch.valueCount, "\(name)")
      #expect(wordDigest(first[index].values.words + second[index].values.words) == branch.values)
      #expect(first[index].innerOffsets.count == column.innerOffsets.count, "\(name)")
    }
  }
}
