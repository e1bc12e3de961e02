// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Torch

/// Events on disk: a folder with `manifest.json` and memory-mapped shards.
///
///     let store = try EventStore(path: "stores/data")
///     let batch = try store.batch(events: [4711, 12, 3])
///
/// A shard is a safetensors file with these tensors, for E events and T objects:
///
///     offsets           I64 [E + 1]  the first object of each event, and T
///     kind              U8  [T]      position in the schema's kinds
///     momentum          F32 [T, 4]   pt, eta, phi, mass; NaN = not defined
///     features          F32 [T, W]   NaN = missing, or not a feature of the kind
///     scalars           F32 [E, k]   NaN = missing
///     weight            F32 [E]
///     label             I32 [E]      -1 = none
///     run, luminosityBlock, event    I64 [E]  -1 = unknown
///     source, entry     I64 [E]      position in the manifest's sources, entry in its tree
///
/// Reading is safe from several threads. Events of a large store are read from its files rather
/// than from the mapping, so that it is not held in memory.
public final class EventStore: Sendable {
  /// The folder.
  public let path: String
  /// What the store says about itself.
  public let manifest: StoreManifest
  private let shards: [EventShard]
  /// The position of the first event of each shard, and the number of events.
  private let starts: [Int]

  /// Opens a store and checks that its parts agree.
  ///
  /// - Throws: ``EventStoreError``.
  public convenience init(path: String) throws(EventStoreError) {
    try self.init(path: path, manifest: try Self.manifest(of: path))
  }

  /// Opens a store whose manifest is known.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - manifest: What it says about itself.
  ///   - largestInMemory: Size of the files, in bytes, up to which they may stay in memory.
  /// - Throws: ``EventStoreError``.
  package init(
    path: String, manifest: StoreManifest, largestInMemory: Int = 256 << 20
  ) throws(EventStoreError) {
    self.path = path
    self.manifest = manifest
    var shards: [EventShard] = []
    var starts = [0]
    for shard in manifest.shards {
      shards.append(try EventShard(folder: path, shard: shard, schema: manifest.schema))
      starts.append(starts[starts.count - 1] + shard.events)
    }
    guard starts.last == manifest.eventCount else {
      throw EventStoreError(
        code: .invalidManifest, path: path,
        statement: "its shards hold \(starts.last ?? 0) events, the manifest counts "
          + "\(manifest.eventCount)",
        remedy: "Prepare it again.")
    }
    self.shards = shards
    self.starts = starts
    if shards.reduce(0, { $0 + $1.byteCount }) > largestInMemory {
      for shard in shards { shard.readFromFile() }
    }
  }

  /// Reads the manifest of a store.
  ///
  /// - Throws: ``EventStoreError``.
  public static func manifest(of path: String) throws(EventStoreError) -> StoreManifest {
    struct Version: Decodable { var formatVersion: Int }
    let file = path + "/manifest.json"
    guard let data = FileManager.default.contents(atPath: file) else {
      let exists = FileManager.default.fileExists(atPath: path)
      throw EventStoreError(
        code: .notAStore, path: path,
        statement: exists ? "the folder has no manifest.json" : "there is no such folder",
        remedy: "Make the store with `lorentz prepare`.")
    }
    do {
      let version = try JSONDecoder().decode(Version.self, from: data).formatVersion
      guard version == StoreManifest.currentFormatVersion else {
        throw EventStoreError(
          code: .unsupportedVersion, path: path,
          statement: "its format has version \(version), expected "
            + "\(StoreManifest.currentFormatVersion)",
          remedy: "Prepare it again with this version of the program.")
      }
      let manifest = try JSONDecoder().decode(StoreManifest.self, from: data)
      let names = manifest.schema.objectKinds.map(\.name)
      guard names.count <= 255, Set(names).count == names.count,
        manifest.schema.fingerprint == manifest.schemaFingerprint,
        manifest.shards.allSatisfy({ $0.events >= 0 && $0.objects >= 0 && $0.events < 1 << 40 })
      else {
        throw EventStoreError(
          code: .invalidManifest, path: path,
          statement: "the schema or the counts in manifest.json contradict themselves",
          remedy: "Prepare it again.")
      }
      return manifest
    } catch let error as EventStoreError {
      throw error
    } catch {
      throw EventStoreError(
        code: .invalidManifest, path: path, statement: "manifest.json is damaged",
        remedy: "Prepare it again.", cause: error)
    }
  }

