// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Dispatch
import Events
import Foundation
import Synchronization

/// Assembles and augments batches on a background thread, a few ahead of the model.
public final class BatchLoader: Sendable {
  /// A batch, and the seconds that it took on the background thread.
  public struct Loaded: Sendable {
    /// The events, augmented.
    public let events: EventBatch
    /// Seconds of reading them.
    public let reading: Double
    /// Seconds of augmenting them.
    public let augmenting: Double
  }

  private struct State {
    var ready: [Int: Result<Loaded, any Error>] = [:]
    var isStopped = false
  }

  private let state = Mutex(State())
  private let produced = DispatchSemaphore(value: 0)
  private let room = DispatchSemaphore(value: 0)
  private let count: Int

  /// Starts to assemble.
  ///
  /// - Parameters:
  ///   - store: Where the events are.
  ///   - batches: The events of each batch. A position beyond the last event counts on from the
  ///     first: that event once more, with the position as the key of its random numbers.
  ///   - augmenter: The transformations; `nil` leaves the events as they are.
  ///   - epoch: The epoch, part of the key of the transformations.
  ///   - ahead: Number of batches held ready.
  public init(
    store: any EventSource, batches: [[Int]], augmenter: Augmenter?, epoch: Int, ahead: Int = 3
  ) {
    count = batches.count
    // A semaphore may not be freed below its first value, as it would be after stopping early:
    // hence it starts at 0 and is raised.
    for _ in 0..<ahead { room.signal() }
    DispatchQueue.global(qos: .userInitiated).async { [self] in
      for (index, events) in batches.enumerated() {
        room.wait()
        if state.withLock({ $0.isStopped }) { return }
        let result = Result { () throws -> Loaded in
          let start = ProcessInfo.processInfo.systemUptime
          let batch = try Self.read(events, from: store)
          let middle = ProcessInfo.processInfo.systemUptime
          let augmented = augmenter?.apply(to: batch, epoch: epoch) ?? batch
          let end = ProcessInfo.processInfo.systemUptime
          return Loaded(events: augmented, reading: middle - start, augmenting: end - middle)
        }
        state.withLock { $0.ready[index] = result }
        produced.signal()
      }
    }
  }

  private static func read(_ events: [Int], from store: any EventSource) throws -> EventBatch {
    let count = store.eventCount
    guard events.contains(where: { $0 >= count }) else { return try store.batch(events: events) }
    var batch = try store.batch(events: events.map { $0 % count })
    batch.eventIndices = events
    return batch
  }

  /// Calls a closure with each batch in order.
  ///
  /// - Parameter body: Returns `false` to stop early.
  /// - Throws: What the store or the closure throws.
  public func consume(_ body: (Loaded) throws -> Bool) throws {
    defer {
      state.withLock { $0.isStopped = true }
      room.signal()
    }
    for index in 0..<count {
      produced.wait()
      let result = state.withLock { $0.ready.removeValue(forKey: index) }
      room.signal()
      guard let result else { preconditionFailure("Batch \(index) was signaled but is not there.") }
      if try !body(result.get()) { return }
    }
  }
}
