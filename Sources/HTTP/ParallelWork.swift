// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Synchronization

/// Work that waits for others most of the time, on threads of its own.
///
/// Threads of the pool are as many as processors, which is too few for what only waits.
enum ParallelWork {
  private struct State {
    var next = 0
    var failure: (index: Int, error: any Error)?
  }

  /// Calls `body` for all indices and waits; after a failure no further index is begun.
  ///
  /// - Throws: The failure of the lowest index.
  static func run(
    count: Int, threads: Int, _ body: @escaping @Sendable (Int) throws -> Void
  ) throws {
    let state = Mutex(State())
    let done = DispatchGroup()
    // A wish to stop belongs to the thread that expressed it.
    let wish = Interruption.wish
    let work: @Sendable () -> Void = {
      while true {
        let index = state.withLock { state -> Int? in
          guard state.next < count, state.failure == nil else { return nil }
          state.next += 1
          return state.next - 1
        }
        guard let index else { return }
        do {
          try Interruption.$wish.withValue(wish) { try body(index) }
        } catch {
          state.withLock { state in
            if index < state.failure?.index ?? .max { state.failure = (index, error) }
          }
        }
      }
    }
    for _ in 1..<max(1, threads) {
      done.enter()
      Thread.detachNewThread {
        work()
        done.leave()
      }
    }
    work()
    done.wait()
    if let failure = state.withLock({ $0.failure }) { throw failure.error }
  }
}
