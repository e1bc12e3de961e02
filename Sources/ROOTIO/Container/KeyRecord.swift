// SPDX-License-Identifier: Apache-2.0

/// A `TKey`: what stands in front of every record of a file, and in the list of a folder's objects.
///
///     offset  bytes  field       meaning
///     0       4      fNbytes     length of the record, key included
///     4       2      fVersion    above 1000: the two file positions (*) take 8 bytes
///     6       4      fObjlen     length of the object once decompressed
///     10      4      fDatime     when it was written
///     14      2      fKeylen     length of the key
///     16      2      fCycle      the number behind the semicolon; the highest is the newest
///     18      4/8*   fSeekKey    where the record starts
///     22/26   4/8*   fSeekPdir   where the folder is that holds it
///     26/34   …      fClassName, fName, fTitle: strings with their length in front
///
/// Specification: https://github.com/root-project/root/blob/v6-32-00/io/doc/TFile/datarecord.md
struct KeyRecord: Sendable {
  let fNbytes: Int
  let fObjlen: Int
  let fKeylen: Int
  let fCycle: Int
  let fSeekKey: Int
  let fClassName: String
  let fName: String
  let fTitle: String

  /// Decodes the key at the reader's position and leaves the reader behind its strings.
  init(_ reader: inout ByteReader) throws(DecodingFailure) {
    let start = reader.offset
    fNbytes = try reader.int32("a record's key")
    let version = try reader.int16("a record's key")
    fObjlen = try reader.int32("a record's key")
    try reader.skip(4, "a record's key")
    fKeylen = try reader.int16("a record's key")
    fCycle = try reader.int16("a record's key")
    let isBig = version > 1000
    fSeekKey = try reader.seek(isBig: isBig, "a record's key")
    _ = try reader.seek(isBig: isBig, "a record's key")
    fClassName = try reader.string("a record's key")
    fName = try reader.string("a record's key")
    fTitle = try reader.string("a record's key")
    if fObjlen < 0 || fKeylen < reader.offset - start {
      throw .corrupted(
        "a record's key announces \(fObjlen) bytes of data behind \(fKeylen) bytes of key, "
          + "its strings end after \(reader.offset - start)", at: start)
    }
  }

  /// Returns the bytes of a record, decompressed if need be.
  ///
  /// - Parameters:
  ///   - storage: The file.
  ///   - offset: Where the record starts; its own key there must agree with the one in the folder.
  ///   - className: The class that the folder announced.
  /// - Returns: The object, and the length of the key in front of it, from whose start the object's
  ///   internal references count.
  /// - Throws: `.truncated` or `.corrupted`.
  static func record(
    in storage: ByteStorage, at offset: Int, className: String
  ) throws(DecodingFailure) -> (object: ByteSlice, key: KeyRecord) {
    guard offset > 0, offset < storage.count else {
      throw .corrupted(
        "the record of a \(className) should start at byte \(offset), the file has "
          + "\(storage.count)", at: nil)
    }
    var reader = ByteReader(storage, from: offset)
    let key = try KeyRecord(&reader)
    if key.fClassName != className {
      throw .corrupted(
        "the record should hold a \(className), its key says \"\(key.fClassName)\"", at: offset)
    }
    return (try key.object(in: storage, at: offset), key)
  }

  /// Returns the object behind this key, decompressed if need be.
  func object(in storage: ByteStorage, at offset: Int) throws(DecodingFailure) -> ByteSlice {
    let stored = fNbytes - fKeylen
    let start = offset + fKeylen
    if stored < 0 { throw .corrupted("a record is shorter than its key", at: offset) }
    if start + stored > storage.count {
      throw .truncated(
        needed: fNbytes, left: storage.count - offset, what: "the record of \(fName)", at: offset)
    }
    let slice = ByteSlice(storage, start..<(start + stored))
    return stored == fObjlen ? try slice.resident() : try slice.decompressed(count: fObjlen)
  }
}

extension ByteSlice {
  /// Returns the bytes of a compressed record.
  func decompressed(count: Int) throws(DecodingFailure) -> ByteSlice {
    let blocks = try CompressedBlock.blocks(of: self, decompressedCount: count)
    let source = storage
    let memory = try ByteStorage(count: count) { target throws(DecodingFailure) in
      try blocks.decompress(from: source, into: target)
    }
    return ByteSlice(memory, 0..<count)
  }
}

extension [CompressedBlock] {
  /// Decompresses all blocks, one behind the other; they must fill `target`.
  func decompress(
    from storage: ByteStorage, into target: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) {
    var position = 0
    for block in self {
      let part = target[position..<(position + block.decompressedCount)]
      try block.decompress(from: storage, into: UnsafeMutableRawBufferPointer(rebasing: part))
      position += block.decompressedCount
    }
  }
}
