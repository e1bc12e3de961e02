// SPDX-License-Identifier: Apache-2.0

// Short words for all values of a column, for comparison with other readers.

/// The FNV-1a hash of 64-bit words, as in `scripts/root-reference.py`.
package func wordDigest(_ words: [UInt64]) -> String {
  var value: UInt64 = 14_695_981_039_346_656_037
  for word in words { value = (value ^ word) &* 1_099_511_628_211 }
  let text = String(value, radix: 16)
  return String(repeating: "0", count: 16 - text.count) + text
}

extension Column {
  /// The offsets of all levels of lists, the outermost first; empty where there are none.
  package var levels: [[Int]] { offsets.map { [$0] + innerOffsets } ?? [] }

  /// The digest of the numbers of elements, level by level; "-" without lists.
  package var countDigest: String {
    if levels.isEmpty { return "-" }
    return levels.map { level in
      wordDigest(zip(level, level.dropFirst()).map { UInt64($1 - $0) })
    }.joined(separator: "/")
  }
}

extension ColumnValues {
  /// The values as words of 64 bits: bit patterns of reals, integers with their signs, bytes of text.
  package var words: [UInt64] {
    func extended<Value: SignedInteger>(_ values: [Value]) -> [UInt64] {
      values.map { UInt64(bitPattern: Int64($0)) }
    }
    return switch self {
    case .bool(let values): values.map { $0 ? 1 : 0 }
    case .int8(let values): extended(values)
    case .uint8(let values): values.map { UInt64($0) }
    case .int16(let values): extended(values)
    case .uint16(let values): values.map { UInt64($0) }
    case .int32(let values): extended(values)
    case .uint32(let values): values.map { UInt64($0) }
    case .int64(let values): extended(values)
    case .uint64(let values): values
    case .float32(let values): values.map { UInt64($0.bitPattern) }
    case .float64(let values): values.map(\.bitPattern)
    case .string(let values): values.flatMap { $0.utf8.map { UInt64($0) } + [10] }
    }
  }

  /// The name of the type in numpy.
  package var numpyName: String {
    switch elementType {
    case .bool: "b1"
    case .int8: "i1"
    case .uint8: "u1"
    case .int16: "i2"
    case .uint16: "u2"
    case .int32: "i4"
    case .uint32: "u4"
    case .int64: "i8"
    case .uint64: "u8"
    case .float32: "f4"
    case .float64: "f8"
    case .string: "S"
    case .other: "?"
    }
  }
}
