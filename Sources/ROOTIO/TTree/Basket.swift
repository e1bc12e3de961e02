// SPDX-License-Identifier: Apache-2.0

/// A `TBasket`: the values of one branch for some consecutive entries.
///
/// A basket is a record whose key is followed, within `fKeylen`, by
///
///     bytes  field        meaning
///     2      fVersion
///     4      fBufferSize
///     4      fNevBufSize  entries that the offsets have room for; negative: one more byte follows
///     (1)    fIOBits      bit 0: positions are not written, but follow from the counter; where
///                         there is no counter, lengths are written in their place
///     4      fNevBuf      entries
///     4      fLast        length of the values, plus fKeylen
///     1      flag         whether offsets follow, for baskets inside the tree's record
///
/// The record's data are the values (fLast − fKeylen bytes) and then, for entries of varying length,
/// a 4-byte count and the 4-byte positions of the entries, which count from the start of the key.
///
/// Specification: https://github.com/root-project/root/blob/v6-32-00/io/doc/TFile/ttree.md and
/// https://github.com/root-project/root/blob/v6-32-00/tree/tree/src/TBasket.cxx
struct Basket: Sendable {
  let fKeylen: Int
  let fNevBuf: Int
  /// The length of the values once decompressed.
  let border: Int
  /// The length of values and offsets once decompressed.
  let fObjlen: Int
  private let stored: ByteSlice
  /// `nil`: stored as it is.
  private let blocks: [CompressedBlock]?
  /// How the first block is compressed; `nil` if the basket is not.
  var algorithm: CompressedBlock.Algorithm? { blocks?.first?.algorithm }
  /// Whether the lengths of entries stand where else the positions do.
  private let hasLengths: Bool
  /// The positions of the entries, for a basket inside the tree's record.
  private let embeddedOffsets: ByteSlice?

  /// Reads the headers of a basket that is a record of its own, and of its compressed blocks.
  ///
  /// - Parameters:
  ///   - storage: The file.
  ///   - offset: Where the record starts.
  ///   - byteCount: The length that the branch announces.
  /// - Throws: `.truncated` or `.corrupted`.
  init(in storage: ByteStorage, at offset: Int, byteCount: Int) throws(DecodingFailure) {
    guard offset > 0, byteCount > 0 else {
      throw .corrupted("the branch announces \(byteCount) bytes at byte \(offset)", at: nil)
    }
    if offset > storage.count || byteCount > storage.count - offset {
      throw DecodingFailure(
        code: .truncated,
        message: "\(byteCount) bytes announced, \(max(0, storage.count - offset)) left. "
          + ROOTFileError.truncationRemedy,
        byteOffset: offset)
    }
    var reader = ByteReader(storage, from: offset, to: offset + byteCount)
    let key = try KeyRecord(&reader)
    if key.fClassName != "TBasket" || key.fNbytes != byteCount {
      throw .corrupted(
        "the branch announces a TBasket of \(byteCount) bytes, the record's key says "
          + "\"\(key.fClassName)\" and \(key.fNbytes)", at: offset)
    }
    let fields = try Fields(&reader)
    guard reader.offset <= offset + key.fKeylen, key.fKeylen <= key.fNbytes else {
      throw .corrupted("the key of a basket is \(key.fKeylen) bytes long", at: offset)
    }
    fKeylen = key.fKeylen
    fObjlen = key.fObjlen
    fNevBuf = fields.fNevBuf
    border = fields.fLast - key.fKeylen
    if border < 0 || border > fObjlen || fNevBuf < 0 {
      throw .corrupted(
        "\(fNevBuf) entries and \(border) bytes of values announced in \(fObjlen) bytes",
        at: offset)
    }
    stored = ByteSlice(storage, (offset + key.fKeylen)..<(offset + byteCount))
    blocks =
      stored.count == fObjlen
      ? nil : try CompressedBlock.blocks(of: stored, decompressedCount: fObjlen)
    embeddedOffsets = nil
    hasLengths = fields.fIOBits & 1 != 0
  }

