// SPDX-License-Identifier: Apache-2.0

/// The type of the numbers of a tensor in a safetensors file.
///
/// The raw values are the names in the file's header.
public enum SafetensorsElementType: String, Sendable, Hashable, CaseIterable {
  /// Truth values, one byte each: 0 or 1.
  case bool = "BOOL"
  /// Unsigned integers of 8 bits.
  case uint8 = "U8"
  /// Integers of 8 bits.
  case int8 = "I8"
  /// Floating-point numbers of 8 bits with 2 bits of mantissa.
  case float8e5m2 = "F8_E5M2"
  /// Floating-point numbers of 8 bits with 3 bits of mantissa.
  case float8e4m3 = "F8_E4M3"
  /// Unsigned integers of 16 bits.
  case uint16 = "U16"
  /// Integers of 16 bits.
  case int16 = "I16"
  /// Floating-point numbers of 16 bits, IEEE 754.
  case float16 = "F16"
  /// Floating-point numbers of 16 bits, the upper half of a `float32`.
  case bfloat16 = "BF16"
  /// Unsigned integers of 32 bits.
  case uint32 = "U32"
  /// Integers of 32 bits.
  case int32 = "I32"
  /// Floating-point numbers of 32 bits.
  case float32 = "F32"
  /// Unsigned integers of 64 bits.
  case uint64 = "U64"
  /// Integers of 64 bits.
  case int64 = "I64"
  /// Floating-point numbers of 64 bits.
  case float64 = "F64"

  /// The number of bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8, .float8e5m2, .float8e4m3: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }
}

/// A Swift number that a safetensors file can hold.
public protocol SafetensorsElement: BitwiseCopyable, Sendable {
  /// The type's name in the file.
  static var elementType: SafetensorsElementType { get }
}

extension UInt8: SafetensorsElement {
  /// `U8`.
  public static var elementType: SafetensorsElementType { .uint8 }
}
extension Int8: SafetensorsElement {
  /// `I8`.
  public static var elementType: SafetensorsElementType { .int8 }
}
extension UInt16: SafetensorsElement {
  /// `U16`.
  public static var elementType: SafetensorsElementType { .uint16 }
}
extension Int16: SafetensorsElement {
  /// `I16`.
  public static var elementType: SafetensorsElementType { .int16 }
}
extension UInt32: SafetensorsElement {
  /// `U32`.
  public static var elementType: SafetensorsElementType { .uint32 }
}
extension Int32: SafetensorsElement {
  /// `I32`.
  public static var elementType: SafetensorsElementType { .int32 }
}
extension UInt64: SafetensorsElement {
  /// `U64`.
  public static var elementType: SafetensorsElementType { .uint64 }
}
extension Int64: SafetensorsElement {
  /// `I64`.
  public static var elementType: SafetensorsElementType { .int64 }
}
extension Int: SafetensorsElement {
  /// `I64`: Lorentz runs on 64-bit machines only.
  public static var elementType: SafetensorsElementType { .int64 }
}
extension Float: SafetensorsElement {
  /// `F32`.
  public static var elementType: SafetensorsElementType { .float32 }
}
extension Double: SafetensorsElement {
  /// `F64`.
  public static var elementType: SafetensorsElementType { .float64 }
}
