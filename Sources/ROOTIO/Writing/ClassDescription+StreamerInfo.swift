// SPDX-License-Identifier: Apache-2.0

extension ClassDescription {
  /// Returns the `TList` of `TStreamerInfo` by which a file describes its classes.
  static func list(of classes: [ClassDescription]) -> WrittenObject {
    let known = ClassDescriptions(classes)
    return WrittenObject(
      "TList", items: classes.map { $0.streamerInfo(bases: known) })
  }

  private func streamerInfo(bases: ClassDescriptions) -> WrittenObject {
    let elements = info.elements.map { streamerElement($0, bases: bases) }
    return WrittenObject(
      "TStreamerInfo",
      [
        "fName": .string(name), "fCheckSum": .integer(Int(checksum)),
        "fClassVersion": .integer(info.version),
        "fElements": .object(WrittenObject("TObjArray", items: elements)),
      ])
  }

  private func streamerElement(
    _ element: StreamerInfo.Element, bases: ClassDescriptions
  ) -> WrittenObject {
    var members: [String: WrittenValue] = [
      "fName": .string(element.name), "fTitle": .string(element.title),
      "fType": .integer(element.fType), "fTypeName": .string(element.typeName),
      "fSize": .integer(Self.memorySize(of: element)),
    ]
    switch element.fType {
    case StreamerType.base, StreamerType.tObject, StreamerType.tNamed:
      // A base class has its checksum, as a signed number, where arrays have dimensions.
      let base = bases[element.name]
      members["fMaxIndex"] = .integers([0, Int(Int32(bitPattern: base.checksum))])
      members["fBaseVersion"] = .integer(base.info.version)
      return WrittenObject("TStreamerBase", members)
    case StreamerType.string: return WrittenObject("TStreamerString", members)
    case StreamerType.object: return WrittenObject("TStreamerObject", members)
    case StreamerType.any: return WrittenObject("TStreamerObjectAny", members)
    case StreamerType.objectPointer: return WrittenObject("TStreamerObjectPointer", members)
    case StreamerType.arrayPointer..<StreamerType.object:
      members["fCountVersion"] = .integer(info.version)
      members["fCountName"] = .string(element.countName ?? "")
      members["fCountClass"] = .string(name)
      return WrittenObject("TStreamerBasicPointer", members)
    default: return WrittenObject("TStreamerBasicType", members)
    }
  }

  /// The bytes of a member in the memory of ROOT on a machine of 64 bits.
  private static func memorySize(of element: StreamerInfo.Element) -> Int {
    switch element.fType {
    case StreamerType.base, StreamerType.tObject, StreamerType.tNamed: 0
    case StreamerType.string: 24
    case StreamerType.objectPointer: 8
    case StreamerType.object: 64
    case StreamerType.any: element.typeName.hasPrefix("TArray") ? 24 : 1
    case StreamerType.arrayPointer..<StreamerType.object:
      elementSize(element.fType - StreamerType.arrayPointer)
    default: elementSize(element.fType)
    }
  }

  private static func elementSize(_ fType: Int) -> Int {
    fType == StreamerType.counter ? 4 : ElementType(streamerType: fType)?.width ?? 4
  }
}
