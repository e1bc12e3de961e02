// SPDX-License-Identifier: Apache-2.0

import CDeflate
import CLZ4
import CLZMA
import CZstd
import Synchronization

/// The libraries that decompress blocks, with the memory that they work in.
///
/// Setting up a library costs more than a small basket, so that this is kept for the next one:
/// a thread borrows one that is idle. There are never more than threads that decompress at a time.
final class Decompressor {
  // Only ever used by the thread that has borrowed it.
  private struct Idle: @unchecked Sendable { var items: [Decompressor] = [] }
  private static let idle = Mutex(Idle())

  private lazy var deflate = libdeflate_alloc_decompressor()
  private lazy var zstandard = ZSTD_createDCtx()
  private var lzma = lzma_stream()

  private init() {}

  deinit {
    libdeflate_free_decompressor(deflate)
    ZSTD_freeDCtx(zstandard)
    lzma_end(&lzma)
  }

  /// Lends a decompressor.
  static func borrowed<Result, Failure: Error>(
    _ body: (Decompressor) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let decompressor = idle.withLock { $0.items.popLast() } ?? Decompressor()
    defer { idle.withLock { $0.items.append(decompressor) } }
    return try body(decompressor)
  }

  /// What a library says of a block.
  enum Outcome {
    case produced(Int)
    case failed(String)
  }

  /// Decompresses a zlib stream, checksum included; the old format of ROOT has the deflate stream
  /// alone.
  func inflate(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, isBare: Bool
  ) -> Outcome {
    guard let deflate else { return .failed("the library could not start") }
    var produced = 0
    let status =
      isBare
      ? libdeflate_deflate_decompress(
        deflate, source.baseAddress, source.count, target.baseAddress, target.count, &produced)
      : libdeflate_zlib_decompress(
        deflate, source.baseAddress, source.count, target.baseAddress, target.count, &produced)
    return status == LIBDEFLATE_SUCCESS ? .produced(produced) : Self.failed(status.rawValue)
  }

  /// Decompresses an `.xz` stream.
  func lzma(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) -> Outcome {
    // The highest level that exists needs 65 MiB; a damaged header could ask for 4 GiB.
    let memoryLimit: UInt64 = 256 << 20
    let start = lzma_stream_decoder(&lzma, memoryLimit, 0)
    guard start == LZMA_OK else { return Self.failed(start.rawValue) }
    lzma.next_in = source.baseAddress?.assumingMemoryBound(to: UInt8.self)
    lzma.avail_in = source.count
    lzma.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    lzma.avail_out = target.count
    let status = lzma_code(&lzma, LZMA_FINISH)
    guard status == LZMA_STREAM_END else { return Self.failed(status.rawValue) }
    return .produced(target.count - lzma.avail_out)
  }

  /// Decompresses an LZ4 block.
  func lz4(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) -> Outcome {
    let produced = LZ4_decompress_safe(
      source.baseAddress?.assumingMemoryBound(to: CChar.self),
      target.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(source.count),
      Int32(target.count))
    return produced < 0 ? Self.failed(produced) : .produced(Int(produced))
  }

  /// Decompresses Zstandard frames.
  func zstandard(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) -> Outcome {
    guard let zstandard else { return .failed("the library could not start") }
    let produced = ZSTD_decompressDCtx(
      zstandard, target.baseAddress, target.count, source.baseAddress, source.count)
    guard ZSTD_isError(produced) == 0 else {
      return .failed("decompression failed: \(String(cString: ZSTD_getErrorName(produced)))")
    }
    return .produced(produced)
  }

  private static func failed(_ status: some BinaryInteger) -> Outcome {
    .failed("decompression failed with status \(status)")
  }
}
