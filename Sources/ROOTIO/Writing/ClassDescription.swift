// SPDX-License-Identifier: Apache-2.0

/// A class as a new file describes it, and as its objects are written.
///
/// Members, versions and checksums are those of ROOT 6.40, as its files describe them. A ROOT that
/// knows others converts by the description in the file.
struct ClassDescription: Sendable {
  let info: StreamerInfo
  /// The hash by which ROOT recognizes a layout; it is in the place of a version where a class has
  /// none.
  let checksum: UInt32
  /// Whether objects carry the checksum instead of the version.
  let hasChecksumForVersion: Bool

  var name: String { info.className }

  init(
    _ name: String, version: Int, checksum: UInt32, hasChecksumForVersion: Bool = false,
    _ members: [StreamerInfo.Element]
  ) {
    info = StreamerInfo(className: name, version: version, elements: members)
    self.checksum = checksum
    self.hasChecksumForVersion = hasChecksumForVersion
  }
}

/// Classes by their names.
struct ClassDescriptions: Sendable {
  private let classes: [String: ClassDescription]

  /// All classes that are written.
  static let all = ClassDescriptions(ClassDescription.trees + ClassDescription.streamerInfos)

  init(_ list: [ClassDescription]) {
    classes = Dictionary(list.map { ($0.name, $0) }) { first, _ in first }
  }

  /// - Precondition: The class is described.
  subscript(name: String) -> ClassDescription {
    guard let description = classes[name] else {
      preconditionFailure("The class \(name) is written but not described.")
    }
    return description
  }
}

/// The numbers of `TVirtualStreamerInfo::EReadWrite` for the members of the classes that are
/// written.
enum StreamerType {
  static let base = 0
  static let int8 = 1
  static let int16 = 2
  static let int32 = 3
  static let float32 = 5
  static let counter = 6
  static let float64 = 8
  static let uint8 = 11
  static let uint32 = 13
  static let bits = 15
  static let int64 = 16
  static let bool = 18
  /// An array inside the object: this, plus the number of its elements' type.
  static let array = 20
  /// An array behind a pointer.
  static let arrayPointer = 40
  static let object = 61
  static let any = 62
  static let objectPointer = 64
  static let string = 65
  static let tObject = 66
  static let tNamed = 67
}

extension [StreamerInfo.Element] {
  static func bases(_ names: String...) -> Self {
    names.map { name in
      let fType =
        switch name {
        case "TObject": StreamerType.tObject
        case "TNamed": StreamerType.tNamed
        default: StreamerType.base
        }
      return element(name, fType, "BASE")
    }
  }

  static func int8(_ names: String...) -> Self {
    names.map { element($0, StreamerType.int8, "char") }
  }
  static func int16(_ names: String...) -> Self {
    names.map { element($0, StreamerType.int16, "short") }
  }
  static func int32(_ names: String...) -> Self {
    names.map { element($0, StreamerType.int32, "int") }
  }
  static func int64(_ names: String...) -> Self {
    names.map { element($0, StreamerType.int64, "Long64_t") }
  }
  static func float32(_ names: String...) -> Self {
    names.map { element($0, StreamerType.float32, "float") }
  }
  static func float64(_ names: String...) -> Self {
    names.map { element($0, StreamerType.float64, "double") }
  }
  static func uint8(_ name: String) -> Self { [element(name, StreamerType.uint8, "unsigned char")] }
  static func uint32(_ name: String) -> Self {
    [element(name, StreamerType.uint32, "unsigned int")]
  }
  static func bits(_ name: String) -> Self { [element(name, StreamerType.bits, "unsigned int")] }
  static func bool(_ names: String...) -> Self {
    names.map { element($0, StreamerType.bool, "bool") }
  }
  static func counter(_ name: String) -> Self { [element(name, StreamerType.counter, "int")] }
  static func strings(_ names: String...) -> Self {
    names.map { element($0, StreamerType.string, "TString") }
  }
  static func objects(_ typeName: String, _ names: String...) -> Self {
    names.map { element($0, StreamerType.object, typeName) }
  }
  static func any(_ typeName: String, _ name: String) -> Self {
    [element(name, StreamerType.any, typeName)]
  }
  static func pointer(_ typeName: String, _ name: String) -> Self {
    [element(name, StreamerType.objectPointer, typeName + "*")]
  }
  static func int32Array(_ name: String, length: Int) -> Self {
    [element(name, StreamerType.array + StreamerType.int32, "int", length: length)]
  }
  static func int32s(_ name: String, countedBy counter: String) -> Self {
    [element(name, StreamerType.arrayPointer + StreamerType.int32, "int*", counter: counter)]
  }
  static func int64s(_ name: String, countedBy counter: String) -> Self {
    [element(name, StreamerType.arrayPointer + StreamerType.int64, "Long64_t*", counter: counter)]
  }

  private static func element(
    _ name: String, _ fType: Int, _ typeName: String, length: Int = 0, counter: String? = nil
  ) -> StreamerInfo.Element {
    // ROOT reads the counter of an array from the title.
    StreamerInfo.Element(
      name: name, title: counter.map { "[\($0)]" } ?? "", fType: fType, arrayLength: length,
      typeName: typeName, countName: counter)
  }
}
