// SPDX-License-Identifier: Apache-2.0

/// A position in big-endian bytes, and the ways to read on from there.
///
/// No read leaves ``end``: what is announced but not there throws `.truncated`.
struct ByteReader {
  let storage: ByteStorage
  /// The next byte to read, from the start of the storage.
  private(set) var offset: Int
  /// The byte after the last one that may be read.
  let end: Int

  init(_ storage: ByteStorage, from offset: Int, to end: Int? = nil) {
    self.storage = storage
    self.offset = offset
    self.end = min(end ?? storage.count, storage.count)
  }

  init(_ slice: ByteSlice) {
    self.init(slice.storage, from: slice.range.lowerBound, to: slice.range.upperBound)
  }

  var left: Int { end - offset }

  /// Throws if fewer than `count` bytes are left; `what` names what needs them.
  func require(_ count: Int, _ what: @autoclosure () -> String) throws(DecodingFailure) {
    if offset < 0 || count < 0 || count > left {
      throw .truncated(
        needed: count, left: offset < 0 ? 0 : left, what: what(), at: offset)
    }
  }

  /// Moves to a position, which may lie behind.
  mutating func move(to target: Int, _ what: @autoclosure () -> String) throws(DecodingFailure) {
    if target < 0 || target > end {
      throw .corrupted(
        "\(what()) points to byte \(target), outside the \(end) bytes that are there", at: offset)
    }
    offset = target
  }

  mutating func skip(_ count: Int, _ what: @autoclosure () -> String) throws(DecodingFailure) {
    try require(count, what())
    offset += count
  }

  /// Reads an integer of any width.
  @inline(__always)
  mutating func integer<T: FixedWidthInteger>(
    _ type: T.Type = T.self, _ what: @autoclosure () -> String
  ) throws(DecodingFailure) -> T {
    let width = T.bitWidth / 8
    try require(width, what())
    try storage.load(offset..<(offset + width))
    defer { offset += width }
    return T(bigEndian: storage.bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  mutating func byte(_ what: @autoclosure () -> String) throws(DecodingFailure) -> Int {
    Int(try integer(UInt8.self, what()))
  }
  mutating func int16(_ what: @autoclosure () -> String) throws(DecodingFailure) -> Int {
    Int(try integer(Int16.self, what()))
  }
  mutating func uint16(_ what: @autoclosure () -> String) throws(DecodingFailure) -> Int {
    Int(try integer(UInt16.self, what()))
  }
  mutating func int32(_ what: @autoclosure () -> String) throws(DecodingFailure) -> Int {
    Int(try integer(Int32.self, what()))
  }
  mutating func uint32(_ what: @autoclosure () -> String) throws(DecodingFailure) -> Int {
    Int(try integer(UInt32.self, what()))
  }
  mutating func int64(_ what: @autoclosure () -> String) throws(DecodingFailure) -> Int {
    Int(try integer(Int64.self, what()))
  }

  /// Reads a file position, of eight bytes in big files and four elsewhere.
  mutating func seek(isBig: Bool, _ what: @autoclosure () -> String) throws(DecodingFailure) -> Int
  {
    isBig ? try int64(what()) : try int32(what())
  }

  /// Reads a `TString`: one byte of length, or 255 and four bytes of length; then the characters.
  mutating func string(_ what: @autoclosure () -> String) throws(DecodingFailure) -> String {
    var length = try byte(what())
    if length == 255 { length = try int32(what()) }
    try require(length, what())
    try storage.load(offset..<(offset + length))
    defer { offset += length }
    return String(decoding: storage.bytes[offset..<(offset + length)], as: UTF8.self)
  }

  /// Reads characters up to a zero byte.
  mutating func zeroTerminatedString(
    _ what: @autoclosure () -> String
  ) throws(DecodingFailure) -> String {
    try storage.load(offset..<end)
    guard let zero = storage.bytes[offset..<end].firstIndex(of: 0) else {
      throw .truncated(needed: left + 1, left: left, what: what(), at: offset)
    }
    defer { offset = zero + 1 }
    return String(decoding: storage.bytes[offset..<zero], as: UTF8.self)
  }
}