  /// What the events consist of.
  public var schema: EventSchema { manifest.schema }

  /// The number of events.
  public var eventCount: Int { manifest.eventCount }

  /// What tells the events from others: a checksum of the configuration and of all files that
  /// they were made from.
  public var fingerprint: String {
    var hash = Checksum()
    hash.update(manifest.configurationFingerprint)
    for source in manifest.sources { hash.update(" \(source.checksum) \(source.entries)") }
    hash.update(" \(manifest.eventCount) \(manifest.objectCount)")
    return hash.hexadecimal
  }

  /// How the numbers are distributed.
  public var statistics: StoreStatistics { manifest.statistics }

  /// Returns events in the order asked for; one may be asked for several times.
  ///
  /// - Precondition: All are in `0..<eventCount`.
  /// - Throws: ``EventStoreError`` with code `invalidValue` if a number is infinite, or not
  ///   defined or negative where it may not be; `invalidShard` if a shard is damaged.
  public func batch(events: some Collection<Int>) throws(EventStoreError) -> EventBatch {
    var batch = EventBatch(schema: schema)
    batch.eventIndices.reserveCapacity(events.count)
    batch.offsets.reserveCapacity(events.count + 1)
    for event in events {
      let (shard, index) = locate(event)
      try shards[shard].append(index, position: event, to: &batch)
    }
    if let fault = EventFault.first(in: batch) {
      throw EventStoreError(
        code: .invalidValue, path: path, statement: fault.statement,
        remedy: "The store is damaged; prepare it again.")
    }
    return batch
  }

  /// Returns the number of objects of an event.
  ///
  /// - Precondition: The event is in `0..<eventCount`.
  public func multiplicity(of event: Int) -> Int {
    let (shard, index) = locate(event)
    return shards[shard].multiplicity(of: index)
  }

  /// Returns the labels of all events, -1 where there is none.
  public func labels() -> [Int32] { shards.flatMap { $0.labels() } }

  /// Returns the weights of all events.
  public func weights() -> [Float] { shards.flatMap { $0.weights() } }

  /// Returns where an event comes from.
  ///
  /// - Precondition: The event is in `0..<eventCount`.
  public func origin(of event: Int) -> EventOrigin {
    let (shard, index) = locate(event)
    return shards[shard].origin(of: index)
  }

  /// Returns the shard of an event and its position there.
  private func locate(_ event: Int) -> (shard: Int, index: Int) {
    precondition(
      event >= 0 && event < eventCount, "The event \(event) is not in 0..<\(eventCount).")
    // The last shard that begins at or before the event; shards without events are passed over.
    let shard = starts.prefix(shards.count).firstIndexOfSorted { $0 > event } - 1
    return (shard, event - starts[shard])
  }
}

/// Where an event comes from.
public struct EventOrigin: Sendable, Hashable {
  /// The run, or `nil` if the file does not say.
  public var run: Int?
  /// The luminosity block, or `nil` if the file does not say.
  public var luminosityBlock: Int?
  /// The event number, or `nil` if the file does not say.
  public var event: Int?
  /// The position of the file in the manifest's sources, or `nil` if the event is from no file.
  public var source: Int?
  /// The entry in the file's tree, or `nil` if the event is from no file.
  public var entry: Int?

  /// Makes an origin.
  ///
  /// - Parameters:
  ///   - run: The run.
  ///   - luminosityBlock: The luminosity block.
  ///   - event: The event number.
  ///   - source: The position of the file in the manifest's sources.
  ///   - entry: The entry in the file's tree.
  public init(
    run: Int? = nil, luminosityBlock: Int? = nil, event: Int? = nil, source: Int? = nil,
    entry: Int? = nil
  ) {
    self.run = run
    self.luminosityBlock = luminosityBlock
    self.event = event
    self.source = source
    self.entry = entry
  }
}
