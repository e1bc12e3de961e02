// SPDX-License-Identifier: Apache-2.0

import CLZ4
import CLZMA
import CZlib
import CZstd

extension CompressedBlock {
  /// Decompresses the block; the algorithm must produce exactly as many bytes as `target` has.
  func decompress(
    from storage: ByteStorage, into target: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) {
    defer { withExtendedLifetime(storage) {} }
    let source = UnsafeRawBufferPointer(rebasing: storage.bytes[payload])
    let produced: Int
    switch algorithm {
    case .zlib: produced = try inflated(source, target, windowBits: 15)
    // The old format has no zlib header or checksum around the deflate stream.
    case .oldDeflate: produced = try inflated(source, target, windowBits: -15)
    case .lzma: produced = try lzma(source, target)
    case .lz4: produced = try lz4(source, target)
    case .zstd: produced = try zstd(source, target)
    }
    if produced != target.count {
      throw failure("the block became \(produced) bytes instead of \(target.count)")
    }
  }

  private func failure(_ found: String) -> DecodingFailure {
    .corrupted("\(found) (\(name))", at: payload.lowerBound - Self.headerLength)
  }

  private var name: String {
    switch algorithm {
    case .zlib: "zlib"
    case .lzma: "LZMA"
    case .lz4: "LZ4"
    case .zstd: "Zstandard"
    case .oldDeflate: "old deflate"
    }
  }

  private func inflated(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, windowBits: Int32
  ) throws(DecodingFailure) -> Int {
    var stream = z_stream()
    guard
      inflateInit2_(
        &stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw failure("zlib could not start") }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(
      mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(source.count)
    stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(target.count)
    let status = inflate(&stream, Z_FINISH)
    if status != Z_STREAM_END {
      // Z_BUF_ERROR: the input ended early, or there was more output than announced.
      throw failure("decompression failed with status \(status)")
    }
    return target.count - Int(stream.avail_out)
  }

  private func lzma(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) -> Int {
    // The highest level that exists needs 65 MiB; a damaged header could ask for 4 GiB.
    var memoryLimit: UInt64 = 256 << 20
    var consumed = 0
    var produced = 0
    let status = lzma_stream_buffer_decode(
      &memoryLimit, 0, nil, source.baseAddress?.assumingMemoryBound(to: UInt8.self), &consumed,
      source.count, target.baseAddress?.assumingMemoryBound(to: UInt8.self), &produced,
      target.count)
    if status != LZMA_OK { throw failure("decompression failed with status \(status.rawValue)") }
    return produced
  }

  private func lz4(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) -> Int {
    guard source.count >= 8 else { throw failure("the block is too short for its checksum") }
    let data = UnsafeRawBufferPointer(rebasing: source[8...])
    let expected = UInt64(bigEndian: source.loadUnaligned(as: UInt64.self))
    let found = xxHash64(data)
    if found != expected {
      throw failure(
        "the checksum is \(String(found, radix: 16)), the block announces "
          + String(expected, radix: 16))
    }
    let produced = LZ4_decompress_safe(
      data.baseAddress?.assumingMemoryBound(to: CChar.self),
      target.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(data.count),
      Int32(target.count))
    if produced < 0 { throw failure("decompression failed with status \(produced)") }
    return Int(produced)
  }

  private func zstd(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) -> Int {
    let produced = ZSTD_decompress(
      target.baseAddress, target.count, source.baseAddress, source.count)
    if ZSTD_isError(produced) != 0 {
      throw failure("decompression failed: \(String(cString: ZSTD_getErrorName(produced)))")
    }
    return produced
  }
}
