// SPDX-License-Identifier: Apache-2.0

/// Decodes the objects of one record with the file's own descriptions of their classes.
///
/// In front of an object stand its byte count and the version of its class; a pointer is a tag:
///
///     0                      null
///     bit 30 set             a byte count; the tag itself follows
///     0xFFFFFFFF             a new class, whose name follows, and then the object
///     bit 31 set             a class met before, at that position; then the object
///     else                   an object met before, at that position
///
/// Positions count from the start of the record's key, plus 2.
///
/// Specification: https://github.com/root-project/root/blob/v6-32-00/io/doc/TFile/dobject.md
struct ObjectDecoder {
  private var reader: ByteReader
  private let infos: StreamerInfos
  /// The start of the record's key, in the coordinates of the reader.
  private let origin: Int
  private var objects: [Int: StreamedObject] = [:]
  private var classes: [Int: String] = [:]
  private var depth = 0

  /// A split object nests a few levels per member; damaged files must not exhaust the stack.
  private static let maximumDepth = 100
  private static let byteCountBit = 0x4000_0000
  private static let classBit = 0x8000_0000
  private static let newClass = 0xFFFF_FFFF
  private static let positionOffset = 2

  init(_ slice: ByteSlice, keyLength: Int, infos: StreamerInfos) {
    reader = ByteReader(slice)
    origin = slice.range.lowerBound - keyLength
    self.infos = infos
  }

  /// Decodes the object of a class that starts at the reader's position.
  mutating func object(ofClass name: String) throws(DecodingFailure) -> StreamedObject {
    var members = StreamedMembers()
    let (version, problem) = try object(ofClass: name, into: &members)
    return StreamedObject(className: name, version: version, members: members, problem: problem)
  }

  private mutating func object(
    ofClass name: String, into members: inout StreamedMembers
  ) throws(DecodingFailure) -> (version: Int, problem: String?) {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.maximumDepth {
      throw .corrupted("objects nest deeper than \(Self.maximumDepth) levels", at: reader.offset)
    }
    let start = reader.offset
    let (version, end) = try header(name)
    let problem = try contents(ofClass: name, version: version, end: end, into: &members)
    if let end {
      if reader.offset > end {
        throw .corrupted(
          "a \(name) of version \(version) announces \(end - start) bytes and needs more",
          at: start)
      }
      try reader.move(to: end, name)
    } else if let problem {
      throw .unsupported(problem, at: start)
    }
    return (version, problem)
  }

  /// Reads byte count and version in front of an object.
  private mutating func header(
    _ name: String
  ) throws(DecodingFailure) -> (version: Int, end: Int?) {
    let start = reader.offset
    let first = try reader.uint16(name)
    guard first & (Self.byteCountBit >> 16) != 0 else { return (first, nil) }
    let count = (first << 16 | (try reader.uint16(name))) & ~Self.byteCountBit
    let end = reader.offset + count
    if count < 2 || end > reader.end {
      throw .truncated(
        needed: count, left: reader.end - reader.offset, what: "a \(name)", at: start)
    }
    return (try reader.uint16(name), end)
  }

  /// Decodes what stands behind an object's version.
  ///
  /// - Returns: Why decoding ended early, if it did.
  private mutating func contents(
    ofClass name: String, version: Int, end: Int?, into members: inout StreamedMembers
  ) throws(DecodingFailure) -> String? {
    switch name {
    case "TObjArray":
      // The name was added with version 2, the base class TObject with version 3.
      if version > 2 { try skipTObject() }
      if version > 1 { _ = try reader.string(name) }
      let count = try reader.int32(name)
      try reader.skip(4, name)
      members["items"] = .array(try pointers(count, name, hasOptions: false, version: version))
      return nil
    case "TList", "THashList":
      if version < 4 { return "\(name) of version \(version) is too old for this reader" }
      try skipTObject()
      _ = try reader.string(name)
      let count = try reader.int32(name)
      members["items"] = .array(try pointers(count, name, hasOptions: true, version: version))
      return nil
    case "TNamed":
      try skipTObject()
      members["fName"] = .string(try reader.string(name))
      members["fTitle"] = .string(try reader.string(name))
      return nil
    default: break
    }
    var info = infos.info(name, version: version)
    if version == 0, end != nil {
      // A class without a version of its own has a checksum in its place.
      try reader.skip(4, name)
      info = infos.newest(name)
    }
    guard let info else {
      return infos.isEmpty
        ? "the file has no streamer information, so \(name) of version \(version) is not known"
        : "the file's streamer information lacks \(name) of version \(version)"
    }
    for var element in info.elements {
      if name == "TBranch", version < 10, element.name == "fBasketSeek" {
        element = try positions(element)
      }
      if let problem = try member(element, into: &members) {
        return "\(name) of version \(version) has a member \(element.name) \(problem)"
      }
      // Behind its leaves, a tree has only indices, friends and user objects.
      if name == "TTree", element.name == "fLeaves" { break }
    }
    return nil
  }

