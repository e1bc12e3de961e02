// SPDX-License-Identifier: Apache-2.0

/// One block of a compressed record.
///
/// A record longer than 16 MiB is compressed in several.
///
///     offset  bytes  meaning
///     0       2      algorithm: "ZL" zlib, "XZ" LZMA, "L4" LZ4, "ZS" Zstandard, "CS" old deflate
///     2       1      method or level, as the algorithm wishes
///     3       3      length of the compressed data, little-endian
///     6       3      length once decompressed, little-endian
///     9       …      the compressed data; for LZ4 behind 8 bytes of XXH64 checksum, big-endian
///
/// Specification: https://github.com/root-project/root/blob/v6-32-00/core/zip/src/RZip.cxx and
/// https://github.com/root-project/root/tree/v6-32-00/io/doc/TFile
struct CompressedBlock: Sendable {
  let algorithm: Algorithm
  /// The compressed data, without the header.
  let payload: Range<Int>
  let decompressedCount: Int

  /// How a block is compressed.
  enum Algorithm: Sendable {
    case zlib
    case lzma
    case lz4
    case zstd
    case oldDeflate

    /// The name that users read.
    var name: String {
      switch self {
      case .zlib, .oldDeflate: "zlib"
      case .lzma: "LZMA"
      case .lz4: "LZ4"
      case .zstd: "Zstandard"
      }
    }
  }

  static let headerLength = 9

  /// Reads the headers of all blocks of a record, so that nothing is allocated on a false promise.
  ///
  /// - Parameters:
  ///   - slice: The compressed record, key excluded.
  ///   - decompressedCount: The length that the key announces.
  /// - Returns: Blocks that lie in the slice and add up to `decompressedCount`.
  /// - Throws: `.truncated` or `.corrupted`.
  static func blocks(
    of slice: ByteSlice, decompressedCount: Int
  ) throws(DecodingFailure) -> [CompressedBlock] {
    var blocks: [CompressedBlock] = []
    var reader = ByteReader(slice)
    var total = 0
    while total < decompressedCount {
      let start = reader.offset
      try reader.require(headerLength, "the header of a compressed block")
      let first = try reader.byte("a block")
      let second = try reader.byte("a block")
      let method = try reader.byte("a block")
      guard let algorithm = algorithm(first, second, method: method) else {
        throw .corrupted(
          "a compressed block starts with \(describedBytes([UInt8(first), UInt8(second)])), "
            + "which is none of ZL, XZ, L4, ZS and CS", at: start)
      }
      let compressedCount = try reader.littleEndian24()
      let blockCount = try reader.littleEndian24()
      let payloadStart = reader.offset
      try reader.skip(compressedCount, "a compressed block")
      total += blockCount
      if blockCount == 0 || total > decompressedCount {
        throw .corrupted(
          "the compressed blocks hold \(total) bytes or more, the record announces "
            + "\(decompressedCount)", at: start)
      }
      blocks.append(
        CompressedBlock(
          algorithm: algorithm, payload: payloadStart..<reader.offset,
          decompressedCount: blockCount))
    }
    return blocks
  }

  private static func algorithm(_ first: Int, _ second: Int, method: Int) -> Algorithm? {
    switch (UInt8(first), UInt8(second)) {
    case (UInt8(ascii: "Z"), UInt8(ascii: "L")): .zlib
    case (UInt8(ascii: "X"), UInt8(ascii: "Z")): .lzma
    case (UInt8(ascii: "L"), UInt8(ascii: "4")): .lz4
    case (UInt8(ascii: "Z"), UInt8(ascii: "S")): .zstd
    // 8 is deflate, the only method that ROOT ever wrote under this name.
    case (UInt8(ascii: "C"), UInt8(ascii: "S")): method == 8 ? .oldDeflate : nil
    default: nil
    }
  }
}

extension ByteReader {
  fileprivate mutating func littleEndian24() throws(DecodingFailure) -> Int {
    let low = try byte("a block")
    let middle = try byte("a block")
    return low | middle << 8 | (try byte("a block")) << 16
  }
}

/// Returns bytes in a form for error messages: hexadecimal, and as text where they are text.
func describedBytes(_ bytes: some Collection<UInt8>) -> String {
  let digits = bytes.map { byte in
    let text = String(byte, radix: 16)
    return text.count < 2 ? "0" + text : text
  }
  let hexadecimal = digits.joined(separator: " ")
  guard !bytes.isEmpty, bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
    return hexadecimal
  }
  return "\"\(String(decoding: bytes, as: UTF8.self))\" (\(hexadecimal))"
}