  /// Decodes a basket that was still in memory when its tree was written, so that it is a part of
  /// the tree's record.
  init(embedded reader: inout ByteReader) throws(DecodingFailure) {
    let start = reader.offset
    let key = try KeyRecord(&reader)
    let fields = try Fields(&reader)
    fKeylen = key.fKeylen
    fNevBuf = fields.fNevBuf
    border = fields.fLast - key.fKeylen
    // The written buffer starts with a key of its own. An empty basket has no buffer at all.
    let hasBuffer = fields.flag % 80 == 1 || fields.flag % 80 > 10
    let hasOffsets = fields.flag < 80 && fields.flag != 0 && fields.flag % 10 != 2
    var offsets: ByteSlice?
    if hasOffsets, fNevBuf > 0 {
      offsets = try Self.array(&reader)
      if fields.flag > 40 { _ = try Self.array(&reader) }
    }
    embeddedOffsets = offsets
    hasLengths = false
    blocks = nil
    guard hasBuffer else {
      stored = ByteSlice(reader.storage, reader.offset..<reader.offset)
      fObjlen = 0
      if fNevBuf != 0 {
        throw .corrupted("a basket announces \(fNevBuf) entries and holds none", at: start)
      }
      return
    }
    if fields.fVersion < 2 { try reader.skip(4, "a basket") }
    try reader.require(max(0, fields.fLast), "the values of a basket")
    if border < 0 || fNevBuf < 0 {
      throw .corrupted("\(fNevBuf) entries in \(border) bytes announced", at: start)
    }
    stored = ByteSlice(
      reader.storage, (reader.offset + fKeylen)..<(reader.offset + fields.fLast))
    fObjlen = border
    try reader.skip(fields.fLast, "the values of a basket")
  }

  private struct Fields {
    let fVersion: Int
    let fIOBits: Int
    let fNevBuf: Int
    let fLast: Int
    let flag: Int

    init(_ reader: inout ByteReader) throws(DecodingFailure) {
      fVersion = try reader.int16("a basket")
      try reader.skip(4, "a basket")
      fIOBits = try reader.int32("a basket") < 0 ? try reader.byte("a basket") : 0
      fNevBuf = try reader.int32("a basket")
      fLast = try reader.int32("a basket")
      flag = try reader.byte("a basket")
    }
  }

  private static func array(_ reader: inout ByteReader) throws(DecodingFailure) -> ByteSlice {
    let count = try reader.int32("the offsets of a basket")
    let start = reader.offset
    try reader.skip(count < 0 ? -1 : count * 4, "the offsets of a basket")
    return ByteSlice(reader.storage, start..<reader.offset)
  }

  /// The values, and the positions of the entries where the basket has them.
  struct Contents: Sendable {
    let values: ByteSlice
    /// `fNevBuf` positions or more, each of 4 bytes, counted from the start of the key.
    let offsets: ByteSlice?
    /// Whether `offsets` holds 0 and then the lengths of the entries instead.
    var hasLengths = false
  }

  /// Gives back the memory of the compressed bytes, which are not needed again soon.
  func release() {
    if blocks != nil { stored.storage.release(stored.range) }
  }

  /// Decompresses, or copies, values and offsets into `fObjlen` bytes.
  func decompress(into target: UnsafeMutableRawBufferPointer) throws(DecodingFailure) {
    if let blocks {
      try blocks.decompress(from: stored.storage, into: target)
    } else {
      try stored.storage.load(stored.range)
      stored.withBytes { target.copyMemory(from: $0) }
    }
  }

  /// Decompresses the basket.
  func contents() throws(DecodingFailure) -> Contents {
    var all = try blocks == nil ? stored.resident() : stored
    if blocks != nil {
      let memory = try ByteStorage(count: fObjlen) { target throws(DecodingFailure) in
        try decompress(into: target)
      }
      all = ByteSlice(memory, 0..<fObjlen)
    }
    let start = all.range.lowerBound
    let values = ByteSlice(all.storage, start..<(start + border))
    if let embeddedOffsets { return Contents(values: values, offsets: embeddedOffsets) }
    if border == all.count { return Contents(values: values, offsets: nil) }
    var reader = ByteReader(all.storage, from: start + border, to: all.range.upperBound)
    return Contents(values: values, offsets: try Self.array(&reader), hasLengths: hasLengths)
  }
}
