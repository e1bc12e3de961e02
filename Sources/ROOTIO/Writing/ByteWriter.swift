// SPDX-License-Identifier: Apache-2.0

/// Big-endian bytes that grow: what ``ByteReader`` reads.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  var count: Int { bytes.count }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func append<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends integers of 8, 16, 32 or 64 bits, one behind the other.
  mutating func append<T: FixedWidthInteger>(contentsOf values: ArraySlice<T>) {
    append(values, width: T.bitWidth / 8) { $0.bigEndian }
  }

  mutating func append(contentsOf values: ArraySlice<Float>) {
    append(values, width: 4) { $0.bitPattern.bigEndian }
  }

  mutating func append(contentsOf values: ArraySlice<Double>) {
    append(values, width: 8) { $0.bitPattern.bigEndian }
  }

  mutating func append(contentsOf values: ArraySlice<Bool>) {
    append(values, width: 1) { $0 ? UInt8(1) : 0 }
  }

  private mutating func append<Value, Stored: FixedWidthInteger>(
    _ values: ArraySlice<Value>, width: Int, stored: (Value) -> Stored
  ) {
    var position = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: values.count * width))
    bytes.withUnsafeMutableBytes { target in
      for value in values {
        target.storeBytes(of: stored(value), toByteOffset: position, as: Stored.self)
        position += width
      }
    }
  }

  mutating func append(bytes other: some Sequence<UInt8>) { bytes.append(contentsOf: other) }

  /// Appends a file position, of eight bytes in big files and four elsewhere.
  mutating func append(seek: Int, isBig: Bool) {
    if isBig { append(Int64(seek)) } else { append(Int32(seek)) }
  }

  /// Appends a `TString`: one byte of length, or 255 and four bytes of length; then the characters.
  mutating func append(string: String) {
    let characters = Array(string.utf8)
    if characters.count < 255 {
      append(UInt8(characters.count))
    } else {
      append(UInt8.max)
      append(Int32(characters.count))
    }
    bytes.append(contentsOf: characters)
  }

  /// Writes an integer over bytes that are there.
  mutating func replace<T: FixedWidthInteger>(at position: Int, with value: T) {
    bytes.withUnsafeMutableBytes {
      $0.storeBytes(of: value.bigEndian, toByteOffset: position, as: T.self)
    }
  }
}
