// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Torch

/// Writes an event store that appears only when it is complete.
///
///     let writer = try EventStoreWriter(folder: "stores/data", schema: schema)
///     try writer.append(batch)
///     let manifest = try writer.finish()
///
/// The store grows in a hidden folder beside its own, which ``finish()`` renames. A writer that is
/// let go before that, by an error or because the user stopped the program, removes the folder.
public final class EventStoreWriter {
  /// The folder in which the store will appear.
  public let folder: String
  /// What the store will say about itself; set what is known before ``finish()``.
  public var manifest: StoreManifest
  private let temporaryFolder: String
  private let shardEvents: Int
  private var pending: EventBatch
  private var pendingOrigins: [EventOrigin] = []
  private var isFinished = false

  /// Creates the hidden folder.
  ///
  /// - Parameters:
  ///   - folder: Where the store will appear; a store that is there is replaced.
  ///   - schema: What the events consist of.
  ///   - sample: The name of the sample.
  ///   - program: The program with its version.
  ///   - shardEvents: The number of events in a file.
  /// - Throws: `FileSystemError`; ``EventStoreError`` with code `folderInUse` if the folder holds
  ///   something that is not a store.
  public init(
    folder: String, schema: EventSchema, sample: String = "", program: String = "lorentz",
    shardEvents: Int = 50_000
  ) throws {
    precondition(shardEvents > 0, "A shard has at least one event, not \(shardEvents).")
    let url = URL(fileURLWithPath: folder)
    self.folder = url.path
    self.shardEvents = shardEvents
    manifest = StoreManifest(schema: schema, sample: sample, program: program)
    pending = EventBatch(schema: schema)
    let parent = url.deletingLastPathComponent().path
    temporaryFolder =
      "\(parent)/.\(url.lastPathComponent).\(getpid()).\(UInt32.random(in: 0 ... .max))"
    try Self.checkReplaceable(self.folder)
    try createFolder(parent)
    try createFolder(temporaryFolder)
  }

  deinit {
    if !isFinished { try? FileManager.default.removeItem(atPath: temporaryFolder) }
  }

  /// Appends events; their `eventIndices` do not matter.
  ///
  /// - Parameters:
  ///   - batch: The events, with the store's schema.
  ///   - origins: Where they come from; as many as events, or none.
  /// - Throws: `FileSystemError`; `InterruptedError`; ``EventStoreError`` with code
  ///   `invalidValue` for a number that a store may not hold.
  public func append(_ batch: EventBatch, origins: [EventOrigin]? = nil) throws {
    precondition(batch.schema == manifest.schema, "The batch has another schema than the store.")
    precondition(batch.isConsistent, "The arrays of the batch have lengths that do not agree.")
    let origins = origins ?? Array(repeating: EventOrigin(), count: batch.eventCount)
    precondition(
      origins.count == batch.eventCount,
      "There are \(origins.count) origins for \(batch.eventCount) events.")
    if let fault = EventFault.first(in: batch) {
      throw EventStoreError(code: .invalidValue, path: folder, statement: fault.statement)
    }
    var start = 0
    while start < batch.eventCount {
      try Interruption.check()
      let end = min(batch.eventCount, start + shardEvents - pending.eventCount)
      pending.append(contentsOf: batch, events: start..<end)
      pendingOrigins += origins[start..<end]
      if pending.eventCount == shardEvents { try flush() }
      start = end
    }
  }

  /// Writes what is left, computes the statistics and gives the store its name.
  ///
  /// - Returns: The manifest as written.
  /// - Throws: `FileSystemError`, `InterruptedError` or ``EventStoreError``.
  @discardableResult
  public func finish() throws -> StoreManifest {
    precondition(!isFinished, "The store \(folder) was finished before.")
    if pending.eventCount > 0 || manifest.shards.isEmpty { try flush() }
    let store = try EventStore(path: temporaryFolder, manifest: manifest)
    manifest.statistics = try StoreStatistics(of: store)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeAtomically(try encoder.encode(manifest), to: temporaryFolder + "/manifest.json")
    try replace()
    isFinished = true
    return manifest
  }

  private func flush() throws {
    let name = "shard-" + String(format: "%05d", manifest.shards.count) + ".safetensors"
    let batch = pending
    let width = manifest.schema.featureWidth
    let origins = pendingOrigins
    var writer = SafetensorsWriter(metadata: ["format": "lorentz event shard 1"])
    writer.add("offsets", batch.offsets)
    let columns: [(EventOrigin) -> Int?] = [
      { $0.run }, { $0.luminosityBlock }, { $0.event }, { $0.source }, { $0.entry },
    ]
    for (name, column) in zip(EventShard.originNames, columns) {
      writer.add(name, origins.map { column($0) ?? -1 })
    }
    writer.add("momentum", batch.momenta, shape: [batch.objectCount, 4])
    writer.add("features", batch.features, shape: [batch.objectCount, width])
    writer.add(
      "scalars", batch.scalars, shape: [batch.eventCount, manifest.schema.scalars.count])
    writer.add("weight", batch.weights)
    writer.add("label", batch.labels)
    writer.add("kind", batch.kinds)
    try writer.write(to: "\(temporaryFolder)/\(name)")

    for event in 0..<batch.eventCount {
      let count = batch.range(of: event).count
      while manifest.multiplicityHistogram.count <= count {
        manifest.multiplicityHistogram.append(0)
      }
      manifest.multiplicityHistogram[count] += 1
      manifest.weightSum += Double(batch.weights[event])
    }
    manifest.shards.append(
      .init(file: name, events: batch.eventCount, objects: batch.objectCount))
    manifest.eventCount += batch.eventCount
    manifest.objectCount += batch.objectCount
    pending = EventBatch(schema: manifest.schema)
    pendingOrigins = []
  }

  /// Renames the hidden folder; a store that was there before makes room first.
  private func replace() throws {
    try Self.checkReplaceable(folder)
    let old = temporaryFolder + ".old"
    let hasOld = rename(folder, old) == 0
    if rename(temporaryFolder, folder) != 0 {
      let failure = errno
      if hasOld { rename(old, folder) }
      throw FileSystemError(operation: "write", path: folder, errorNumber: failure)
    }
    if hasOld { try? FileManager.default.removeItem(atPath: old) }
  }

  /// Only a store, or an empty folder, is ever replaced.
  private static func checkReplaceable(_ folder: String) throws(EventStoreError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else { return }
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard isFolder.boolValue, contents.isEmpty || contents.contains("manifest.json"),
      contents.allSatisfy({ $0 == "manifest.json" || $0.hasSuffix(".safetensors") })
    else {
      throw EventStoreError(
        code: .folderInUse, path: folder,
        statement: "there is something that is not an event store",
        remedy: "Choose another folder, or remove it.")
    }
  }
}

extension EventBatch {
  /// Appends a range of another batch's events.
  package mutating func append(contentsOf other: EventBatch, events: Range<Int>) {
    let objects = other.offsets[events.lowerBound]..<other.offsets[events.upperBound]
    let shift = kinds.count - objects.lowerBound
    let width = schema.featureWidth
    let count = schema.scalars.count
    offsets += other.offsets[events.lowerBound + 1..<events.upperBound + 1].map { $0 + shift }
    eventIndices += other.eventIndices[events]
    kinds += other.kinds[objects]
    momenta += other.momenta[4 * objects.lowerBound..<4 * objects.upperBound]
    features += other.features[width * objects.lowerBound..<width * objects.upperBound]
    scalars += other.scalars[count * events.lowerBound..<count * events.upperBound]
    weights += other.weights[events]
    labels += other.labels[events]
  }
}
