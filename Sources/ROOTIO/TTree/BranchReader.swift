// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What reads a range of entries of a branch.
protocol BranchReader: Sendable {
  var tree: Tree { get }
  var branch: Branch { get }
  var entries: Range<Int> { get }
  /// What counts the values of the entries; branches that share it have equally many.
  var counter: String? { get }

  /// Reads the values.
  ///
  /// - Parameter expected: The offsets of a column with the same counter, for this one to share.
  /// - Returns: The column.
  /// - Throws: What is wrong with a basket or page.
  func column(expected: [Int]?) throws(ROOTFileError) -> Column

  /// Returns where what is needed for the values is in the file; what is needed in order to know
  /// belongs to the stage before, of 0 and 1, and must have been loaded.
  func storedRanges(stage: Int) throws(ROOTFileError) -> [Range<Int>]
  /// Returns where all that may be needed for some entries is in the file.
  func allStoredRanges(_ entries: Range<Int>) -> [Range<Int>]
}

extension [any BranchReader] {
  /// Reads the columns of all branches on all processors.
  func concurrentColumns() throws(ROOTFileError) -> [Column] {
    try loaded(isScan: false) { () throws(ROOTFileError) in
      try columns { count, body throws(ROOTFileError) in try concurrentMap(count, body) }
    }
  }

  /// Reads the columns of all branches.
  ///
  /// The first branch of every counter comes before the others, which then share its offsets: they
  /// are most of what there is to write for a list.
  ///
  /// - Parameter map: Calls a body for as many indices as it is told, and returns the results.
  /// - Returns: The columns in the order of the branches.
  /// - Throws: What is wrong with a basket or page.
  func columns(
    _ map: (Int, @Sendable (Int) throws(ROOTFileError) -> Column) throws(ROOTFileError) -> [Column]
  ) throws(ROOTFileError) -> [Column] {
    let readers = self
    var leaders: [Counter: Int] = [:]
    var first: [Int] = []
    var second: [(index: Int, leader: Int)] = []
    for (index, reader) in readers.enumerated() {
      let key = reader.counter.map { Counter(tree: ObjectIdentifier(reader.tree), name: $0) }
      if let key, let leader = leaders[key] {
        second.append((index, leader))
      } else {
        if let key { leaders[key] = index }
        first.append(index)
      }
    }
    let (leading, following) = (first, second)
    var columns: [Column?] = [Column?](repeating: nil, count: count)
    let read = try map(leading.count) { place throws(ROOTFileError) in
      try readers[leading[place]].column(expected: nil)
    }
    for (index, column) in zip(leading, read) { columns[index] = column }
    if !following.isEmpty {
      let expected = following.map { columns[$0.leader]?.offsets }
      let read = try map(following.count) { place throws(ROOTFileError) in
        try readers[following[place].index].column(expected: expected[place])
      }
      for (follower, column) in zip(following, read) { columns[follower.index] = column }
    }
    return columns.compactMap { $0 }
  }
}

/// A branch that counts, or a collection.
private struct Counter: Hashable {
  let tree: ObjectIdentifier
  let name: String
}

extension BranchReader {
  /// Throws if values would take more memory than the machine has.
  func requireMemory<Value>(for count: Int, of type: Value.Type) throws(ROOTFileError) {
    let available = ProcessInfo.processInfo.physicalMemory
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
    if overflow || UInt64(bytes) > available {
      throw ROOTFileError(
        code: .system,
        message: "\(count) values take more memory than the \(available >> 20) MiB that there "
          + "are. Read fewer entries at a time.",
        location: .init(file: tree.path, object: "\(tree.name)/\(branch.name)"))
    }
  }
}
