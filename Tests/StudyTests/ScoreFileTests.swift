// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import TestSupport
import Testing

@testable import Study

@Suite struct ScoreFileTests {
  @Test func `parts are written in their order, in whichever they come`() throws {
    let folder = try TemporaryFolder()
    let file = try ScoreFile(
      path: folder.file("a.csv"), format: CSVScores(classNames: ["qcd", "top"], files: ["a.root"]))
    var done: [Int] = []
    for part in [2, 0, 1] {
      try file.write(
        part: part,
        ScoredEntries(
          entries: 2 * part..<2 * part + 2, scored: [2 * part + 1], scores: [[0.25], [0.75]])
      ) { done.append($0) }
    }
    #expect(folder.contents.allSatisfy { $0.hasPrefix(".a.csv.") })
    let summary = try file.commit()
    #expect(summary.entries == 6 && summary.scored == 3)
    #expect(done == [2, 4, 6])
    #expect(folder.contents == ["a.csv"])
    #expect(
      try String(contentsOfFile: folder.file("a.csv"), encoding: .utf8) == """
        entry,score_qcd,score_top
        0,,
        1,0.25,0.75
        2,,
        3,0.25,0.75
        4,,
        5,0.25,0.75

        """)
  }

  @Test func `JSON lines have null where there is no score`() throws {
    let folder = try TemporaryFolder()
    let file = try ScoreFile(
      path: folder.file("a.jsonl"),
      format: JSONLinesScores(classNames: ["qcd", "top"], files: ["a.root"]))
    try file.write(
      part: 0, ScoredEntries(entries: 7..<9, scored: [8], scores: [[1e-9], [1]]),
      report: { _ in })
    _ = try file.commit()
    #expect(
      try String(contentsOfFile: folder.file("a.jsonl"), encoding: .utf8) == """
        {"entry":7,"score_qcd":null,"score_top":null}
        {"entry":8,"score_qcd":1e-09,"score_top":1}

        """)
  }

  @Test func `lines from one of several files begin with its name`() throws {
    let folder = try TemporaryFolder()
    let files = ["a.root", "b,\"c\".root"]
    let parts = [
      ScoredEntries(file: 0, entries: 0..<1, scored: [0], scores: [[1]]),
      ScoredEntries(file: 1, entries: 0..<2, scored: [], scores: [[]]),
    ]
    func text(_ name: String, _ format: some ScoreFormat) throws -> String {
      let file = try ScoreFile(path: folder.file(name), format: format)
      for (number, part) in parts.enumerated() {
        try file.write(part: number, part, report: { _ in })
      }
      _ = try file.commit()
      return try String(contentsOfFile: folder.file(name), encoding: .utf8)
    }
    #expect(
      try text("a.csv", CSVScores(classNames: ["x"], files: files)) == """
        file,entry,score_x
        a.root,0,1
        "b,""c"".root",0,
        "b,""c"".root",1,

        """)
    #expect(
      try text("a.jsonl", JSONLinesScores(classNames: ["x"], files: files)) == #"""
        {"file":"a.root","entry":0,"score_x":1}
        {"file":"b,\"c\".root","entry":0,"score_x":null}
        {"file":"b,\"c\".root","entry":1,"score_x":null}

        """#)
  }

  @Test func `scores have seven digits, as C prints them`() throws {
    let folder = try TemporaryFolder()
    var generator = CounterBasedGenerator(seed: 5, purpose: .initialization)
    var values: [Double] = [
      0, 1, 0.5, 0.99999995, 0.00012345675, 1e-5, .leastNonzeroMagnitude, 1 / 3,
    ]
    for _ in 0..<1000 { values.append(Double(exp(-20 * generator.uniform()))) }
    let file = try ScoreFile(
      path: folder.file("a.csv"), format: CSVScores(classNames: ["a"], files: ["a.root"]))
    try file.write(
      part: 0,
      ScoredEntries(
        entries: 0..<values.count, scored: Array(values.indices), scores: [values]),
      report: { _ in })
    _ = try file.commit()
    let lines = try String(contentsOfFile: folder.file("a.csv"), encoding: .utf8)
      .split(separator: "\n").dropFirst()
    for ((entry, value), line) in zip(values.enumerated(), lines) {
      #expect(line == "\(entry),\(String(format: "%.7g", value))")
    }
    #expect(lines.count == values.count)
  }

  @Test func `a file that is not committed leaves nothing`() throws {
    let folder = try TemporaryFolder()
    func abandon() throws {
      let file = try ScoreFile(
        path: folder.file("a.csv"), format: CSVScores(classNames: ["a"], files: ["a.root"]))
      try file.write(
        part: 0, ScoredEntries(entries: 0..<1, scored: [0], scores: [[1]]), report: { _ in })
    }
    try abandon()
    #expect(folder.contents.isEmpty)
  }
}
