// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Synchronization

/// A file that grows at its end, with the checksum of what it holds.
final class PartialFile: Sendable {
  private let path: String
  private let descriptor: Int32

  private struct State {
    var length: Int
    var checksum = Adler32()
  }

  private let state: Mutex<State>

  /// Opens a file, or creates it.
  ///
  /// - Throws: `FileSystemError`.
  init(path: String) throws {
    self.path = path
    try createFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    if descriptor < 0 {
      throw FileSystemError(operation: "create", path: path, errorNumber: errno)
    }
    state = Mutex(State(length: sizeOfFile(path) ?? 0))
  }

  deinit { close(descriptor) }

  var length: Int { state.withLock { $0.length } }
  /// The checksum, as in `adler32:0a1b2c3d`.
  var checksum: String { state.withLock { $0.checksum.text } }

  /// Removes all bytes.
  func truncate() throws {
    if ftruncate(descriptor, 0) != 0 {
      throw FileSystemError(operation: "write", path: path, errorNumber: errno)
    }
    state.withLock { $0 = State(length: 0) }
  }

  /// Computes the checksum of the bytes that are there.
  ///
  /// - Throws: `FileSystemError`, `InterruptedError`.
  func readChecksum(progress: (Int) -> Void) throws {
    var checksum = Adler32()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var position = 0
    let length = length
    while position < length {
      try Interruption.check()
      let wanted = min(buffer.count, length - position)
      let count = buffer.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, wanted, off_t(position))
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 {
        throw FileSystemError(operation: "read", path: path, errorNumber: count < 0 ? errno : EIO)
      }
      buffer.withUnsafeBytes { checksum.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      position += count
      progress(position)
    }
    state.withLock { $0.checksum = checksum }
  }

  /// Adds bytes at the end.
  ///
  /// - Throws: `FileSystemError`, with code `diskFull` if there is no room.
  func append(_ data: Data) throws {
    try state.withLock { state in
      try data.withUnsafeBytes { bytes in
        var written = 0
        while written < bytes.count {
          let count = pwrite(
            descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written,
            off_t(state.length + written))
          if count < 0 {
            if errno == EINTR { continue }
            throw FileSystemError(operation: "write", path: path, errorNumber: errno)
          }
          written += count
        }
        state.checksum.update(bytes)
        state.length += bytes.count
      }
    }
  }

  /// Makes the bytes durable and gives the file another name.
  ///
  /// - Throws: `FileSystemError`.
  func commit(as target: String) throws {
    if fsync(descriptor) != 0 || rename(path, target) != 0 {
      throw FileSystemError(operation: "write", path: target, errorNumber: errno)
    }
  }
}
