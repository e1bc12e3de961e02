// SPDX-License-Identifier: Apache-2.0

extension CompressedBlock {
  /// Decompresses the block; the algorithm must produce exactly as many bytes as `target` has.
  func decompress(
    from storage: ByteStorage, into target: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) {
    try storage.load(payload)
    defer { withExtendedLifetime(storage) {} }
    let source = UnsafeRawBufferPointer(rebasing: storage.bytes[payload])
    let outcome =
      switch algorithm {
      case .zlib: Decompressor.borrowed { $0.inflate(source, target, isBare: false) }
      case .oldDeflate: Decompressor.borrowed { $0.inflate(source, target, isBare: true) }
      case .lzma: Decompressor.borrowed { $0.lzma(source, target) }
      case .lz4: try lz4(source, target)
      case .zstd: Decompressor.borrowed { $0.zstandard(source, target) }
      }
    switch outcome {
    case .failed(let found): throw failure(found)
    case .produced(let count) where count != target.count:
      throw failure("the block became \(count) bytes instead of \(target.count)")
    case .produced: break
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

  /// Verifies the checksum in front of the data, and decompresses them.
  private func lz4(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) -> Decompressor.Outcome {
    guard source.count >= 8 else { throw failure("the block is too short for its checksum") }
    let data = UnsafeRawBufferPointer(rebasing: source[8...])
    let expected = UInt64(bigEndian: source.loadUnaligned(as: UInt64.self))
    let found = xxHash64(data)
    if found != expected {
      throw failure(
        "the checksum is \(String(found, radix: 16)), the block announces "
          + String(expected, radix: 16))
    }
    return Decompressor.borrowed { $0.lz4(data, target) }
  }
}
