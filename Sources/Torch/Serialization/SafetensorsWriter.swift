// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// Writes a safetensors file that appears only when it is complete.
///
///     var writer = SafetensorsWriter(metadata: ["format": "lorentz"])
///     writer.add("offsets", [0, 3, 5])
///     writer.add("momentum", momenta, shape: [5, 4])
///     try writer.write(to: "shard-00000.safetensors")
///
/// Tensors are stored by falling size of their elements, in the order in which they were added
/// within one size, so that all are aligned; the data begin at a multiple of 8 bytes.
public struct SafetensorsWriter {
  private struct Entry {
    var name: String
    var type: SafetensorsElementType
    var shape: [Int]
    var size: Int
    var emit: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  }

  /// The texts stored with the tensors.
  public var metadata: [String: String]
  private var entries: [Entry] = []

  /// Makes a writer without tensors.
  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds the numbers of an array.
  ///
  /// - Parameters:
  ///   - name: The tensor's name, not used before.
  ///   - values: The elements, outermost dimension slowest.
  ///   - shape: The extents; a vector without.
  public mutating func add<T: SafetensorsElement>(
    _ name: String, _ values: [T], shape: [Int]? = nil
  ) {
    let shape = shape ?? [values.count]
    add(name, elementType: T.elementType, shape: shape) { emit in
      try values.withUnsafeBytes(emit)
    }
    precondition(
      values.count == shape.reduce(1, *),
      "The tensor \(name) has \(values.count) elements, its shape \(shape) needs another number.")
  }

  /// Adds a tensor whose bytes are produced when the file is written.
  ///
  /// - Parameters:
  ///   - name: The tensor's name, not used before.
  ///   - elementType: The type of its elements.
  ///   - shape: Its extents, outermost first.
  ///   - bytes: Calls its argument with the little-endian bytes, in one part or several.
  public mutating func add(
    _ name: String, elementType: SafetensorsElementType, shape: [Int],
    bytes: @escaping ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) {
    precondition(
      name != "__metadata__" && !entries.contains { $0.name == name },
      "The tensor name \(name) is reserved or was used before.")
    precondition(
      shape.allSatisfy { $0 >= 0 }, "The shape \(shape) of \(name) has a negative extent.")
    entries.append(
      Entry(
        name: name, type: elementType, shape: shape,
        size: shape.reduce(elementType.byteCount, *), emit: bytes))
  }

  /// Writes the file.
  ///
  /// - Throws: `FileSystemError`; what was at the path before is then untouched.
  public func write(to path: String) throws {
    // `sorted` is not documented to be stable, so the position decides within one size.
    let ordered = entries.enumerated().sorted {
      ($1.element.type.byteCount, $0.offset) < ($0.element.type.byteCount, $1.offset)
    }.map(\.element)
    let file = try AtomicFile(path: path)
    let header = SafetensorsHeader.bytes(
      ordered.map { ($0.name, $0.type, $0.shape, $0.size) }, metadata: metadata)
    try header.withUnsafeBytes { try file.write($0) }
    for entry in ordered {
      var written = 0
      try entry.emit { bytes in
        written += bytes.count
        try file.write(bytes)
      }
      precondition(
        written == entry.size,
        "The tensor \(entry.name) of \(entry.size) bytes was given \(written).")
    }
    try file.commit()
  }
}
