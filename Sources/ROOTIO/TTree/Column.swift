// SPDX-License-Identifier: Apache-2.0

/// The values of a branch for some consecutive entries.
///
///     for entry in 0..<column.entryCount {
///       let muonPt = values[offsets[entry]..<offsets[entry + 1]]
///     }
public struct Column: Sendable {
  /// The name of the branch.
  public let name: String
  /// All values, entry after entry.
  public let values: ColumnValues
  /// Where the values of each entry are; `nil` where each has one.
  ///
  /// One position in ``values`` more than there are entries: entry
  /// `i` has the values from `offsets[i]` to before `offsets[i + 1]`. Arrays of several dimensions
  /// are row-major.
  ///
  /// Of lists within lists (``innerOffsets``) these are positions among the lists of the next level.
  public let offsets: [Int]?
  /// Where the elements of the inner lists are, level by level, where entries are lists of lists.
  ///
  /// List `i` of a level has the lists of the next level, or the values, from `[i]` to before
  /// `[i + 1]`. Empty for all other columns.
  public let innerOffsets: [[Int]]

  /// Makes a column.
  ///
  /// - Precondition: `offsets` ascend from 0 to the number of values, or of lists of the next level.
  public init(
    name: String, values: ColumnValues, offsets: [Int]? = nil, innerOffsets: [[Int]] = []
  ) {
    var levels = innerOffsets
    if let offsets { levels.insert(offsets, at: 0) }
    for (index, level) in levels.enumerated() {
      let count = index + 1 < levels.count ? levels[index + 1].count - 1 : values.count
      precondition(
        level.first == 0 && level.last == count,
        "The offsets of column \(name) do not span its \(count) values or lists.")
    }
    self.name = name
    self.values = values
    self.offsets = offsets
    self.innerOffsets = innerOffsets
  }

  /// The number of entries.
  public var entryCount: Int { offsets.map { $0.count - 1 } ?? values.count }

  /// The values in double precision; Booleans become 0 and 1.
  ///
  /// - Precondition: The column does not hold text: see ``ColumnValues/elementType``.
  public func doubles() -> [Double] { values.converted(to: Double.self, name: name) }

  /// The values in single precision; Booleans become 0 and 1.
  ///
  /// - Precondition: The column does not hold text: see ``ColumnValues/elementType``.
  public func floats() -> [Float] { values.converted(to: Float.self, name: name) }
}

/// The values of a column, in their own type.
public enum ColumnValues: Sendable, Equatable {
  /// Booleans.
  case bool([Bool])
  /// Signed bytes.
  case int8([Int8])
  /// Unsigned bytes.
  case uint8([UInt8])
  /// Signed integers of 16 bits.
  case int16([Int16])
  /// Unsigned integers of 16 bits.
  case uint16([UInt16])
  /// Signed integers of 32 bits.
  case int32([Int32])
  /// Unsigned integers of 32 bits.
  case uint32([UInt32])
  /// Signed integers of 64 bits.
  case int64([Int64])
  /// Unsigned integers of 64 bits.
  case uint64([UInt64])
  /// Single precision.
  case float32([Float])
  /// Double precision.
  case float64([Double])
  /// Text.
  case string([String])

  /// The number of values.
  public var count: Int {
    switch self {
    case .bool(let values): values.count
    case .int8(let values): values.count
    case .uint8(let values): values.count
    case .int16(let values): values.count
    case .uint16(let values): values.count
    case .int32(let values): values.count
    case .uint32(let values): values.count
    case .int64(let values): values.count
    case .uint64(let values): values.count
    case .float32(let values): values.count
    case .float64(let values): values.count
    case .string(let values): values.count
    }
  }

  /// The type of the values.
  public var elementType: ElementType {
    switch self {
    case .bool: .bool
    case .int8: .int8
    case .uint8: .uint8
    case .int16: .int16
    case .uint16: .uint16
    case .int32: .int32
    case .uint32: .uint32
    case .int64: .int64
    case .uint64: .uint64
    case .float32: .float32
    case .float64: .float64
    case .string: .string
    }
  }

  fileprivate func converted<Target: BinaryFloatingPoint>(
    to type: Target.Type, name: String
  ) -> [Target] {
    switch self {
    case .bool(let values): values.map { $0 ? 1 : 0 }
    case .int8(let values): values.map { Target($0) }
    case .uint8(let values): values.map { Target($0) }
    case .int16(let values): values.map { Target($0) }
    case .uint16(let values): values.map { Target($0) }
    case .int32(let values): values.map { Target($0) }
    case .uint32(let values): values.map { Target($0) }
    case .int64(let values): values.map { Target($0) }
    case .uint64(let values): values.map { Target($0) }
    case .float32(let values): values.map { Target($0) }
    case .float64(let values): values.map { Target($0) }
    case .string: preconditionFailure("Column \(name) holds text and has no numbers.")
    }
  }
}
