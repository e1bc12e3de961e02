// SPDX-License-Identifier: Apache-2.0

import CDeflate
import Foundation
import Runtime

/// The checksum of files in CERN's storage, of 32 bits.
///
/// Source: RFC 1950, section 9.
struct Adler32 {
  private var value: UInt32 = 1

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    value = libdeflate_adler32(value, start, bytes.count)
  }

  /// As in `adler32:0a1b2c3d`.
  var text: String { String(format: "adler32:%08x", value) }

  /// Returns the checksum of a file's content.
  ///
  /// - Throws: `FileSystemError`, `InterruptedError`.
  static func ofFile(_ path: String, progress: (Int) -> Void = { _ in }) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FileSystemError(operation: "read", path: path, errorNumber: errno)
    }
    defer { close(descriptor) }
    var checksum = Adler32()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var total = 0
    while true {
      try Interruption.check()
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileSystemError(operation: "read", path: path, errorNumber: errno)
      }
      if count == 0 { return checksum.text }
      buffer.withUnsafeBytes { checksum.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      total += count
      progress(total)
    }
  }
}
