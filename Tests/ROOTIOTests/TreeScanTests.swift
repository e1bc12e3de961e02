// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import ROOTIO
import Synchronization
import Testing

@Suite struct TreeScanTests {
  static let files = [
    "chunks.root", "counted.root", "embedded.root", "jagged-lz4-offset-map.root",
    "jagged-lzma.root",
    "jagged-uncompressed.root", "jagged-zstd.root", "nested.root", "reduced.root", "scalars.root",
    "rntuple-types.root", "rntuple-plain.root", "rntuple-extended.root",
    "rntuple-representations.root",
  ]

  private func trees(_ name: String) throws -> [Tree] {
    let file = try ROOTFile(path: TestFiles.fixtures.appending(path: name).path)
    return try file.trees.map { try file.tree($0.name) }
  }

  private func names(_ tree: Tree) -> [String] {
    tree.branches.filter(\.isReadable).map(\.name)
  }

  private func expectEqual(_ found: [Column], _ expected: [Column], _ place: String) {
    #expect(found.map(\.name) == expected.map(\.name), "\(place)")
    for (found, expected) in zip(found, expected) {
      let isSame =
        "\(found.values)" == "\(expected.values)" && found.offsets == expected.offsets
      #expect(isSame, "\(place) of \(found.name)")
    }
  }

  @Test(arguments: files)
  func `a scan gives the values that reading each range gives`(_ name: String) throws {
    for tree in try trees(name) {
      let names = names(tree)
      let scan = TreeScan(tree, columns: names)
      // The second round meets baskets that the first has read to the end.
      for size in [7, 1000] {
        for start in stride(from: 0, to: tree.entryCount, by: size) {
          let range = start..<min(start + size, tree.entryCount)
          expectEqual(
            try scan.read(entries: range), try tree.read(names, entries: range),
            "\(tree.name) \(range)")
        }
      }
      expectEqual(try scan.read(entries: 0..<0), try tree.read(names, entries: 0..<0), "nothing")
    }
  }

  @Test(arguments: ["jagged-zstd.root", "rntuple-types.root"])
  func `threads may share a scan and take ranges in any order`(_ name: String) throws {
    let tree = try #require(trees(name).first)
    let names = names(tree)
    let scan = TreeScan(tree, columns: names)
    let starts = Array(stride(from: 0, to: tree.entryCount - 5, by: 5).reversed())
    let results = Mutex<[Int: [Column]]>([:])
    DispatchQueue.concurrentPerform(iterations: starts.count) { index in
      let columns = try? scan.read(entries: starts[index]..<starts[index] + 5)
      results.withLock { $0[starts[index]] = columns }
    }
    for (start, found) in results.withLock({ $0 }) {
      expectEqual(found, try tree.read(names, entries: start..<start + 5), "from \(start)")
    }
    #expect(results.withLock { $0.count } == starts.count)
  }

  @Test func `a scan fails as reading does`() throws {
    let tree = try #require(trees("jagged-zstd.root").first)
    func message(_ body: () throws -> Void) throws -> String {
      try #require(#expect(throws: ROOTFileError.self, performing: body)).description
    }
    let name = try #require(names(tree).first)
    let beyond = 0..<tree.entryCount + 1
    #expect(
      try message { _ = try TreeScan(tree, columns: [name]).read(entries: beyond) }
        == message { _ = try tree.read([name], entries: beyond) })
    #expect(
      try message { _ = try TreeScan(tree, columns: ["Moun_pt"]).read(entries: 0..<1) }
        == message { _ = try tree.read(["Moun_pt"], entries: 0..<1) })
  }
}
