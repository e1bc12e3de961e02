// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

extension [any BranchReader] {
  /// Reads the columns of all branches on all processors.
  ///
  /// - Returns: The columns in the order of the branches.
  /// - Throws: What is wrong with a basket or page, of the first column with such.
  func concurrentColumns() throws(ROOTFileError) -> [Column] {
    try loaded(isScan: false) { () throws(ROOTFileError) in
      let queue = ColumnQueue(self)
      try concurrently(count) { _ throws(ROOTFileError) in queue.readNext() }.get()
      return try queue.columns()
    }
  }
}

/// Hands columns to threads: large ones first, so that the threads end at about the same time, and
/// those that share the offsets of others as soon as these are read.
private final class ColumnQueue: Sendable {
  private struct State {
    /// The indices of readers that no thread has, in the order in which they should be read.
    var waiting: [Int]
    var results: [Result<Column, ROOTFileError>?]
  }

  private let readers: [any BranchReader]
  private let leaders: [Int?]
  /// Entered until the reader with this index, which leads others, has its column.
  private let isRead: [Int: DispatchGroup]
  private let state: Mutex<State>

  init(_ readers: [any BranchReader]) {
    self.readers = readers
    leaders = readers.leaders()
    let led = Set(leaders.compactMap { $0 })
    isRead = Dictionary(uniqueKeysWithValues: led.map { ($0, DispatchGroup()) })
    for group in isRead.values { group.enter() }
    let sizes = readers.map { reader in
      // Of a damaged file these may be any numbers.
      reader.allStoredRanges(reader.entries).reduce(0.0) { $0 + Double($1.count) }
    }
    let waiting = readers.indices.sorted { first, second in
      let (firstLeads, secondLeads) = (led.contains(first), led.contains(second))
      return firstLeads != secondLeads
        ? firstLeads : (-sizes[first], first) < (-sizes[second], second)
    }
    state = Mutex(State(waiting: waiting, results: Array(repeating: nil, count: readers.count)))
  }

  /// Reads the next column that waits for none, or else the next one as soon as it can be read.
  func readNext() {
    guard let index = take() else { return }
    if let leader = leaders[index] { isRead[leader]?.wait() }
    let expected = state.withLock { state in
      leaders[index].flatMap { try? state.results[$0]?.get().offsets }
    }
    let result = Result { () throws(ROOTFileError) in
      try readers[index].column(expected: expected)
    }
    state.withLock { $0.results[index] = result }
    isRead[index]?.leave()
  }

  private func take() -> Int? {
    state.withLock { state in
      let ready = state.waiting.firstIndex { index in
        leaders[index].map { state.results[$0] != nil } ?? true
      }
      return state.waiting.isEmpty ? nil : state.waiting.remove(at: ready ?? 0)
    }
  }

  /// Returns all columns once they are read.
  func columns() throws(ROOTFileError) -> [Column] {
    var columns: [Column] = []
    for result in state.withLock({ $0.results }) {
      guard let result else { preconditionFailure("A column was not read.") }
      columns.append(try result.get())
    }
    return columns
  }
}
