// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Events
import Foundation
import Runtime

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

  private let batches: ReadAhead<Loaded>

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
    self.batches = ReadAhead(count: batches.count, ahead: ahead) { index in
      let start = ProcessInfo.processInfo.systemUptime
      let batch = try Self.read(batches[index], from: store)
      let middle = ProcessInfo.processInfo.systemUptime
      let augmented = augmenter?.apply(to: batch, epoch: epoch) ?? batch
      let end = ProcessInfo.processInfo.systemUptime
      return Loaded(events: augmented, reading: middle - start, augmenting: end - middle)
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
  public func consume(_ body: (Loaded) throws -> Bool) throws { try batches.consume(body) }
}
