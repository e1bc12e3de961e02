// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A checksum of 64 bits that notices changed files; it is no protection against forgery.
///
/// FNV-1a over little-endian words of 64 bits; the last word is filled with zeros and the number
/// of bytes follows as a word of its own. Words instead of the bytes of the original make it as
/// fast as a disk; after each word the upper half is folded into the lower, which multiplication
/// alone would never reach.
///
/// Source: G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake, "The FNV Non-Cryptographic Hash
/// Algorithm", draft-eastlake-fnv.
package struct Checksum {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325
  private var pending: [UInt8] = []
  private var count: UInt64 = 0

  /// Makes the checksum of nothing.
  package init() {}

  private mutating func mix(_ word: UInt64) {
    state = (state ^ word) &* 0x0000_0100_0000_01b3
    state ^= state >> 32
  }

  /// Adds bytes; how they are divided into calls does not matter.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count &+= UInt64(bytes.count)
    var start = 0
    while !pending.isEmpty, start < bytes.count {
      pending.append(bytes[start])
      start += 1
      if pending.count == 8 {
        mix(pending.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
        pending.removeAll(keepingCapacity: true)
      }
    }
    while bytes.count - start >= 8 {
      mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
      start += 8
    }
    pending.append(contentsOf: bytes[start...])
  }

  /// Adds the UTF-8 bytes of a text.
  package mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// Sixteen hexadecimal digits.
  package var hexadecimal: String {
    var copy = self
    var last: UInt64 = 0
    for (index, byte) in pending.enumerated() { last |= UInt64(byte) << (8 * UInt64(index)) }
    copy.mix(last)
    copy.mix(count)
    return String(format: "%016lx", copy.state)
  }

  /// Returns the checksum of bytes, as that of a file which holds them.
  package static func ofData(_ data: Data) -> String {
    var hash = Checksum()
    data.withUnsafeBytes { hash.update($0) }
    return "fnv1a-words:" + hash.hexadecimal
  }

  /// Returns the checksum of a file's content, as in `fnv1a-words:0123456789abcdef`.
  ///
  /// - Throws: `FileSystemError`.
  package static func ofFile(_ path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FileSystemError(operation: "read", path: path, errorNumber: errno)
    }
    defer { close(descriptor) }
    var hash = Checksum()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      try Interruption.check()
      let received = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if received < 0 {
        if errno == EINTR { continue }
        throw FileSystemError(operation: "read", path: path, errorNumber: errno)
      }
      if received == 0 { break }
      buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<received])) }
    }
    return "fnv1a-words:" + hash.hexadecimal
  }
}
