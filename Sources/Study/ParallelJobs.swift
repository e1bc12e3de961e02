// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization
import Torch

/// Runs jobs on several threads, each with one LibTorch thread of its own.
///
/// Small trainings use two cores better as two trainings than as one with two threads.
///
/// - Parameters:
///   - count: Number of jobs.
///   - width: Jobs at a time; a single job at a time uses all LibTorch threads.
///   - job: Does the job of an index.
/// - Throws: The error of the first job that failed; jobs that have not begun then stay undone.
package func runInParallel(
  count: Int, width: Int, job: @escaping @Sendable (Int) throws -> Void
) throws {
  let threads = min(width, count)
  guard threads > 1 else {
    for index in 0..<count { try job(index) }
    return
  }
  struct State {
    var next = 0
    var failure: (any Error)?
  }
  let state = Mutex(State())
  let done = DispatchGroup()
  for _ in 0..<threads {
    done.enter()
    let thread = Thread {
      defer { done.leave() }
      Threads.setCount(1)
      while true {
        let index = state.withLock { state -> Int? in
          guard state.failure == nil, state.next < count else { return nil }
          defer { state.next += 1 }
          return state.next
        }
        guard let index else { return }
        do {
          try job(index)
        } catch {
          state.withLock { if $0.failure == nil { $0.failure = error } }
        }
      }
    }
    // Gradients are found by recursion in LibTorch; the default of a thread is small for it.
    thread.stackSize = 16 << 20
    thread.start()
  }
  done.wait()
  if let failure = state.withLock({ $0.failure }) { throw failure }
}
