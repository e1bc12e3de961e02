// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Runtime
import Testing

/// Damages small files at random: whatever the bytes, reading returns or throws.
@Suite struct MutantTests {
  @Test(arguments: [
    "scalars.root", "counted.root", "jagged-zstd.root", "jagged-lz4-offset-map.root",
    "jagged-lzma.root",
    "jagged-uncompressed.root", "nested.root",
    "reduced.root", "embedded.root", "rntuple-types.root", "rntuple-pieces.root",
    "rntuple-extended.root", "rntuple-representations.root", "rntuple-large-locators.root",
  ])
  func `a damaged file is read or refused and never ends the program`(_ name: String) throws {
    let original = try Data(contentsOf: TestFiles.fixtures.appending(path: name))
    let url = FileManager.default.temporaryDirectory
      .appending(path: "mutant-\(UUID().uuidString).root")
    defer { try? FileManager.default.removeItem(at: url) }
    var refused = 0
    for seed in 0..<400 {
      var generator = CounterBasedGenerator(seed: UInt64(seed), purpose: .shuffling)
      var mutant = original
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let position = Int.random(in: 0..<mutant.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: mutant[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: mutant[position] = 0xFF
        case 2: mutant[position] = .random(in: 0...255, using: &generator)
        default: if Bool.random(using: &generator) { mutant = mutant.prefix(max(position, 1)) }
        }
      }
      try mutant.write(to: url)
      if !readEverything(url.path) { refused += 1 }
    }
    #expect(refused > 50)
  }

  /// Without new checksums they alone would be tested.
  @Test(arguments: ["rntuple-plain.root", "rntuple-large-locators.root"])
  func `damage of an RNTuple that its checksums do not show is refused too`(
    _ name: String
  ) throws {
    let original = try RNTupleBytes(name)
    try #require(original.envelopes.count >= 4)
    let url = FileManager.default.temporaryDirectory
      .appending(path: "mutant-\(UUID().uuidString).root")
    defer { try? FileManager.default.removeItem(at: url) }
    var refused = 0
    for seed in 0..<600 {
      var generator = CounterBasedGenerator(seed: UInt64(seed), purpose: .shuffling)
      var mutant = original
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let index = Int.random(in: 0..<original.envelopes.count, using: &generator)
        let position =
          original.envelopes[index].range.dropLast(8)
          .randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: mutant.data[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: mutant.data[position] = 0xFF
        case 2: mutant.data[position] = .random(in: 0...255, using: &generator)
        default: mutant.data[position] &+= 1
        }
      }
      mutant.seal()
      try mutant.data.write(to: url)
      if !readEverything(url.path) { refused += 1 }
    }
    #expect(refused > 50)
  }

  /// Reads all branches of all trees, each on its own; `false` if something was refused.
  private func readEverything(_ path: String) -> Bool {
    var isComplete = true
    do throws(ROOTFileError) {
      let file = try ROOTFile(path: path)
      for summary in file.trees {
        let tree = try file.tree(summary.name)
        for branch in tree.branches {
          do throws(ROOTFileError) {
            _ = try TreeScan(tree, columns: [branch.name]).read(
              entries: 0..<min(7, branch.entryCount))
            _ = try tree.read([branch.name])
          } catch {
            if error.code != .unsupported { isComplete = false }
          }
        }
      }
    } catch { isComplete = false }
    return isComplete
  }
}
