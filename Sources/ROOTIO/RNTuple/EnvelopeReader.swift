// SPDX-License-Identifier: Apache-2.0

/// A position in an envelope: in the header, footer or a page list of an RNTuple.
///
/// An envelope has 2 bytes of type, 6 of length, what it holds, and 8 of checksum. It holds
/// little-endian numbers, strings with 4 bytes of length in front, and frames, which may be longer
/// than this reader knows:
///
///     record  8 bytes of length, its own included; then the members
///     list    8 bytes of length, negative; 4 of the number of items; then the items
///
/// Specification: https://github.com/root-project/root/blob/v6-36-00/tree/ntuple/doc/BinaryFormatSpecification.md
struct EnvelopeReader {
  /// The types of envelopes.
  enum Kind: Int {
    case header = 1
    case footer = 2
    case pageList = 3

    var name: String {
      switch self {
      case .header: "the header"
      case .footer: "the footer"
      case .pageList: "a page list"
      }
    }
  }

  let kind: Kind
  /// The checksum, which other envelopes repeat to show that they belong to this one.
  let checksum: UInt64
  private var reader: ByteReader

  /// Decompresses an envelope and verifies its checksum.
  init(
    _ kind: Kind, _ link: EnvelopeLink, in storage: RNTupleStorage
  ) throws(DecodingFailure) {
    self.kind = kind
    let stored = try storage.bytes(link.locator, kind.name)
    let slice = try RNTupleStorage.decompressed(stored, count: link.length, kind.name)
    if slice.count < 16 {
      throw .corrupted("\(kind.name) has \(slice.count) bytes", at: link.locator.offset)
    }
    var end = ByteReader(slice.storage, from: slice.range.upperBound - 8)
    checksum = (try end.integer(UInt64.self, kind.name)).byteSwapped
    let found = slice.withBytes { xxh3(UnsafeRawBufferPointer(rebasing: $0.dropLast(8))) }
    if found != checksum {
      throw .checksum(found, expected: checksum, of: kind.name, at: link.locator.offset)
    }
    reader = ByteReader(
      slice.storage, from: slice.range.lowerBound, to: slice.range.upperBound - 8)
    let preamble = try uint64()
    if preamble & 0xFFFF != kind.rawValue || preamble >> 16 != slice.count {
      throw .corrupted(
        "\(kind.name) of \(slice.count) bytes calls itself an envelope of type "
          + "\(preamble & 0xFFFF) and \(preamble >> 16) bytes", at: link.locator.offset)
    }
  }

  /// The items of a list, or the members of a record.
  private init(_ kind: Kind, _ checksum: UInt64, _ reader: ByteReader) {
    self.kind = kind
    self.checksum = checksum
    self.reader = reader
  }

  /// The bytes up to the end of the frame, or of the envelope.
  var left: Int { reader.left }

  mutating func uint64() throws(DecodingFailure) -> UInt64 {
    (try reader.integer(UInt64.self, kind.name)).byteSwapped
  }
  mutating func int64() throws(DecodingFailure) -> Int {
    Int(Int64(bitPattern: try uint64()))
  }
  mutating func uint32() throws(DecodingFailure) -> Int {
    Int((try reader.integer(UInt32.self, kind.name)).byteSwapped)
  }
  mutating func int32() throws(DecodingFailure) -> Int {
    Int((try reader.integer(Int32.self, kind.name)).byteSwapped)
  }
  mutating func uint16() throws(DecodingFailure) -> Int {
    Int((try reader.integer(UInt16.self, kind.name)).byteSwapped)
  }
  mutating func double() throws(DecodingFailure) -> Double {
    Double(bitPattern: try uint64())
  }

  mutating func string() throws(DecodingFailure) -> String {
    let count = try uint32()
    let start = reader.offset
    try reader.skip(count, kind.name)
    return String(decoding: reader.storage.bytes[start..<(start + count)], as: UTF8.self)
  }

  /// Reads a number that counts or numbers something and has 8 bytes.
  mutating func count(_ what: @autoclosure () -> String) throws(DecodingFailure) -> Int {
    let count = try int64()
    if count < 0 { throw failure("\(what()) is \(UInt64(bitPattern: Int64(count)))") }
    return count
  }

  func failure(_ found: String) -> DecodingFailure {
    .corrupted("\(kind.name) is wrong: \(found)", at: reader.offset)
  }

  /// Enters a record and moves behind it.
  mutating func record() throws(DecodingFailure) -> EnvelopeReader {
    let start = reader.offset
    let length = try int64()
    return try frame(from: start, length: length)
  }

  /// Enters a list and moves behind it.
  ///
  /// The shortest item has `itemLength` bytes, so that a false count cannot make anybody allocate.
  mutating func list(
    itemLength: Int
  ) throws(DecodingFailure) -> (items: EnvelopeReader, count: Int) {
    let start = reader.offset
    let length = try int64()
    let count = try uint32()
    let (positive, overflow) = 0.subtractingReportingOverflow(length)
    let items = try frame(from: start, length: overflow ? -1 : positive)
    if count > items.left / itemLength {
      throw failure("a list announces \(count) items in \(items.left) bytes")
    }
    return (items, count)
  }

  private mutating func frame(
    from start: Int, length: Int
  ) throws(DecodingFailure) -> EnvelopeReader {
    if length < reader.offset - start || length > reader.end - start {
      throw failure("a frame announces \(length) bytes, \(reader.end - start) are left")
    }
    let inner = ByteReader(reader.storage, from: reader.offset, to: start + length)
    try reader.move(to: start + length, kind.name)
    return EnvelopeReader(kind, checksum, inner)
  }

  /// Reads flags of features; refuses all, because this version of the format defines none.
  mutating func featureFlags() throws(DecodingFailure) {
    var flags: UInt64
    repeat {
      flags = try uint64()
      if flags & ~(1 << 63) != 0 {
        throw .unsupported(
          "this RNTuple uses features of a later format (flags \(String(flags, radix: 16)))")
      }
    } while flags != 0
  }

  /// Reads where bytes are.
  ///
  ///     4 bytes of length and 8 of offset; or, if the length is negative, the bits of its
  ///     absolute value are 16 of length of the locator, 8 reserved, 7 of type. Type 1 has 8 bytes
  ///     of length and 8 of offset.
  mutating func locator() throws(DecodingFailure) -> Locator {
    let head = try int32()
    if head >= 0 { return Locator(offset: try count("an offset"), byteCount: head) }
    let type = -head >> 24
    if type != 1 { throw .unsupported("bytes are referred to by a locator of type \(type)") }
    let byteCount = try count("a length")
    return Locator(offset: try count("an offset"), byteCount: byteCount)
  }

  /// Reads where an envelope is.
  mutating func envelopeLink() throws(DecodingFailure) -> EnvelopeLink {
    let length = try count("a length")
    return EnvelopeLink(length: length, locator: try locator())
  }
}
