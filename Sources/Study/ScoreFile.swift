// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Synchronization

/// A file of scores, to which threads give parts as they finish them, in any order.
final class ScoreFile: Sendable {
  private struct State {
    let sink: AtomicFile
    /// Parts that wait for one before them.
    var waiting: [Int: [UInt8]] = [:]
    var next = 0
    var summary = ScoringSummary(entries: 0, scored: 0)
  }

  private let classNames: [String]
  private let isJSON: Bool
  private let state: Mutex<State>

  /// Creates the file, which appears under its name when it is complete.
  ///
  /// - Parameters:
  ///   - path: A path that ends in `.csv` or `.jsonl`.
  ///   - classNames: The names of the classes, by label.
  /// - Throws: `FileSystemError`.
  init(path: String, classNames: [String]) throws {
    self.classNames = classNames
    isJSON = path.hasSuffix(".jsonl")
    let sink = try AtomicFile(path: path)
    if !isJSON {
      try sink.write("entry," + classNames.map { "score_\($0)" }.joined(separator: ",") + "\n")
    }
    state = Mutex(State(sink: sink))
  }

  /// Writes the part of some entries behind all parts before it.
  ///
  /// - Parameters:
  ///   - part: The number of the part, from 0.
  ///   - entries: Its entries.
  ///   - scored: Those that have scores, in their order.
  ///   - scores: For each class, the scores of these.
  ///   - report: Is told how many entries are done, one call at a time.
  /// - Throws: `FileSystemError`.
  func write(
    part: Int, entries: Range<Int>, scored: [Int], scores: [[Double]], report: (Int) -> Void
  ) throws {
    let lines = lines(entries, scored, scores)
    try state.withLock { state in
      state.waiting[part] = lines
      while let lines = state.waiting.removeValue(forKey: state.next) {
        try lines.withUnsafeBytes { try state.sink.write($0) }
        state.next += 1
      }
      state.summary.entries += entries.count
      state.summary.scored += scored.count
      report(state.summary.entries)
    }
  }

  /// Gives the file its name.
  ///
  /// - Returns: What was written.
  /// - Throws: `FileSystemError`.
  func commit() throws -> ScoringSummary {
    try state.withLock { state in
      try state.sink.commit()
      return state.summary
    }
  }

  private func lines(_ entries: Range<Int>, _ scored: [Int], _ scores: [[Double]]) -> [UInt8] {
    let keys = classNames.map { isJSON ? ",\"score_\($0)\":" : "," }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * (12 + scores.count * 12))
    var row = 0
    for entry in entries {
      bytes.append(contentsOf: (isJSON ? "{\"entry\":\(entry)" : "\(entry)").utf8)
      let hasScore = row < scored.count && scored[row] == entry
      for (key, values) in zip(keys, scores) {
        bytes.append(contentsOf: key.utf8)
        if hasScore {
          append(values[row], to: &bytes)
        } else if isJSON {
          bytes.append(contentsOf: "null".utf8)
        }
      }
      if hasScore { row += 1 }
      bytes.append(contentsOf: (isJSON ? "}\n" : "\n").utf8)
    }
    return bytes
  }

  /// Appends a number with seven digits, without the detour over a `String` for each.
  private func append(_ value: Double, to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
      let text = buffer.assumingMemoryBound(to: CChar.self)
      let length = withVaList([value]) { vsnprintf(text.baseAddress, text.count, "%.7g", $0) }
      bytes.append(contentsOf: buffer.prefix(Int(length)))
    }
  }
}
