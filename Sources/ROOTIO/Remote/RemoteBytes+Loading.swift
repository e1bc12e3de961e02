// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP
import Runtime

extension RemoteBytes {
  /// Loads bytes and some around them, unless they are there.
  ///
  /// - Throws: ``DecodingFailure`` with code `network` or another that says why.
  func load(_ range: Range<Int>) throws(DecodingFailure) {
    if isThere(range) { return }
    let unit = Self.surroundings
    let start = range.lowerBound / unit * unit
    let end = (range.upperBound + unit - 1) / unit * unit
    try load([range.count < unit ? start..<end : range])
  }

  private func isThere(_ range: Range<Int>) -> Bool {
    lock.withLock {
      for block in blocks(of: range) {
        guard state.lastUse[block] != nil else { return false }
        state.lastUse[block] = state.clock
      }
      return true
    }
  }

  /// Loads ranges of bytes that may overlap, in few requests side by side.
  ///
  /// - Throws: ``DecodingFailure`` with code `network` or another that says why.
  func load(_ ranges: [Range<Int>]) throws(DecodingFailure) {
    while true {
      var missing = IndexSet()
      var isAwaited = false
      lock.withLock {
        for range in ranges {
          for block in blocks(of: range) {
            if state.lastUse[block] != nil {
              state.lastUse[block] = state.clock
            } else if state.underWay.contains(block) {
              isAwaited = true
            } else {
              missing.insert(block)
            }
          }
        }
        bridgeGaps(&missing)
        state.underWay.formUnion(missing)
        if missing.isEmpty, isAwaited {
          // Whoever loads them may fail; then it is ours to try.
          _ = lock.wait(until: Date(timeIntervalSinceNow: 0.1))
        }
      }
      if missing.isEmpty {
        if !isAwaited { return }
        if Interruption.isRequested { throw .network(InterruptedError()) }
        continue
      }
      try fetch(missing)
    }
  }

  /// Adds blocks between missing ones where a request more would take longer than their bytes.
  private func bridgeGaps(_ missing: inout IndexSet) {
    let longest = RequestPlan.longestGap / Self.blockLength
    var last: Int?
    for run in Array(missing.rangeView) {
      if let last, run.lowerBound - last <= longest,
        (last..<run.lowerBound).allSatisfy({
          state.lastUse[$0] == nil && !state.underWay.contains($0)
        })
      {
        missing.insert(integersIn: last..<run.lowerBound)
      }
      last = run.upperBound
    }
  }

  /// Loads blocks that nobody else is loading.
  private func fetch(_ missing: IndexSet) throws(DecodingFailure) {
    let requests = RequestPlan.requests(
      for: missing.rangeView.map { $0 }, blockLength: Self.blockLength)
    // Where the requests end in bytes, and the blocks of each.
    var blocks: [Int: Range<Int>] = [:]
    for request in requests { blocks[end(of: request.upperBound - 1)] = request }
    let ends = blocks
    let result = Result {
      // Every block is written by one request.
      nonisolated(unsafe) let memory = bytes
      try file.read(
        requests.map { ($0.lowerBound * Self.blockLength)..<end(of: $0.upperBound - 1) }
      ) { [self] data, offset in
        let end = offset + data.count
        UnsafeMutableRawBufferPointer(rebasing: memory[offset..<end]).copyBytes(from: data)
        // Nobody has to wait for what the other requests bring.
        if let arrived = ends[end] { finish(IndexSet(integersIn: arrived), isThere: true) }
      }
    }
    if case .failure(let error) = result {
      finish(missing, isThere: false)
      throw .network(error)
    }
  }

  /// Notes that blocks which were under way have arrived, or will not.
  private func finish(_ blocks: IndexSet, isThere: Bool) {
    lock.withLock {
      for block in blocks where state.underWay.remove(block) != nil && isThere {
        state.lastUse[block] = state.clock
      }
      lock.broadcast()
    }
  }

  /// Begins to load what will be wanted next, unless that is under way.
  ///
  /// A failure is none: who needs the bytes will ask again.
  func loadAhead(_ ranges: [Range<Int>]) {
    let isMine = lock.withLock {
      defer { state.isLoadingAhead = true }
      return !state.isLoadingAhead
    }
    guard isMine else { return }
    Thread.detachNewThread { [self] in
      do throws(DecodingFailure) {
        try reading { () throws(DecodingFailure) in try load(ranges) }
      } catch {}
      lock.withLock { state.isLoadingAhead = false }
    }
  }

  /// How many bytes of some ranges would have to be loaded.
  func missingByteCount(of ranges: [Range<Int>]) -> Int {
    lock.withLock {
      ranges.reduce(0) { sum, range in
        sum + blocks(of: range).lazy.filter { self.state.lastUse[$0] == nil }.count
          * Self.blockLength
      }
    }
  }

  /// Notes which entries of branches are read; returns whether they follow those read before.
  func follows(_ entries: Range<Int>, of names: [String]) -> Bool {
    lock.withLock { state.ends.updateValue(entries.upperBound, forKey: names) }
      == entries.lowerBound
  }
}
