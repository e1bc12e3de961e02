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
  /// The indices of readers whose offsets others share: for each reader that of the first with the
  /// same counter, `nil` for that one itself and for those that count nothing.
  ///
  /// Offsets are most of what there is to write for a list.
  func leaders() -> [Int?] {
    var known: [Counter: Int] = [:]
    return indices.map { index in
      let reader = self[index]
      guard let name = reader.counter else { return nil }
      let counter = Counter(tree: ObjectIdentifier(reader.tree), name: name)
      if let leader = known[counter] { return leader }
      known[counter] = index
      return nil
    }
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
