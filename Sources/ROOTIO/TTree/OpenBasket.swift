// SPDX-License-Identifier: Apache-2.0

/// A decompressed basket and, where their number varies, the places of the values of its entries.
struct OpenBasket: Sendable {
  let values: ByteSlice
  /// Where the entries start, and where the last one ends, from the start of the basket's values;
  /// empty where all entries have equally many values.
  var positions: [Int32] = []

  /// Returns the places of some of the entries.
  func narrowed(to wanted: Range<Int>) -> OpenBasket {
    positions.isEmpty
      ? self
      : OpenBasket(
        values: values, positions: Array(positions[wanted.lowerBound...wanted.upperBound]))
  }

  /// The bytes of an entry, from the start of the values.
  func entry(_ row: Int) -> Range<Int> { Int(positions[row])..<Int(positions[row + 1]) }

  /// The number of values of all entries.
  func valueCount(header: Int, width: Int) -> Int {
    guard let first = positions.first, let last = positions.last else { return 0 }
    return (Int(last - first) - header * (positions.count - 1)) / width
  }

  /// Returns the first entry that is shorter than its header or has a broken value; the `width` of
  /// a value is a power of two.
  func firstUnevenEntry(header: Int, width: Int) -> Int? {
    positions.withUnsafeBufferPointer { positions in
      let header = Int32(header)
      let remainder = Int32(width - 1)
      func isUneven(_ row: Int) -> Bool {
        let length = positions[row &+ 1] &- positions[row] &- header
        return length < 0 || length & remainder != 0
      }
      // Without branches, so that the compiler makes vectors of it. An array behind a null pointer
      // is an entry without elements.
      var bits: Int32 = 0
      for row in 0..<(positions.count &- 1) {
        bits |= (positions[row &+ 1] &- positions[row] &- header) & (remainder | .min)
      }
      return bits == 0 ? nil : (0..<(positions.count - 1)).first(where: isUneven)
    }
  }

  /// Writes where the values of the entries end in a column; `first` is where those of the first
  /// one start.
  func writeOffsets(
    to target: UnsafeMutablePointer<Int>, first: Int, header: Int, width: Int
  ) {
    let shift = width.trailingZeroBitCount
    positions.withUnsafeBufferPointer { positions in
      var origin = Int(positions[0])
      for row in 0..<(positions.count &- 1) {
        origin &+= header
        target[row] = first &+ (Int(positions[row &+ 1]) &- origin) &>> shift
      }
    }
  }

  /// Whether the values of the entries start and end at some offsets of a column.
  func hasOffsets(_ offsets: ArraySlice<Int>, first: Int, header: Int, width: Int) -> Bool {
    let shift = width.trailingZeroBitCount
    return positions.withUnsafeBufferPointer { positions in
      offsets.withUnsafeBufferPointer { offsets in
        var origin = Int(positions[0])
        var difference = offsets[0] ^ first
        for row in 0..<(positions.count &- 1) {
          origin &+= header
          let end = first &+ (Int(positions[row &+ 1]) &- origin) &>> shift
          difference |= end ^ offsets[row &+ 1]
        }
        return difference == 0
      }
    }
  }

  /// Decodes the values of all entries.
  func decode<Scalar: ColumnScalar>(
    _ type: Scalar.Type, header: Int, into target: UnsafeMutablePointer<Scalar>
  ) {
    values.withBytes { bytes in
      guard let source = bytes.baseAddress, let first = positions.first else { return }
      if header == 0 {
        // Nothing stands between the entries, so they are one array.
        Scalar.decode(
          source + Int(first), into: target, count: valueCount(header: 0, width: Scalar.width))
        return
      }
      var target = target
      for row in 0..<(positions.count - 1) {
        let range = entry(row)
        let count = (range.count - header) / Scalar.width
        Scalar.decode(source + range.lowerBound + header, into: target, count: count)
        target += count
      }
    }
  }
}
