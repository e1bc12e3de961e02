// SPDX-License-Identifier: Apache-2.0

/// Writes the objects of one record by the descriptions of their classes: what ``ObjectDecoder`` reads.
///
/// A member that an object does not name is zero, empty or null. Objects and classes that come again
/// are referred to by their position, which counts from the start of the record's key, plus 2.
///
/// Specification: https://github.com/root-project/root/blob/v6-32-00/io/doc/TFile/dobject.md
struct ObjectEncoder {
  private var writer = ByteWriter()
  private let keyLength: Int
  private var classPositions: [String: Int] = [:]
  private var objectPositions: [ObjectIdentifier: Int] = [:]
  // Positions identify objects, which must not go away meanwhile.
  private var written: [WrittenObject] = []

  private static let byteCountBit: UInt32 = 0x4000_0000
  private static let classBit: UInt32 = 0x8000_0000
  private static let newClass: UInt32 = 0xFFFF_FFFF
  private static let positionOffset = 2

  private init(keyLength: Int) { self.keyLength = keyLength }

  /// Returns the bytes of a record that holds one object.
  ///
  /// Its positions are right behind a key of `keyLength` bytes.
  static func encode(_ object: WrittenObject, keyLength: Int) -> [UInt8] {
    var encoder = ObjectEncoder(keyLength: keyLength)
    encoder.append(object.className, object.members)
    return encoder.writer.bytes
  }

  private mutating func append(_ className: String, _ members: [String: WrittenValue]) {
    let start = writer.count
    writer.append(UInt32(0))
    defer { setByteCount(at: start) }
    switch className {
    case "TObjArray":
      writer.append(Int16(3))
      appendTObject([:])
      writer.append(string: "")
      let items = items(of: members)
      writer.append(Int32(items.count))
      writer.append(Int32(0))
      for item in items { append(pointer: item) }
      return
    case "TList":
      writer.append(Int16(5))
      appendTObject([:])
      writer.append(string: "")
      let items = items(of: members)
      writer.append(Int32(items.count))
      for item in items {
        append(pointer: item)
        writer.append(string: "")
      }
      return
    default: break
    }
    let description = ClassDescriptions.all[className]
    if description.hasChecksumForVersion {
      writer.append(Int16(0))
      writer.append(description.checksum)
    } else {
      writer.append(Int16(description.info.version))
    }
    for element in description.info.elements { append(element, of: className, members) }
  }

  /// Sets the number of bytes behind it.
  private mutating func setByteCount(at start: Int) {
    let count = writer.count - start - 4
    precondition(count < Self.byteCountBit, "An object of \(count) bytes is too long for a file.")
    writer.replace(at: start, with: UInt32(count) | Self.byteCountBit)
  }

  private func items(of members: [String: WrittenValue]) -> [WrittenObject] {
    if case .objects(let items)? = members["items"] { items } else { [] }
  }

  private mutating func appendTObject(_ members: [String: WrittenValue]) {
    writer.append(Int16(1))
    writer.append(UInt32(0))
    writer.append(UInt32(truncatingIfNeeded: integer(members["fBits"])))
  }

  private mutating func append(
    _ element: StreamerInfo.Element, of className: String, _ members: [String: WrittenValue]
  ) {
    let value = members[element.name]
    switch element.fType {
    case StreamerType.tObject: appendTObject(members)
    case StreamerType.base, StreamerType.tNamed: append(element.name, members)
    case StreamerType.string:
      if case .string(let text)? = value {
        writer.append(string: text)
      } else {
        writer.append(string: "")
      }
    case StreamerType.any where element.typeName.hasPrefix("TArray"):
      // Trees have them for an index, which a new one lacks.
      writer.append(Int32(0))
    case StreamerType.object, StreamerType.any:
      if case .object(let object)? = value {
        append(object.className, object.members)
      } else {
        append(element.typeName, [:])
      }
    case StreamerType.objectPointer:
      if case .object(let object)? = value {
        append(pointer: object)
      } else {
        writer.append(UInt32(0))
      }
    case StreamerType.array..<StreamerType.arrayPointer:
      let known = integers(value)
      for index in 0..<element.arrayLength {
        append(index < known.count ? known[index] : 0, element.fType - StreamerType.array)
      }
    case StreamerType.arrayPointer..<StreamerType.object:
      let known = integers(value)
      precondition(
        known.count == integer(element.countName.flatMap { members[$0] }),
        "\(className) has \(known.count) values in \(element.name), and announces others.")
      writer.append(UInt8(known.isEmpty ? 0 : 1))
      for number in known { append(number, element.fType - StreamerType.arrayPointer) }
    case StreamerType.float32: writer.append(Float(real(value)).bitPattern)
    case StreamerType.float64: writer.append(real(value).bitPattern)
    default: append(integer(value), element.fType)
    }
  }

  private mutating func append(_ number: Int, _ fType: Int) {
    switch fType {
    case StreamerType.int8: writer.append(Int8(number))
    case StreamerType.uint8, StreamerType.bool: writer.append(UInt8(number))
    case StreamerType.int16: writer.append(Int16(number))
    case StreamerType.int32, StreamerType.counter: writer.append(Int32(number))
    case StreamerType.uint32, StreamerType.bits: writer.append(UInt32(truncatingIfNeeded: number))
    case StreamerType.int64: writer.append(Int64(number))
    default: preconditionFailure("No class that is written has a member of type \(fType).")
    }
  }

  private mutating func append(pointer object: WrittenObject) {
    if let position = objectPositions[ObjectIdentifier(object)] {
      writer.append(UInt32(position))
      return
    }
    let start = writer.count
    objectPositions[ObjectIdentifier(object)] = start + keyLength + Self.positionOffset
    written.append(object)
    writer.append(UInt32(0))
    if let position = classPositions[object.className] {
      writer.append(UInt32(position) | Self.classBit)
    } else {
      classPositions[object.className] = writer.count + keyLength + Self.positionOffset
      writer.append(Self.newClass)
      writer.append(bytes: object.className.utf8)
      writer.append(UInt8(0))
    }
    append(object.className, object.members)
    setByteCount(at: start)
  }

  private func integer(_ value: WrittenValue?) -> Int {
    if case .integer(let number)? = value { number } else { 0 }
  }
  private func integers(_ value: WrittenValue?) -> [Int] {
    if case .integers(let numbers)? = value { numbers } else { [] }
  }
  private func real(_ value: WrittenValue?) -> Double {
    if case .real(let number)? = value { number } else { 0 }
  }
}
