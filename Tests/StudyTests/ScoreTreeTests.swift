// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import TestSupport
import Testing

@testable import Study

@Suite struct ScoreTreeTests {
  @Test func `a tree has an entry for each of the input, and NaN where there is no score`() throws {
    let folder = try TemporaryFolder()
    let format = ScoreTree(
      name: "Scores", classNames: ["qcd", "top"],
      identifiers: [(name: "run", type: .uint32), (name: "event", type: .uint64)],
      embeddingWidth: 3)
    let file = try ScoreFile(path: folder.file("a.root"), format: format)
    for part in [1, 0] {
      let first = 3 * part
      try file.write(
        part: part,
        ScoredEntries(
          entries: first..<first + 3, scored: [first, first + 2],
          scores: [[0.25, 0.5], [0.75, 0.5]], embeddings: [1, 2, 3, 4, 5, Float(part)],
          identifiers: [
            Column(name: "run", values: .uint32([7, 7, 8])),
            Column(name: "event", values: .uint64([.max, 1, UInt64(part)])),
          ]), report: { _ in })
    }
    let summary = try file.commit()
    #expect(summary.entries == 6 && summary.scored == 4)
    let tree = try ROOTFile(path: folder.file("a.root")).tree("Scores")
    #expect(tree.entryCount == 6)
    #expect(
      tree.branches.map(\.title) == [
        "run/i", "event/l", "passed/O", "score_qcd/F", "score_top/F", "embedding[3]/F",
      ])
    #expect(try tree.read(["run"])[0].values == .uint32([7, 7, 8, 7, 7, 8]))
    #expect(try tree.read(["event"])[0].values == .uint64([.max, 1, 0, .max, 1, 1]))
    #expect(try tree.read(["passed"])[0].values == .bool([true, false, true, true, false, true]))
    let scores = try tree.read(["score_qcd", "score_top", "embedding"]).map { $0.floats() }
    #expect(scores[0].map { $0.isNaN } == [false, true, false, false, true, false])
    #expect(scores[1].filter { !$0.isNaN } == [0.75, 0.5, 0.75, 0.5])
    #expect(scores[2].prefix(3) == [1, 2, 3] && scores[2].suffix(3) == [4, 5, 1])
    #expect(scores[2].dropFirst(3).prefix(3).allSatisfy { $0.isNaN })
  }

  @Test func `names of classes become names of C++, each its own`() {
    #expect(
      ScoreTree.branchNames(["ttbar", "2HDM", "Z→ττ", "Z→μμ", "W + jets"]) == [
        "score_ttbar", "score_2HDM", "score_Z___", "score_Z____3", "score_W___jets",
      ])
  }
}