  /// Returns how the positions of baskets are written before version 10 of `TBranch`.
  ///
  /// They are numbers of eight bytes if the byte in front of them is 2, and of four otherwise,
  /// whatever the file says.
  ///
  /// Source: `TBranch::Streamer`, https://github.com/root-project/root/blob/v6-32-00/tree/tree/src/TBranch.cxx
  private func positions(
    _ element: StreamerInfo.Element
  ) throws(DecodingFailure) -> StreamerInfo.Element {
    var ahead = reader
    let isLong = try ahead.byte(element.name) == 2
    return element.withType(isLong ? 56 : 43)
  }

  private mutating func pointers(
    _ count: Int, _ name: String, hasOptions: Bool, version: Int
  ) throws(DecodingFailure) -> [StreamedValue] {
    if count < 0 || count > reader.left / 4 {
      throw .corrupted(
        "a \(name) announces \(count) objects, \(reader.left) bytes are left", at: reader.offset)
    }
    var values: [StreamedValue] = []
    values.reserveCapacity(count)
    for _ in 0..<count {
      values.append(try pointer())
      if hasOptions { _ = try reader.string(name) }
    }
    return values
  }

  private mutating func skipTObject() throws(DecodingFailure) {
    _ = try header("TObject")
    try reader.skip(4, "TObject")
    let fBits = try reader.uint32("TObject")
    // Objects that are the target of a TRef carry the number of their process.
    if fBits & 0x10 != 0 { try reader.skip(2, "TObject") }
  }

  /// Decodes a pointer and, when it is met for the first time, the object behind it.
  private mutating func pointer() throws(DecodingFailure) -> StreamedValue {
    let start = reader.offset
    var tag = try reader.uint32("a pointer")
    var tagPosition = start
    var end: Int?
    if tag & Self.byteCountBit != 0, tag != Self.newClass {
      tagPosition = reader.offset
      let target = tagPosition + (tag & ~Self.byteCountBit)
      if target > reader.end {
        throw .truncated(
          needed: target - tagPosition, left: reader.left, what: "an object", at: start)
      }
      end = target
      tag = try reader.uint32("a pointer")
    }
    if tag & Self.classBit == 0 {
      if let end { try reader.move(to: end, "a pointer") }
      return objects[tag].map { .object($0) } ?? .null
    }
    let className: String
    if tag == Self.newClass {
      className = try reader.zeroTerminatedString("the name of a class")
      classes[tagPosition - origin + Self.positionOffset] = className
    } else if let known = classes[tag & ~Self.classBit] {
      className = known
    } else {
      throw .corrupted("an object has a class that was not named before", at: start)
    }
    let value: StreamedValue
    if className == "TBasket" {
      value = .basket(try Basket(embedded: &reader))
    } else {
      let object = try object(ofClass: className)
      objects[start - origin + Self.positionOffset] = object
      value = .object(object)
    }
    if let end { try reader.move(to: end, className) }
    return value
  }
}

