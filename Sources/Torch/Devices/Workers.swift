// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Threads that do jobs side by side, each with one LibTorch thread of its own.
///
///     let workers = Workers(count: 2)
///     try workers.run(count: shards.count) { index in … }
///
/// Small trainings, or parts of a batch, use two cores better that way than one after the other
/// with two threads for each operation: nothing is left to a single thread, and no thread waits for
/// another after every operation. The threads sleep between runs and end with the object.
public final class Workers: Sendable {
  private struct State {
    var job: (@Sendable (Int) throws -> Void)?
    var count = 0
    var next = 0
    var working = 0
    var generation = 0
    var isOver = false
    var failure: (index: Int, error: any Error)?
  }

  /// What the threads share; they hold it, and not the object, so that the object can end them.
  private final class Shared: @unchecked Sendable {
    let condition = NSCondition()
    var state = State()
  }

  /// Number of jobs that are done at a time.
  public let count: Int
  private let shared = Shared()

  /// Starts threads; a single worker has none and works on the thread that calls, with all its
  /// LibTorch threads.
  ///
  /// - Precondition: `count` is positive.
  public init(count: Int) {
    precondition(count > 0, "There must be at least one worker, not \(count).")
    self.count = count
    guard count > 1 else { return }
    for _ in 0..<count {
      let thread = Thread { [shared] in Self.work(shared) }
      // Gradients are found by recursion in LibTorch; the default of a thread is small for it.
      thread.stackSize = 16 << 20
      thread.start()
    }
  }

  deinit {
    shared.condition.lock()
    shared.state.isOver = true
    shared.condition.broadcast()
    shared.condition.unlock()
  }

  /// Does jobs and waits until they are done.
  ///
  /// - Parameters:
  ///   - count: Number of jobs.
  ///   - job: Does the job of an index.
  /// - Throws: The error of the first job that failed; jobs that have not begun then stay undone.
  public func run(count: Int, job: @escaping @Sendable (Int) throws -> Void) throws {
    guard self.count > 1, count > 1 else {
      for index in 0..<count { try job(index) }
      return
    }
    let condition = shared.condition
    condition.lock()
    while shared.state.working > 0 || shared.state.job != nil { condition.wait() }
    shared.state.job = job
    shared.state.count = count
    shared.state.next = 0
    shared.state.failure = nil
    shared.state.working = self.count
    shared.state.generation += 1
    condition.broadcast()
    while shared.state.working > 0 { condition.wait() }
    let failure = shared.state.failure
    shared.state.job = nil
    condition.broadcast()
    condition.unlock()
    if let failure { throw failure.error }
  }

  private static func work(_ shared: Shared) {
    Threads.setCount(1)
    let condition = shared.condition
    var generation = 0
    condition.lock()
    while true {
      while !shared.state.isOver, shared.state.generation == generation { condition.wait() }
      if shared.state.isOver { break }
      generation = shared.state.generation
      while shared.state.failure == nil, shared.state.next < shared.state.count,
        let job = shared.state.job
      {
        let index = shared.state.next
        shared.state.next += 1
        condition.unlock()
        let result = Result { try job(index) }
        condition.lock()
        if case .failure(let error) = result, index < shared.state.failure?.index ?? .max {
          shared.state.failure = (index, error)
        }
      }
      shared.state.working -= 1
      if shared.state.working == 0 { condition.broadcast() }
    }
    condition.unlock()
  }
}

/// Runs jobs on several threads that live as long as the jobs; see ``Workers``.
///
/// - Parameters:
///   - count: Number of jobs.
///   - width: Jobs at a time; a single job at a time uses all LibTorch threads.
///   - job: Does the job of an index.
/// - Throws: The error of the first job that failed; jobs that have not begun then stay undone.
public func runInParallel(
  count: Int, width: Int, job: @escaping @Sendable (Int) throws -> Void
) throws {
  try Workers(count: max(1, min(width, count))).run(count: count, job: job)
}
