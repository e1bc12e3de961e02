// SPDX-License-Identifier: Apache-2.0

import CTorch

/// The type of a tensor's elements.
public enum DType: Sendable, Hashable, CaseIterable {
  /// IEEE 754 single precision; Swift's `Float`.
  case float32
  /// IEEE 754 double precision; Swift's `Double`.
  case float64
  /// IEEE 754 half precision.
  case float16
  /// The upper half of a `float32`.
  case bfloat16
  /// Signed, 64 bits; Swift's `Int` and `Int64`.
  case int64
  /// Signed, 32 bits.
  case int32
  /// Signed, 16 bits.
  case int16
  /// Unsigned, 8 bits.
  case uint8
  /// `false` or `true`, in one byte.
  case bool

  /// The size of an element in bytes.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .uint8, .bool: 1
    }
  }

  /// Whether elements are real numbers, for which there are gradients.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    case .int64, .int32, .int16, .uint8, .bool: false
    }
  }

  var code: ctorch_dtype {
    switch self {
    case .float32: CTORCH_FLOAT32
    case .float64: CTORCH_FLOAT64
    case .float16: CTORCH_FLOAT16
    case .bfloat16: CTORCH_BFLOAT16
    case .int64: CTORCH_INT64
    case .int32: CTORCH_INT32
    case .int16: CTORCH_INT16
    case .uint8: CTORCH_UINT8
    case .bool: CTORCH_BOOL
    }
  }

  init(code: ctorch_dtype) {
    switch code {
    case CTORCH_FLOAT32: self = .float32
    case CTORCH_FLOAT64: self = .float64
    case CTORCH_FLOAT16: self = .float16
    case CTORCH_BFLOAT16: self = .bfloat16
    case CTORCH_INT64: self = .int64
    case CTORCH_INT32: self = .int32
    case CTORCH_INT16: self = .int16
    case CTORCH_UINT8: self = .uint8
    case CTORCH_BOOL: self = .bool
    default: preconditionFailure("The tensor's type is none that this module can make.")
    }
  }
}

/// A Swift type whose arrays become tensors byte by byte.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The type of a tensor made of such elements.
  static var dtype: DType { get }
  /// Zero.
  init()
}

extension Float: TensorElement {
  /// ``DType/float32``.
  public static var dtype: DType { .float32 }
}

extension Double: TensorElement {
  /// ``DType/float64``.
  public static var dtype: DType { .float64 }
}

extension Int: TensorElement {
  /// ``DType/int64``.
  public static var dtype: DType { .int64 }
}

extension Int64: TensorElement {
  /// ``DType/int64``.
  public static var dtype: DType { .int64 }
}

extension Int32: TensorElement {
  /// ``DType/int32``.
  public static var dtype: DType { .int32 }
}

extension Int16: TensorElement {
  /// ``DType/int16``.
  public static var dtype: DType { .int16 }
}

extension UInt8: TensorElement {
  /// ``DType/uint8``.
  public static var dtype: DType { .uint8 }
}

extension Bool: TensorElement {
  /// ``DType/bool``.
  public static var dtype: DType { .bool }
}
