// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Makes values on a background thread, a few ahead of who consumes them.
///
///     let chunks = ReadAhead(count: ranges.count, ahead: 1) { try read(ranges[$0]) }
///     try chunks.consume { chunk in use(chunk); return true }
package final class ReadAhead<Value: Sendable>: Sendable {
  private struct State {
    var ready: [Int: Result<Value, any Error>] = [:]
    var isStopped = false
  }

  private let state = Mutex(State())
  private let produced = DispatchSemaphore(value: 0)
  private let room = DispatchSemaphore(value: 0)
  private let count: Int

  /// Starts to make values.
  ///
  /// - Parameters:
  ///   - count: The number of values.
  ///   - ahead: The number of values that are made before they are asked for.
  ///   - make: Makes the value of an index; runs on one thread, index after index.
  package init(
    count: Int, ahead: Int, make: @escaping @Sendable (Int) throws -> Value
  ) {
    self.count = count
    // A semaphore may not be freed below its first value, as it would be after stopping early:
    // hence it starts at 0 and is raised.
    for _ in 0..<ahead { room.signal() }
    DispatchQueue.global(qos: .userInitiated).async { [self] in
      for index in 0..<count {
        room.wait()
        if state.withLock({ $0.isStopped }) { return }
        let result = Result { try make(index) }
        state.withLock { $0.ready[index] = result }
        produced.signal()
      }
    }
  }

  /// Calls a closure with each value in order; may be called once.
  ///
  /// - Parameter body: Returns `false` to stop early.
  /// - Throws: What making a value or the closure throws.
  package func consume(_ body: (Value) throws -> Bool) throws {
    defer {
      state.withLock { $0.isStopped = true }
      room.signal()
    }
    for index in 0..<count {
      room.signal()
      produced.wait()
      guard let result = state.withLock({ $0.ready.removeValue(forKey: index) }) else {
        preconditionFailure("Value \(index) was signaled but is not there.")
      }
      if try !body(result.get()) { return }
    }
  }
}
