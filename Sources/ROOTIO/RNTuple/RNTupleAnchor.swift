// SPDX-License-Identifier: Apache-2.0

/// The object that the key of an RNTuple holds: where its header and footer are.
///
/// Big-endian, unlike all else of an RNTuple:
///
///     offset  bytes  field
///     0       4      length of what follows up to the checksum
///     4       2      version of the class
///     6       2      fVersionEpoch, then as many fVersionMajor, fVersionMinor, fVersionPatch
///     14      8      fSeekHeader, then as many fNBytesHeader, fLenHeader: place, bytes in the
///                    file, bytes once decompressed
///     38      8      fSeekFooter, then as many fNBytesFooter, fLenFooter
///     62      8      fMaxKeySize: what is longer is stored in several pieces
///     …              what later versions may add
///     end-8   8      XXH3 of all from byte 6 on
///
/// Specification: https://github.com/root-project/root/blob/v6-36-00/tree/ntuple/doc/BinaryFormatSpecification.md
struct RNTupleAnchor: Sendable {
  let header: EnvelopeLink
  let footer: EnvelopeLink
  let fMaxKeySize: Int

  init(_ slice: ByteSlice) throws(DecodingFailure) {
    let start = slice.range.lowerBound
    var reader = ByteReader(slice)
    let byteCount = try reader.uint32("the anchor of an RNTuple")
    guard byteCount == 0x4000_0000 + slice.count - 12, slice.count >= 78 else {
      throw .corrupted(
        "the anchor of an RNTuple announces \(byteCount & ~0x4000_0000) bytes in "
          + "\(slice.count)", at: start)
    }
    try reader.skip(2, "the anchor of an RNTuple")
    let found = slice.withBytes { xxh3(UnsafeRawBufferPointer(rebasing: $0[6..<($0.count - 8)])) }
    var end = ByteReader(slice.storage, from: slice.range.upperBound - 8)
    let expected = try end.integer(UInt64.self, "the anchor of an RNTuple")
    if found != expected {
      throw .checksum(found, expected: expected, of: "the anchor of an RNTuple", at: start)
    }
    let epoch = try reader.uint16("the anchor of an RNTuple")
    let major = try reader.uint16("the anchor of an RNTuple")
    // Within an epoch only feature flags, which header and footer have, stop older readers.
    if epoch != 1 {
      throw .unsupported(
        "this RNTuple has format \(epoch).\(major), this reader knows 1. Write it anew with "
          + "ROOT 6.34 or newer")
    }
    try reader.skip(4, "the anchor of an RNTuple")
    header = try Self.link(&reader)
    footer = try Self.link(&reader)
    fMaxKeySize = max(0, try reader.int64("the anchor of an RNTuple"))
  }

  private static func link(_ reader: inout ByteReader) throws(DecodingFailure) -> EnvelopeLink {
    let offset = try reader.int64("the anchor of an RNTuple")
    let byteCount = try reader.int64("the anchor of an RNTuple")
    let length = try reader.int64("the anchor of an RNTuple")
    return EnvelopeLink(
      length: length, locator: Locator(offset: offset, byteCount: byteCount))
  }
}

/// Where some bytes of an RNTuple are in the file.
struct Locator: Sendable {
  let offset: Int
  let byteCount: Int
}

/// Where an envelope is, and how many bytes it has once decompressed.
struct EnvelopeLink: Sendable {
  let length: Int
  let locator: Locator
}

extension DecodingFailure {
  static func checksum(
    _ found: UInt64, expected: UInt64, of what: String, at offset: Int
  ) -> DecodingFailure {
    .corrupted(
      "the checksum of \(what) is \(String(found, radix: 16)), \(String(expected, radix: 16)) is "
        + "announced", at: offset)
  }
}
