// SPDX-License-Identifier: Apache-2.0

import CByteOrder

/// A type of which ROOT writes arrays as plain big-endian bytes.
protocol ColumnScalar: BitwiseCopyable, Sendable {
  static var width: Int { get }
  static func wrap(_ values: [Self]) -> ColumnValues
  /// Decodes `count` values.
  static func decode(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Self>, count: Int)
}

extension ColumnScalar where Self: FixedWidthInteger {
  static var width: Int { bitWidth / 8 }

  static func decode(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Self>, count: Int
  ) {
    decodeWords(source, into: target, width: width, count: count)
  }
}

extension Int8: ColumnScalar {
  static func wrap(_ values: [Self]) -> ColumnValues { .int8(values) }
}
extension UInt8: ColumnScalar {
  static func wrap(_ values: [Self]) -> ColumnValues { .uint8(values) }
}
extension Int16: ColumnScalar {
  static func wrap(_ values: [Self]) -> ColumnValues { .int16(values) }
}
extension UInt16: ColumnScalar {
  static func wrap(_ values: [Self]) -> ColumnValues { .uint16(values) }
}
extension Int32: ColumnScalar {
  static func wrap(_ values: [Self]) -> ColumnValues { .int32(values) }
}
extension UInt32: ColumnScalar {
  static func wrap(_ values: [Self]) -> ColumnValues { .uint32(values) }
}
extension Int64: ColumnScalar {
  static func wrap(_ values: [Self]) -> ColumnValues { .int64(values) }
}
extension UInt64: ColumnScalar {
  static func wrap(_ values: [Self]) -> ColumnValues { .uint64(values) }
}

extension Float: ColumnScalar {
  static var width: Int { 4 }
  static func wrap(_ values: [Self]) -> ColumnValues { .float32(values) }

  static func decode(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Self>, count: Int
  ) {
    decodeWords(source, into: target, width: 4, count: count)
  }
}

extension Double: ColumnScalar {
  static var width: Int { 8 }
  static func wrap(_ values: [Self]) -> ColumnValues { .float64(values) }

  static func decode(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Self>, count: Int
  ) {
    decodeWords(source, into: target, width: 8, count: count)
  }
}

extension Bool: ColumnScalar {
  static var width: Int { 1 }
  static func wrap(_ values: [Self]) -> ColumnValues { .bool(values) }

  static func decode(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Self>, count: Int
  ) {
    // Not a copy: a damaged file could hold bytes other than 0 and 1, which no Bool may have.
    for index in 0..<count {
      target[index] = source.load(fromByteOffset: index, as: UInt8.self) != 0
    }
  }
}

/// Turns the bytes of numbers round; all machines on which LibTorch runs are little-endian.
private func decodeWords(
  _ source: UnsafeRawPointer, into target: UnsafeMutableRawPointer, width: Int, count: Int
) {
  switch width {
  case 1: target.copyMemory(from: source, byteCount: count)
  case 2: cbyteorder_swap16(source, target, count)
  case 4: cbyteorder_swap32(source, target, count)
  default: cbyteorder_swap64(source, target, count)
  }
}
