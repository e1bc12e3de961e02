// SPDX-License-Identifier: Apache-2.0

/// The type of the values of a branch, or of the elements of its arrays.
public enum ElementType: String, Sendable, CaseIterable {
  /// One byte, zero or not.
  case bool
  /// A signed byte.
  case int8
  /// An unsigned byte.
  case uint8
  /// A signed integer of 16 bits.
  case int16
  /// An unsigned integer of 16 bits.
  case uint16
  /// A signed integer of 32 bits.
  case int32
  /// An unsigned integer of 32 bits.
  case uint32
  /// A signed integer of 64 bits.
  case int64
  /// An unsigned integer of 64 bits.
  case uint64
  /// IEEE 754 single precision; written `float` in type names.
  case float32
  /// IEEE 754 double precision; written `double` in type names.
  case float64
  /// Text.
  case string
  /// What this reader does not read.
  case other

  /// The name in type names: as in C++ for `float` and `double`, with the width for integers.
  public var name: String {
    switch self {
    case .float32: "float"
    case .float64: "double"
    default: rawValue
    }
  }

  /// The bytes of one value in a file; 0 where they vary.
  var width: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    case .string, .other: 0
    }
  }

  /// The type behind a number of ROOT's `TVirtualStreamerInfo::EReadWrite`, below 20.
  init?(streamerType: Int) {
    switch streamerType {
    case 1: self = .int8
    case 2: self = .int16
    // 6 is a member that counts the elements of another one: an int.
    case 3, 6: self = .int32
    case 4, 16: self = .int64
    case 5: self = .float32
    case 8: self = .float64
    case 11: self = .uint8
    case 12: self = .uint16
    // 15 are the bits of a TObject.
    case 13, 15: self = .uint32
    case 14, 17: self = .uint64
    case 18: self = .bool
    default: return nil
    }
  }

  /// The type behind a name of C++ or ROOT.
  init?(typeName: String) {
    switch typeName {
    case "bool", "Bool_t": self = .bool
    case "char", "signed char", "Char_t", "int8_t": self = .int8
    case "unsigned char", "UChar_t", "uint8_t": self = .uint8
    case "short", "Short_t", "int16_t": self = .int16
    case "unsigned short", "UShort_t", "uint16_t": self = .uint16
    case "int", "Int_t", "int32_t": self = .int32
    case "unsigned int", "unsigned", "UInt_t", "uint32_t": self = .uint32
    case "long", "Long_t", "long long", "Long64_t", "int64_t": self = .int64
    case "unsigned long", "ULong_t", "unsigned long long", "ULong64_t", "uint64_t": self = .uint64
    case "float", "Float_t": self = .float32
    case "double", "Double_t": self = .float64
    case "string", "TString": self = .string
    default: return nil
    }
  }

  /// The type of a leaf's values, from the leaf's class; `nil` for one that is not read.
  init?(leafClass: String, isUnsigned: Bool) {
    switch leafClass {
    case "TLeafO": self = .bool
    case "TLeafB": self = isUnsigned ? .uint8 : .int8
    case "TLeafS": self = isUnsigned ? .uint16 : .int16
    case "TLeafI": self = isUnsigned ? .uint32 : .int32
    case "TLeafL", "TLeafG": self = isUnsigned ? .uint64 : .int64
    case "TLeafF": self = .float32
    case "TLeafD": self = .float64
    case "TLeafC": self = .string
    default: return nil
    }
  }
}
