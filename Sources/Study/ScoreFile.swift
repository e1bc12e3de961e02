// SPDX-License-Identifier: Apache-2.0

import ROOTIO
import Runtime
import Synchronization

/// Some consecutive entries of a file, with the scores of those that pass the selection.
struct ScoredEntries: Sendable {
  /// The index of the file among those that are scored.
  var file = 0
  /// The entries of the file.
  let entries: Range<Int>
  /// Those that have scores, in their order.
  let scored: [Int]
  /// For each class, the scores of these, from 0 to 1.
  let scores: [[Double]]
  /// The event vectors of these, one behind the other, where they are asked for.
  var embeddings: [Float] = []
  /// What identifies the entries, in the columns that were asked for.
  var identifiers: [Column] = []

  /// For each entry, its place among those that have scores.
  var rows: [Int?] {
    var row = 0
    return entries.map { entry in
      guard row < scored.count, scored[row] == entry else { return nil }
      defer { row += 1 }
      return row
    }
  }
}

/// A format of scores.
protocol ScoreFormat: Sendable {
  /// What entries become.
  associatedtype Part: Sendable
  /// What parts are written to, one behind the other.
  associatedtype Sink

  /// Creates the file, which appears under its name when it is complete.
  func open(_ path: String) throws -> sending Sink
  /// Prepares entries; threads do that at the same time.
  func encode(_ entries: ScoredEntries) -> Part
  /// Writes a part behind those before it.
  func append(_ part: Part, to sink: Sink) throws
  /// Gives the file its name.
  func commit(_ sink: Sink) throws
}

/// A file of scores, to which threads give parts as they finish them, in any order.
final class ScoreFile<Format: ScoreFormat>: Sendable {
  private struct State {
    let sink: Format.Sink
    /// Parts that wait for one before them.
    var waiting: [Int: Format.Part] = [:]
    var next = 0
    var summary = ScoringSummary(entries: 0, scored: 0)
  }

  private let format: Format
  private let state: Mutex<State>

  /// Creates the file, which appears under its name when it is complete.
  ///
  /// - Throws: `FileSystemError`.
  init(path: String, format: Format) throws {
    self.format = format
    state = Mutex(State(sink: try format.open(path)))
  }

  /// Writes the part of some entries behind all parts before it.
  ///
  /// - Parameters:
  ///   - part: The number of the part, from 0.
  ///   - entries: Its entries.
  ///   - report: Is told how many entries are done, one call at a time.
  /// - Throws: `FileSystemError`.
  func write(part: Int, _ entries: ScoredEntries, report: (Int) -> Void) throws {
    let encoded = format.encode(entries)
    try state.withLock { state in
      state.waiting[part] = encoded
      while let encoded = state.waiting.removeValue(forKey: state.next) {
        try format.append(encoded, to: state.sink)
        state.next += 1
      }
      state.summary.entries += entries.entries.count
      state.summary.scored += entries.scored.count
      report(state.summary.entries)
    }
  }

  /// Gives the file its name.
  ///
  /// - Returns: What was written.
  /// - Throws: `FileSystemError`.
  func commit() throws -> ScoringSummary {
    try state.withLock { state in
      try format.commit(state.sink)
      return state.summary
    }
  }
}
