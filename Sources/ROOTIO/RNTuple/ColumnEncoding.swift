// SPDX-License-Identifier: Apache-2.0

/// How the elements of an RNTuple's column are stored, by the numbers of the format.
///
/// In split encodings a page has the first bytes of all elements, then all second bytes, and so on.
/// Split signed integers are zigzag-encoded: 0, −1, 1, −2 … are stored as 0, 1, 2, 3 …. Split
/// indices are stored as differences to the element in front, within a page.
///
/// Specification: https://github.com/root-project/root/blob/v6-36-00/tree/ntuple/doc/BinaryFormatSpecification.md
enum ColumnEncoding: Int, Sendable {
  case bit = 0x00
  case byte = 0x01
  case char = 0x02
  case int8 = 0x03
  case uint8 = 0x04
  case int16 = 0x05
  case uint16 = 0x06
  case int32 = 0x07
  case uint32 = 0x08
  case int64 = 0x09
  case uint64 = 0x0A
  case real16 = 0x0B
  case real32 = 0x0C
  case real64 = 0x0D
  /// Where the elements of a collection end, counted from the start of the cluster.
  case index32 = 0x0E
  case index64 = 0x0F
  /// An index, and 4 bytes that say which type of a variant is there.
  case variantSwitch = 0x10
  case splitInt16 = 0x11
  case splitUInt16 = 0x12
  case splitInt32 = 0x13
  case splitUInt32 = 0x14
  case splitInt64 = 0x15
  case splitUInt64 = 0x16
  case splitReal16 = 0x17
  case splitReal32 = 0x18
  case splitReal64 = 0x19
  case splitIndex32 = 0x1A
  case splitIndex64 = 0x1B
  /// The leading bits of a number in single precision.
  case real32Truncated = 0x1C
  /// An integer that counts steps from the lower end of a range to the upper one.
  case real32Quantized = 0x1D

  var isSplit: Bool { (0x11...0x1B).contains(rawValue) }
  var isIndex: Bool {
    switch self {
    case .index32, .index64, .splitIndex32, .splitIndex64: true
    default: false
    }
  }

  /// The numbers of bits that an element may have in the file.
  var bits: ClosedRange<Int> {
    switch self {
    case .bit: 1...1
    case .byte, .char, .int8, .uint8: 8...8
    case .int16, .uint16, .real16, .splitInt16, .splitUInt16, .splitReal16: 16...16
    case .int32, .uint32, .real32, .index32, .splitInt32, .splitUInt32, .splitReal32, .splitIndex32:
      32...32
    case .int64, .uint64, .real64, .index64, .splitInt64, .splitUInt64, .splitReal64, .splitIndex64:
      64...64
    case .variantSwitch: 96...96
    case .real32Truncated: 10...31
    case .real32Quantized: 1...32
    }
  }

  /// The type of the elements in memory, where their field does not ask for more precision.
  var elementType: ElementType {
    switch self {
    case .bit: .bool
    case .byte, .uint8: .uint8
    case .char, .int8: .int8
    case .int16, .splitInt16: .int16
    case .uint16, .splitUInt16: .uint16
    case .int32, .splitInt32: .int32
    case .uint32, .splitUInt32: .uint32
    case .int64, .splitInt64: .int64
    case .uint64, .splitUInt64: .uint64
    case .real16, .real32, .splitReal16, .splitReal32, .real32Truncated, .real32Quantized: .float32
    case .real64, .splitReal64: .float64
    case .index32, .index64, .splitIndex32, .splitIndex64, .variantSwitch: .other
    }
  }
}
