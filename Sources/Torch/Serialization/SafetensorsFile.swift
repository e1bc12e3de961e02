// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// A safetensors file, memory-mapped: named tensors that Python opens too.
///
///     let file = try SafetensorsFile(path: "shard-00000.safetensors")
///     let momenta = try file.array("momentum", as: Float.self)
///
/// The layout is a header length, a header in JSON, and the tensors' bytes, little-endian:
///
///     offset  bytes  meaning
///     0       8      length n of the header, at most 100,000,000
///     8       n      {"name": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}, …};
///                    "__metadata__" maps texts to texts
///     8 + n   …      the tensors, without gaps; `data_offsets` count from here
///
/// Everything in the header is checked against the file when it is opened. The bytes themselves
/// are read when they are used, so that a file may be larger than memory; it must not be changed
/// or truncated while it is open.
///
/// Specification: https://github.com/huggingface/safetensors, README, "Format".
public final class SafetensorsFile: Sendable {
  /// What the header says about one tensor.
  public struct TensorDescription: Sendable, Hashable {
    /// The type of the elements.
    public let elementType: SafetensorsElementType
    /// The extents, outermost first; empty for a single number.
    public let shape: [Int]
    /// The position of the bytes in the file.
    public let bytes: Range<Int>

    /// The number of elements.
    public var count: Int { bytes.count / elementType.byteCount }
  }

  /// The file.
  public let path: String
  /// The texts that were stored with the tensors.
  public let metadata: [String: String]
  /// The tensors by name.
  public let tensors: [String: TensorDescription]
  private let mapping: MappedFile

  /// Maps a file and checks its header.
  ///
  /// - Throws: ``SafetensorsError``, or `FileSystemError` if the file cannot be opened.
  public init(path: String) throws {
    self.path = path
    mapping = try MappedFile(path: path)
    (tensors, metadata) = try SafetensorsHeader.parse(mapping.bytes, path: path)
  }

  /// The names of the tensors, in alphabetic order.
  public var names: [String] { tensors.keys.sorted() }

  /// Returns the description of a tensor.
  ///
  /// - Throws: ``SafetensorsError`` with code `missingTensor`.
  public func description(of name: String) throws(SafetensorsError) -> TensorDescription {
    guard let description = tensors[name] else {
      let hint = String(nearestNamesHint(for: name, among: names).drop { $0 == " " })
      throw SafetensorsError(
        code: .missingTensor, path: path, tensor: name, statement: "the file has no such tensor",
        remedy: hint)
    }
    return description
  }

  /// Returns the shape of a tensor.
  ///
  /// - Throws: ``SafetensorsError`` with code `missingTensor`.
  public func shape(of name: String) throws(SafetensorsError) -> [Int] {
    try description(of: name).shape
  }

  /// Calls a closure with the bytes of a tensor, which need not be aligned for its elements.
  ///
  /// - Throws: ``SafetensorsError`` with code `missingTensor`, and what the closure throws.
  public func withUnsafeBytes<R>(
    _ name: String, _ body: (UnsafeRawBufferPointer) throws -> R
  ) throws -> R {
    let range = try description(of: name).bytes
    return try withExtendedLifetime(mapping) {
      try body(UnsafeRawBufferPointer(rebasing: mapping.bytes[range]))
    }
  }

  /// Returns the bytes of a tensor, valid for as long as this object lives and not aligned.
  ///
  /// - Throws: ``SafetensorsError`` with code `missingTensor`.
  package func unsafeBytes(of name: String) throws(SafetensorsError) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: mapping.bytes[try description(of: name).bytes])
  }

  /// The size of the file in bytes.
  package var byteCount: Int { mapping.bytes.count }

  /// Gives back the memory of what was read; it is mapped again when it is read again.
  ///
  /// What was read of a mapped file counts as the process's memory, though the system may keep it
  /// or not, until it is given back.
  package func releaseMemory() { mapping.release() }

  /// Copies bytes from the file, not from the mapping, so that they leave no memory behind.
  ///
  /// - Parameters:
  ///   - part: Part of what ``unsafeBytes(of:)`` returned.
  ///   - buffer: Where they go; of the same size.
  /// - Throws: `FileSystemError`.
  package func read(
    _ part: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    try mapping.read(part, into: buffer, path: path)
  }

  /// Calls a closure with the elements of a tensor, valid only inside it.
  ///
  /// The elements are in the mapped file itself, or in a copy where the file did not align them.
  ///
  /// - Throws: ``SafetensorsError`` with code `missingTensor` or `typeMismatch`, and what the
  ///   closure throws.
  public func withUnsafeBuffer<T: SafetensorsElement, R>(
    _ name: String, as type: T.Type = T.self, _ body: (UnsafeBufferPointer<T>) throws -> R
  ) throws -> R {
    let tensor = try description(of: name)
    guard tensor.elementType == T.elementType else {
      throw SafetensorsError(
        code: .typeMismatch, path: path, tensor: name,
        statement: "its elements are \(tensor.elementType.rawValue), "
          + "expected \(T.elementType.rawValue)")
    }
    return try withUnsafeBytes(name) { bytes in
      let address = UInt(bitPattern: bytes.baseAddress)
      if address % UInt(MemoryLayout<T>.alignment) == 0 {
        return try bytes.withMemoryRebound(to: T.self, body)
      }
      let copy = [T](unsafeUninitializedCapacity: tensor.count) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        count = tensor.count
      }
      return try copy.withUnsafeBufferPointer(body)
    }
  }

  /// Returns the elements of a tensor, outermost dimension slowest.
  ///
  /// - Throws: ``SafetensorsError`` with code `missingTensor` or `typeMismatch`.
  public func array<T: SafetensorsElement>(_ name: String, as type: T.Type = T.self) throws -> [T] {
    try withUnsafeBuffer(name, as: type) { Array($0) }
  }
}

/// The bytes of a file, mapped read-only for as long as this object lives.
// The mapping is read-only and only unmapped when nobody holds it, so that threads may share it.
private final class MappedFile: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  private let descriptor: Int32

  init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FileSystemError(operation: "open", path: path, errorNumber: errno)
    }
    var isKept = false
    defer { if !isKept { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileSystemError(operation: "open", path: path, errorNumber: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileSystemError(
        operation: "map", path: path,
        errorNumber: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    let size = Int(status.st_size)
    self.descriptor = descriptor
    if size == 0 {
      isKept = true
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else { throw FileSystemError(operation: "map", path: path, errorNumber: errno) }
    isKept = true
    bytes = UnsafeRawBufferPointer(start: address, count: size)
  }

  func read(
    _ part: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer, path: String
  ) throws {
    guard let base = bytes.baseAddress, let start = part.baseAddress else { return }
    var done = 0
    while done < part.count {
      let count = pread(
        descriptor, buffer.baseAddress?.advanced(by: done), part.count - done,
        off_t(start - base + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw FileSystemError(
          operation: "read", path: path, errorNumber: count == 0 ? EIO : errno)
      }
      done += count
    }
  }

  /// Unmaps the pages; their addresses stay valid, and reading one maps it again.
  func release() {
    guard let address = bytes.baseAddress else { return }
    madvise(UnsafeMutableRawPointer(mutating: address), bytes.count, MADV_DONTNEED)
  }

  deinit {
    close(descriptor)
    if let address = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }
}
