// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Torch

/// One mapped file of a store.
// The pointers lead into the file's mapping, which is read-only and lives as long as `file`.
final class EventShard: @unchecked Sendable {
  private let file: SafetensorsFile
  private let eventCount: Int
  private let objectCount: Int
  private let featureWidth: Int
  private let scalarCount: Int
  private let offsets: UnsafeRawBufferPointer
  private let kinds: UnsafeRawBufferPointer
  private let momenta: UnsafeRawBufferPointer
  private let features: UnsafeRawBufferPointer
  private let scalars: UnsafeRawBufferPointer
  private let weightBytes: UnsafeRawBufferPointer
  private let labelBytes: UnsafeRawBufferPointer
  private let origins: [UnsafeRawBufferPointer]
  private var isMapped = true

  /// The size of the file in bytes.
  var byteCount: Int { file.byteCount }

  /// Reads events from the file from now on, rather than from the mapping, which would hold in
  /// memory whatever was read once.
  func readFromFile() {
    isMapped = false
    file.releaseMemory()
  }

  /// The tensors that tell where events come from, in the order of ``EventOrigin``.
  static let originNames = ["run", "luminosityBlock", "event", "source", "entry"]

  init(
    folder: String, shard: StoreManifest.Shard, schema: EventSchema
  ) throws(EventStoreError) {
    // A manifest may name no file outside its folder.
    guard !shard.file.contains("/"), shard.file.hasSuffix(".safetensors") else {
      throw EventStoreError(
        code: .invalidManifest, path: folder,
        statement: "manifest.json names the shard \(shard.file)", remedy: "Prepare it again.")
    }
    let path = "\(folder)/\(shard.file)"
    eventCount = shard.events
    objectCount = shard.objects
    featureWidth = schema.featureWidth
    scalarCount = schema.scalars.count
    do {
      let file = try SafetensorsFile(path: path)
      func bytes(
        _ name: String, _ type: SafetensorsElementType, _ shape: [Int]
      ) throws(SafetensorsError) -> UnsafeRawBufferPointer {
        let tensor = try file.description(of: name)
        guard tensor.elementType == type, tensor.shape == shape else {
          throw SafetensorsError(
            code: .typeMismatch, path: path, tensor: name,
            statement: "it is \(tensor.elementType.rawValue) of shape \(tensor.shape), expected "
              + "\(type.rawValue) of shape \(shape)")
        }
        return try file.unsafeBytes(of: name)
      }
      self.file = file
      offsets = try bytes("offsets", .int64, [eventCount + 1])
      kinds = try bytes("kind", .uint8, [objectCount])
      momenta = try bytes("momentum", .float32, [objectCount, 4])
      features = try bytes("features", .float32, [objectCount, featureWidth])
      scalars = try bytes("scalars", .float32, [eventCount, scalarCount])
      weightBytes = try bytes("weight", .float32, [eventCount])
      labelBytes = try bytes("label", .int32, [eventCount])
      var origins: [UnsafeRawBufferPointer] = []
      for name in Self.originNames { origins.append(try bytes(name, .int64, [eventCount])) }
      self.origins = origins
    } catch {
      throw EventStoreError(
        code: .invalidShard, path: folder, statement: "\(error)", cause: error)
    }
    // All offsets are checked once, here, so that every later use may rely on them.
    var previous: Int64 = 0
    var isOrdered = load(offsets, 0, as: Int64.self) == 0
    for index in 0...eventCount {
      let offset = load(offsets, index, as: Int64.self)
      isOrdered = isOrdered && offset >= previous
      previous = offset
    }
    guard isOrdered, previous == objectCount else {
      throw EventStoreError(
        code: .invalidShard, path: folder,
        statement: "the offsets of \(shard.file) do not rise from 0 to \(objectCount)",
        remedy: "Prepare it again.")
    }
  }

  /// Appends an event to a batch.
  func append(_ index: Int, position: Int, to batch: inout EventBatch) throws(EventStoreError) {
    do {
      let objects = try read(offsets, index..<index + 2, as: Int64.self) {
        Int(load($0, 0, as: Int64.self))..<Int(load($0, 1, as: Int64.self))
      }
      let kindCount = batch.schema.objectKinds.count
      try read(kinds, objects, as: UInt8.self) { bytes in
        guard bytes.allSatisfy({ Int($0) < kindCount }) else {
          throw EventStoreError(
            code: .invalidShard, path: file.path,
            statement: "event \(position) has an object of a kind that is not in the schema",
            remedy: "Prepare the store again.")
        }
        batch.kinds.append(contentsOf: bytes)
      }
      try append(momenta, 4, objects, to: &batch.momenta)
      try append(features, featureWidth, objects, to: &batch.features)
      try append(scalars, scalarCount, index..<index + 1, to: &batch.scalars)
      try append(weightBytes, 1, index..<index + 1, to: &batch.weights)
      let label = try read(labelBytes, index..<index + 1, as: Int32.self) {
        load($0, 0, as: Int32.self)
      }
      batch.labels.append(label)
    } catch let error as EventStoreError {
      throw error
    } catch {
      throw EventStoreError(
        code: .invalidShard, path: file.path, statement: "event \(position): \(error)",
        cause: error)
    }
    batch.offsets.append(batch.kinds.count)
    batch.eventIndices.append(position)
  }

  func multiplicity(of index: Int) -> Int {
    Int(load(offsets, index + 1, as: Int64.self)) - Int(load(offsets, index, as: Int64.self))
  }

  func labels() -> [Int32] { (0..<eventCount).map { load(labelBytes, $0, as: Int32.self) } }

  func weights() -> [Float] { (0..<eventCount).map { load(weightBytes, $0, as: Float.self) } }

  func origin(of index: Int) -> EventOrigin {
    let values = origins.map { bytes in
      let value = load(bytes, index, as: Int64.self)
      return value < 0 ? nil : Int(value)
    }
    return EventOrigin(
      run: values[0], luminosityBlock: values[1], event: values[2], source: values[3],
      entry: values[4])
  }

  private func load<T: BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ index: Int, as type: T.Type
  ) -> T {
    bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: type)
  }

  private func append(
    _ column: UnsafeRawBufferPointer, _ width: Int, _ rows: Range<Int>, to values: inout [Float]
  ) throws {
    let range = width * rows.lowerBound..<width * rows.upperBound
    try read(column, range, as: Float.self) { bytes in
      for index in 0..<range.count { values.append(load(bytes, index, as: Float.self)) }
    }
  }

  /// Calls a closure with elements of a column.
  private func read<T: BitwiseCopyable, R>(
    _ column: UnsafeRawBufferPointer, _ range: Range<Int>, as type: T.Type,
    _ body: (UnsafeRawBufferPointer) throws -> R
  ) throws -> R {
    let size = MemoryLayout<T>.size
    let part = UnsafeRawBufferPointer(
      rebasing: column[size * range.lowerBound..<size * range.upperBound])
    if isMapped { return try body(part) }
    return try withUnsafeTemporaryAllocation(byteCount: part.count, alignment: 8) { buffer in
      let copy = UnsafeMutableRawBufferPointer(rebasing: buffer[..<part.count])
      try file.read(part, into: copy)
      return try body(UnsafeRawBufferPointer(copy))
    }
  }
}
