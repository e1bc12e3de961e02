// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Testing

@Suite struct SummaryTests {
  private func file(_ name: String) throws -> ROOTFile {
    try ROOTFile(path: TestFiles.fixtures.appending(path: name).path)
  }

  @Test func `a table lists branches, types and sizes`() throws {
    let lines = try file("jagged-zstd.root").summary().split(separator: "\n")
    #expect(lines[0] == "TTree Events  60 entries, 9 branches  \"jagged arrays\"")
    #expect(lines[1].split(separator: " ").first == "branch")
    #expect(lines.contains { $0.hasPrefix("  pair ") && $0.contains(" int16[n][2] ") })
    #expect(
      lines.contains { $0.contains("not readable, unsupported: it is an object of class v") })
  }

  @Test func `the JSON of a file names trees, entries, branches and types`() throws {
    struct Summary: Decodable {
      struct Tree: Decodable {
        struct Branch: Decodable {
          let name: String
          let type: String
        }
        let name: String
        let entries: Int
        let branches: [Branch]
      }
      let trees: [Tree]
    }
    let json = try file("scalars.root").summaryJSON()
    let summary = try JSONDecoder().decode(Summary.self, from: Data(json.utf8))
    #expect(summary.trees.map(\.name) == ["all", "folder/inner/ntuple"])
    // Of two cycles the newer one counts.
    #expect(summary.trees.map(\.entries) == [20, 10])
    #expect(
      summary.trees[0].branches.map(\.type) == [
        "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "int64",
        "uint64", "float", "double", "float[2][3]", "float", "float", "string",
      ])
    #expect(try file("scalars.root").tree("all;1").entryCount == 3)
  }

  @Test func `values are printed as a table`() throws {
    let tree = try file("scalars.root").tree("all")
    let columns = try tree.read(["sO", "sF", "matrix", "text"], entries: 1..<3)
    #expect(
      columns.table(firstEntry: 1) == """
          entry     sO    sF                                 matrix                          text
              1   true   3.5  [1.0, 1.125, 1.25, 1.375, 1.5, 1.625]                abcdefghijklmn
              2  false  4.75  [2.0, 2.125, 2.25, 2.375, 2.5, 2.625]  abcdefghijklmnopqrstuvwxyzab
        """)
  }

  @Test func `the text of a C string grows with its entry`() throws {
    let column = try file("scalars.root").tree("all").read(["text"])[0]
    let expected = (0..<20).map { entry in
      String((0..<(entry * 14)).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
    }
    #expect(column.values == .string(expected))
  }

  @Test func `numbers of reduced precision are as near as their bits allow`() throws {
    func check(_ name: String, within tolerance: Double, _ expected: (Int) -> [Double]) throws {
      let tree = name.hasPrefix("packed") ? "split" : "tree"
      let column = try file("reduced.root").tree(tree).read([name])[0]
      for (found, expected) in zip(column.doubles(), (0..<10).flatMap(expected)) {
        #expect(abs(found - expected) <= tolerance * max(1, abs(expected)), "\(name)")
      }
    }
    // Half of the last of 12 bits of mantissa, relative; of a range, the last of its bits.
    try check("half", within: 0x1p-12) { [Double($0) * 0.7] }
    try check("halfRange", within: 10 * 0x1p-12) { [Double($0) * 0.7] }
    try check("halfArray", within: 0) { _ in [0, -1.5, 3.25] }
    try check("double", within: 0x1p-24) { [Double($0) * 0.7] }
    try check("doubleRange", within: 10 * 0x1p-20) { [Double($0) * 0.7] }
    try check("doubleBits", within: 0x1p-14) { [Double($0) * 0.7] }
    try check("packed/angle", within: 2 * .pi * 0x1p-16) { [Double($0) * 0.3 - 1] }
    try check("packed/half", within: 0x1p-12) { [-Double($0) / 3] }
    try check("packed/plain", within: 0x1p-24) { [Double($0) / 7] }
    try check("packed/range[2]", within: 200 * 0x1p-10) { [Double($0), Double(100 - $0)] }
  }

  @Test func `values become JSON`() {
    let columns = [
      Column(name: "a", values: .float64([1.5, .nan, -.infinity])),
      Column(name: "b\"", values: .string(["x\n", "\u{1}", "\\"])),
      Column(name: "c", values: .int32([1, 2, 3]), offsets: [0, 0, 2, 3]),
    ]
    #expect(
      columns.json() == #"""
        {"columns":{"a":[1.5,"nan","-inf"],"b\"":["x\n","\u0001","\\"],"c":[[],[1,2],[3]]}}
        """#)
  }

  @Test func `numbers of every type are converted`() {
    #expect(Column(name: "a", values: .bool([true, false])).doubles() == [1, 0])
    #expect(Column(name: "a", values: .uint64([7])).floats() == [7])
    #expect(Column(name: "a", values: .float32([0.1])).doubles() == [Double(Float(0.1))])
  }

  @Test(arguments: [
    ("0..<5", 0..<5), ("2...2", 2..<3), ("7", 7..<8), ("3...9", 3..<10),
  ])
  func `a range of entries is read`(_ text: String, _ range: Range<Int>) {
    #expect(EntryRange(text)?.range == range)
  }

  @Test(arguments: [
    "", "0..5", "0-5", "5..<5", "5..<3", "-1..<3", "a..<b", "1..<", "..<3", "9223372036854775807",
    "0...9223372036854775807",
  ])
  func `a wrong range of entries is refused`(_ text: String) {
    #expect(EntryRange(text) == nil)
  }

  @Test func `branches are found by full name and by stored name`() throws {
    let tree = try file("jagged-zstd.root").tree("Events")
    #expect(try tree.branch("hits/hits.channel").typeName == "int32[hits_]")
    #expect(try tree.branch("hits.channel").name == "hits/hits.channel")
    #expect(try tree.branch("hits").isReadable == false)
    #expect(try tree.branch("value").shape == .jagged)
    #expect(try tree.read([]).isEmpty)
    let empty = try tree.read(["value", "n", "string"], entries: 4..<4)
    #expect(empty.map(\.entryCount) == [0, 0, 0])
  }
}
