// SPDX-License-Identifier: Apache-2.0

/// The bytes of a page of an RNTuple, decompressed, and how they become elements.
///
/// Specification: https://github.com/root-project/root/blob/v6-36-00/tree/ntuple/doc/BinaryFormatSpecification.md
struct PageContents {
  private let bytes: ByteSlice
  private let count: Int
  private let encoding: ColumnEncoding
  private let bits: Int
  private let range: ClosedRange<Double>

  /// Reads a page and verifies its checksum, if it has one.
  init(
    _ page: PageTable.Page, of column: RNTupleSchema.ColumnRecord, in storage: RNTupleStorage
  ) throws(DecodingFailure) {
    guard let encoding = column.encoding else {
      throw .unsupported("its column has the unknown type \(column.code)")
    }
    guard let length = column.pageLength(elementCount: page.elementCount) else {
      throw .unsupported(
        "a page has \(page.elementCount) elements of \(column.bits) bits, this reader takes up to "
          + "\(RNTupleStorage.maximumLength) bytes", at: page.locator.offset)
    }
    var locator = page.locator
    if page.hasChecksum {
      let (byteCount, overflow) = locator.byteCount.addingReportingOverflow(8)
      if overflow { throw .corrupted("a page has \(locator.byteCount) bytes", at: locator.offset) }
      locator = Locator(offset: locator.offset, byteCount: byteCount)
    }
    var stored = try storage.bytes(locator, "a page")
    if page.hasChecksum {
      let end = stored.range.upperBound - 8
      var reader = ByteReader(stored.storage, from: end)
      let expected = (try reader.integer(UInt64.self, "a page")).byteSwapped
      stored = ByteSlice(stored.storage, stored.range.lowerBound..<end)
      let found = stored.withBytes { xxh3($0) }
      if found != expected {
        throw .checksum(found, expected: expected, of: "a page", at: page.locator.offset)
      }
    }
    bytes = try RNTupleStorage.decompressed(stored, count: length, "a page")
    count = page.elementCount
    self.encoding = encoding
    bits = column.bits
    range = column.range ?? 0...0
  }

  /// Decodes Booleans, eight in a byte, the lowest bit first.
  func booleans() -> [Bool] {
    bytes.withBytes { bytes in
      (0..<count).map { bytes[$0 >> 3] >> UInt8($0 & 7) & 1 != 0 }
    }
  }

  /// Decodes integers that have as many bits in the file as in memory.
  func integers<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> [Value]
  where Value.Magnitude: BitwiseCopyable {
    guard Value.isSigned, encoding.isSplit else {
      return words(Value.Magnitude.self) { Value(truncatingIfNeeded: $0) }
    }
    return words(Value.Magnitude.self) { word in
      Value(truncatingIfNeeded: word >> 1 ^ (0 &- (word & 1)))
    }
  }

  /// Decodes where the elements of collections end, counted from the start of the cluster.
  func ends() -> [Int] {
    var ends =
      bits == 32
      ? words(UInt32.self) { Int(truncatingIfNeeded: $0) }
      : words(UInt64.self) { Int(truncatingIfNeeded: $0) }
    if encoding.isSplit {
      ends.withUnsafeMutableBufferPointer { ends in
        var end = 0
        for index in 0..<count {
          end &+= ends[index]
          ends[index] = end
        }
      }
    }
    return ends
  }

  /// Decodes numbers in single precision.
  func floats() -> [Float] {
    switch encoding {
    case .real64, .splitReal64:
      preconditionFailure("A column of doubles is not read as floats.")
    case .real32, .splitReal32: words(UInt32.self) { Float(bitPattern: $0) }
    case .real16, .splitReal16: words(UInt16.self) { Float(halfPrecision: $0) }
    case .real32Truncated:
      packed { Float(bitPattern: UInt32($0) << UInt32(32 - bits)) }
    default: quantized().map { Float($0) }
    }
  }

  /// Decodes numbers in double precision.
  func doubles() -> [Double] {
    switch encoding {
    case .real64, .splitReal64: words(UInt64.self) { Double(bitPattern: $0) }
    case .real32Quantized: quantized()
    default: floats().map { Double($0) }
    }
  }

  private func quantized() -> [Double] {
    let step = (range.upperBound - range.lowerBound) / Double(1 << bits - 1)
    return packed { Double($0) * step + range.lowerBound }
  }

  /// Decodes little-endian words, whose bytes may be split.
  @inline(__always)
  private func words<Word: FixedWidthInteger & BitwiseCopyable, Value>(
    _ type: Word.Type, _ value: (Word) -> Value
  ) -> [Value] {
    bytes.withBytes { bytes in
      guard let start = bytes.baseAddress else { return [] }
      return Array(unsafeUninitializedCapacity: count) { target, initializedCount in
        guard let target = target.baseAddress else { return }
        if encoding.isSplit {
          unsplit(start, into: target, value)
        } else {
          for index in 0..<count {
            let word = start.loadUnaligned(
              fromByteOffset: index &* (Word.bitWidth / 8), as: Word.self)
            (target + index).initialize(to: value(Word(littleEndian: word)))
          }
        }
        initializedCount = count
      }
    }
  }

  /// Puts the bytes of words together, block by block, so that the inner loops are plain ones.
  @inline(__always)
  private func unsplit<Word: FixedWidthInteger & BitwiseCopyable, Value>(
    _ start: UnsafeRawPointer, into target: UnsafeMutablePointer<Value>, _ value: (Word) -> Value
  ) {
    let blockLength = 512
    withUnsafeTemporaryAllocation(of: Word.self, capacity: blockLength) { block in
      guard let words = block.baseAddress else { return }
      for first in stride(from: 0, to: count, by: blockLength) {
        let length = min(blockLength, count - first)
        for index in 0..<length { (words + index).initialize(to: 0) }
        for byte in 0..<(Word.bitWidth / 8) {
          let part = (start + (byte * count + first)).assumingMemoryBound(to: UInt8.self)
          let shift = Word(truncatingIfNeeded: byte * 8)
          for index in 0..<length {
            words[index] |= Word(truncatingIfNeeded: part[index]) &<< shift
          }
        }
        for index in 0..<length { (target + (first + index)).initialize(to: value(words[index])) }
      }
    }
  }

  /// Decodes numbers of `bits` bits that stand close together, the lowest bit first.
  private func packed<Value>(_ value: (UInt64) -> Value) -> [Value] {
    bytes.withBytes { bytes in
      (0..<count).map { index in
        let first = index * bits
        // 32 bits touch five bytes at most.
        var word: UInt64 = 0
        for (place, byte) in bytes[(first >> 3)...((first + bits - 1) >> 3)].enumerated() {
          word |= UInt64(byte) << UInt64(8 * place)
        }
        return value(word >> UInt64(first & 7) & (1 << UInt64(bits) - 1))
      }
    }
  }
}

extension Float {
  /// The value of a number of IEEE 754's half precision: 1 bit of sign, 5 of exponent, 10 of
  /// mantissa.
  init(halfPrecision bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1F)
    let mantissa = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      // Zero, and numbers below the normal ones.
      let magnitude = Float(mantissa) * 0x1p-24
      self = Float(bitPattern: sign | magnitude.bitPattern)
    case 31: self = Float(bitPattern: sign | 0x7F80_0000 | mantissa << 13)
    default: self = Float(bitPattern: sign | (exponent + 112) << 23 | mantissa << 13)
    }
  }
}