extension ObjectDecoder {
  /// Decodes one base class or member.
  ///
  ///     type             meaning
  ///     0, 66, 67        a base class, TObject, TNamed
  ///     1 … 19           a fundamental type, see ``fundamental(_:)``
  ///     20 + the above   an array inside the object
  ///     40 + the above   an array behind a pointer, counted by another member
  ///     61, 62, 63, 68   an object
  ///     64, 69           a pointer to an object
  ///     65               TString
  ///
  /// - Returns: Why the member cannot be decoded, if so; the reader is then anywhere.
  private mutating func member(
    _ element: StreamerInfo.Element, into members: inout StreamedMembers
  ) throws(DecodingFailure) -> String? {
    let name = element.name
    switch element.fType {
    case 66:
      try skipTObject()
    case 0, 67:
      if name == "TObject" {
        try skipTObject()
      } else {
        return try object(ofClass: element.fType == 0 ? name : "TNamed", into: &members).problem
      }
    case 65:
      let text = try reader.string(name)
      if element.isKept { members[name] = .string(text) }
    case 7:
      let count = try reader.int32(name)
      try reader.skip(count, name)
    case 61, 62, 63, 68:
      let typeName = element.typeName.filter { $0 != "*" && $0 != " " }
      if let width = Self.arrayWidths[typeName] {
        let count = try reader.int32(name)
        let (length, overflow) = count.multipliedReportingOverflow(by: width)
        try reader.skip(overflow ? -1 : length, name)
      } else {
        let object = try object(ofClass: typeName)
        if element.isKept { members[name] = .object(object) }
      }
    case 64, 69:
      let value = try pointer()
      if element.isKept { members[name] = value }
    case 1...19:
      guard let value = try fundamental(element.fType) else { return unknown(element) }
      if element.isKept { members[name] = value }
    case 21...39:
      return try array(element, count: element.arrayLength, into: &members)
    case 41...59:
      // One byte says whether the pointer is null.
      if try reader.byte(name) == 0 {
        members[name] = .integers([])
        return nil
      }
      guard let countName = element.countName, case .integer(let count)? = members[countName]
      else { return "whose count is not known" }
      return try array(element, count: count, into: &members)
    default:
      return unknown(element)
    }
    return nil
  }

  private func unknown(_ element: StreamerInfo.Element) -> String {
    "of type \(element.typeName) (\(element.fType)), which this reader does not know"
  }

  /// The lengths of the elements of ROOT's plain array classes, which have no version.
  private static let arrayWidths = [
    "TArrayC": 1, "TArrayS": 2, "TArrayI": 4, "TArrayF": 4, "TArrayL": 8, "TArrayL64": 8,
    "TArrayD": 8,
  ]

  private mutating func array(
    _ element: StreamerInfo.Element, count: Int, into members: inout StreamedMembers
  ) throws(DecodingFailure) -> String? {
    // One byte is the shortest element, so a false count cannot make us allocate.
    if count < 0 || count > reader.left {
      throw .corrupted(
        "\(element.name) announces \(count) elements, \(reader.left) bytes are left",
        at: reader.offset)
    }
    var integers: [Int] = []
    integers.reserveCapacity(count)
    for _ in 0..<count {
      switch try fundamental(element.fType % 20) {
      case .integer(let value)?: integers.append(value)
      case .real?: continue
      default: return unknown(element)
      }
    }
    if element.isKept { members[element.name] = .integers(integers) }
    return nil
  }

  /// Reads a value of a fundamental type; `nil` for one that trees and branches do not use.
  private mutating func fundamental(_ fType: Int) throws(DecodingFailure) -> StreamedValue? {
    let what = "a member"
    switch fType {
    case 1: return .integer(Int(try reader.integer(Int8.self, what)))
    case 2: return .integer(try reader.int16(what))
    case 3, 6: return .integer(try reader.int32(what))
    // A long takes eight bytes in a file whatever the machine that wrote it.
    case 4, 16: return .integer(try reader.int64(what))
    case 5: return .real(Double(Float(bitPattern: try reader.integer(UInt32.self, what))))
    case 8: return .real(Double(bitPattern: try reader.integer(UInt64.self, what)))
    case 11, 18: return .integer(try reader.byte(what))
    case 12: return .integer(try reader.uint16(what))
    case 13, 15: return .integer(try reader.uint32(what))
    case 14, 17: return .integer(Int(truncatingIfNeeded: try reader.integer(UInt64.self, what)))
    default: return nil
    }
  }
}
