// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP
import Runtime

/// The bytes of a file on a server, which come block by block when they are needed.
///
/// They have addresses as those of a mapped file have: memory is reserved for the whole file, and
/// filled where it was loaded. What was used longest ago is given back when more than a budget is
/// there, at the end of a ``reading(_:)``, and never what somebody who is reading has loaded.
final class RemoteBytes: Sendable {
  /// What is loaded and given back at a time.
  static let blockLength = 16 << 10
  /// What is loaded around bytes that nobody announced, as those of headers.
  static let surroundings = 256 << 10
  /// How many bytes stay in memory if nobody needs them now.
  static let standardBudget = 256 << 20

  /// The whole file; only loaded ranges hold its bytes.
  // Blocks are written before anybody is told that they are there, and given back when nobody is
  // reading them.
  nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

  /// What the server says of the version of the file.
  var version: String? { file.version }

  let file: RemoteFile
  private let budget: Int

  /// What is in memory, and who uses it.
  struct State {
    /// When each block that is there was used last.
    var lastUse: [Int: Int] = [:]
    /// Blocks that a thread is loading.
    var underWay: Set<Int> = []
    /// The number of readings begun.
    var clock = 0
    /// The numbers of the readings that have not ended.
    var readings: Set<Int> = []
    /// Where the entries that were read last end, by the names of tree and branches.
    var ends: [[String]: Int] = [:]
    /// Whether a thread loads what will be wanted next.
    var isLoadingAhead = false
  }

  let lock = NSCondition()
  // Guarded by `lock`.
  nonisolated(unsafe) var state = State()

  /// Asks the server for the length of a file and for its start.
  ///
  /// - Throws: `HTTPError`, `InterruptedError`, or ``ROOTFileError`` if there is no address space.
  init(_ address: String, client: HTTPClient = .shared, budget: Int = standardBudget) throws {
    file = try RemoteFile(address, startLength: 4 * Self.blockLength, client: client)
    self.budget = budget
    if file.size == 0 {
      throw ROOTFileError(
        code: .empty, message: "the file has no bytes. Check the address.",
        location: .init(file: address))
    }
    guard
      let memory = mmap(
        nil, file.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      memory != MAP_FAILED
    else {
      throw ROOTFileError(
        code: .system,
        message: "no address space for \(file.size) bytes (\(String(cString: strerror(errno)))). "
          + "Download the file and read it from a disk.",
        location: .init(file: address))
    }
    // Else a block of 16 KiB would take a page of 2 MiB.
    madvise(memory, file.size, MADV_NOHUGEPAGE)
    bytes = UnsafeMutableRawBufferPointer(start: memory, count: file.size)
    bytes.copyBytes(from: file.start)
    for block in blocks(of: 0..<file.start.count) where end(of: block) <= file.start.count {
      state.lastUse[block] = 0
    }
  }

  deinit { munmap(bytes.baseAddress, bytes.count) }

  func end(of block: Int) -> Int { min((block + 1) * Self.blockLength, bytes.count) }

  /// Returns the blocks that hold some bytes.
  func blocks(of range: Range<Int>) -> Range<Int> {
    let range = range.clamped(to: 0..<bytes.count)
    if range.isEmpty { return 0..<0 }
    return (range.lowerBound / Self.blockLength)..<((range.upperBound - 1) / Self.blockLength + 1)
  }

  /// Calls `body`, during which nothing that it loads is given back.
  func reading<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let begun = lock.withLock {
      state.clock += 1
      state.readings.insert(state.clock)
      return state.clock
    }
    defer {
      lock.withLock {
        state.readings.remove(begun)
        giveBack()
      }
    }
    return try body()
  }

  /// How many bytes are in memory.
  var loadedByteCount: Int { lock.withLock { state.lastUse.count * Self.blockLength } }

  /// Gives back memory beyond the budget, down to half of it, so that this is seldom done.
  private func giveBack() {
    guard state.lastUse.count * Self.blockLength > budget else { return }
    let oldestReading = state.readings.min() ?? .max
    let candidates = state.lastUse.filter { $0.value < oldestReading }
      .sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    let surplus = state.lastUse.count - budget / 2 / Self.blockLength
    for (block, _) in candidates.prefix(max(0, surplus)) {
      state.lastUse[block] = nil
      let start = block * Self.blockLength
      // Without effect it costs memory alone, so that a failure is none.
      if let address = bytes.baseAddress {
        madvise(address + start, end(of: block) - start, MADV_DONTNEED)
      }
    }
  }
}
