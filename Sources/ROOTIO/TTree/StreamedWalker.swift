// SPDX-License-Identifier: Apache-2.0

/// Walks through streamed values and keeps those of one leaf.
struct StreamedWalker {
  var reader: ByteReader
  /// Which leaf is kept.
  private let wanted: Int
  /// The bytes of a number.
  private let width: Int
  /// Whether what is met is kept.
  var isKeeping = true
  /// The kept numbers, as they are in the file.
  private(set) var bytes: [UInt8] = []
  /// The kept texts.
  private(set) var texts: [String] = []
  /// The numbers of elements of the lists in which the leaf lies, the outermost lists first.
  private(set) var counts: [[Int]]

  private static let byteCountBit = 0x4000_0000
  static let memberwiseBit = 0x4000

  init(_ reader: ByteReader, leaf: StreamedLeaf) {
    self.reader = reader
    wanted = leaf.index
    width = leaf.packing?.width ?? leaf.element.width
    counts = Array(repeating: [], count: leaf.depth)
  }

  /// The next byte.
  var offset: Int { reader.offset }

  /// Walks through an entry.
  ///
  /// - Parameters:
  ///   - type: The type of what the entry holds.
  ///   - framing: What stands in front of it.
  ///   - end: The byte behind the entry, if the basket has its position.
  ///   - length: The bytes of the entry, if they can be told.
  /// - Throws: What is wrong with the entry.
  mutating func entry(
    _ type: StreamedType, _ framing: StreamedLeaf.Framing, end: Int?, length: Int?
  ) throws(DecodingFailure) {
    switch framing {
    case .member: try member(type, leaf: 0, depth: 0)
    case .contents:
      guard case .object(let object) = type else {
        preconditionFailure("Objects alone have members.")
      }
      if let length, try hasHeader(object, length: length) {
        try self.object(object, leaf: 0, depth: 0)
      } else {
        try members(of: object, leaf: 0, depth: 0)
      }
    case .named:
      _ = try reader.string("the name of a class")
      try reader.skip(1, "the name of a class")
      try member(type, leaf: 0, depth: 0)
    case .repeated:
      guard let end else { throw .unsupported("its entries have no positions") }
      var isMemberwise = false
      if reader.offset < end, type.hasVersionInColumns {
        isMemberwise = try columnHeader(type).isMemberwise
      }
      var count = 0
      while reader.offset < end {
        let start = reader.offset
        try columnElement(type, isMemberwise: isMemberwise, leaf: 0, depth: 1)
        if reader.offset == start { throw .corrupted("an object has no bytes", at: start) }
        count += 1
      }
      if isKeeping { counts[0].append(count) }
    }
    if let end, reader.offset != end {
      throw .corrupted(
        "an entry ends with byte \(end), its values with byte \(reader.offset)", at: nil)
    }
  }

  /// Reads byte count and version in front of a value.
  mutating func header(
    _ what: String
  ) throws(DecodingFailure) -> (version: Int, end: Int?) {
    let start = reader.offset
    let first = try reader.uint16(what)
    guard first & (Self.byteCountBit >> 16) != 0 else { return (first, nil) }
    let count = (first << 16 | (try reader.uint16(what))) & ~Self.byteCountBit
    let end = reader.offset + count
    if count < 2 || end > reader.end {
      throw .truncated(
        needed: count, left: reader.end - reader.offset, what: what, at: start)
    }
    return (try reader.uint16(what), end)
  }

  /// Whether an entry starts with byte count and version of its class.
  ///
  /// It does so where the class writes itself, as `TVector3`, and the file does not tell which
  /// classes these are. A first member that has a byte count itself can be taken for it only if
  /// it is the only one; behind the object's own one the member's must follow then.
  private func hasHeader(
    _ object: StreamedType.ObjectType, length: Int
  ) throws(DecodingFailure) -> Bool {
    var ahead = reader
    func announces(_ length: Int) throws(DecodingFailure) -> Bool {
      if length < 6 { return false }
      let isAnnounced = try ahead.uint32("an object") == Self.byteCountBit | (length - 4)
      _ = try ahead.uint16("an object")
      return isAnnounced
    }
    guard try announces(length) else { return false }
    guard object.members.count == 1, let member = object.members.first, !member.isTObject,
      member.type.hasHeader
    else { return true }
    return try announces(length - 6)
  }

  mutating func check(_ end: Int?, _ what: String) throws(DecodingFailure) {
    if let end, end != reader.offset {
      throw .corrupted(
        "\(what) announces its end at byte \(end), its values end at byte \(reader.offset)",
        at: nil)
    }
  }

  /// Whether the wanted leaf is one of those of a type that start with `leaf`.
  func isWanted(_ type: StreamedType, _ leaf: Int) -> Bool {
    isKeeping && (leaf..<(leaf + type.leafCount)).contains(wanted)
  }

  /// Reads a member of an object, or a whole entry.
  private mutating func member(
    _ type: StreamedType, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    switch type {
    case .number, .array, .text(isStandard: false): try element(type, leaf: leaf, depth: depth)
    case .text(isStandard: true):
      let (_, end) = try header("a string")
      try element(type, leaf: leaf, depth: depth)
      try check(end, "a string")
    case .list(_, let element):
      let (version, end) = try header("a list")
      if let end, !isWanted(type, leaf) { return try reader.move(to: end, "a list") }
      if version & Self.memberwiseBit == 0 {
        try body(element, leaf: leaf, depth: depth)
      } else {
        guard case .object(let object) = element else {
          throw .corrupted("a list of \(element.name) is written member by member", at: nil)
        }
        try elementVersion(object.version, "a list of \(object.className)")
        try list(of: object, type, leaf: leaf, depth: depth)
      }
      try check(end, "a list")
    case .map(let key, let value):
      let (version, end) = try header("a map")
      if let end, !isWanted(type, leaf) { return try reader.move(to: end, "a map") }
      if version & Self.memberwiseBit == 0 {
        throw .unsupported("it holds maps that are written pair by pair")
      }
      try elementVersion(nil, "a map")
      try map(key, value, type, leaf: leaf, depth: depth)
      try check(end, "a map")
    case .object(let object): try self.object(object, leaf: leaf, depth: depth)
    }
  }

  mutating func keep(_ count: Int, _ type: StreamedType, _ leaf: Int, _ depth: Int) {
    if isWanted(type, leaf) { counts[depth].append(count) }
  }

  func otherVersion(
    _ found: Int, _ expected: Int, _ what: String
  ) -> DecodingFailure {
    .unsupported("it holds \(what) of version \(found) and of version \(expected)")
  }

  mutating func count(_ what: String) throws(DecodingFailure) -> Int {
    let start = reader.offset
    let count = try reader.int32(what)
    // Every element takes a byte at least, so a false count cannot make us allocate.
    if count < 0 || count > reader.left {
      throw .corrupted(
        "\(what) announces \(count) elements, \(reader.left) bytes are left", at: start)
    }
    return count
  }

  /// Reads a list behind its version: the count, and element after element.
  private mutating func body(
    _ type: StreamedType, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    let count = try count("a list")
    if isWanted(type, leaf) { counts[depth].append(count) }
    try elements(type, count, leaf: leaf, depth: depth + 1)
  }

  mutating func elements(
    _ type: StreamedType, _ count: Int, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    if case .number(let element, let packing) = type {
      return try numbers(count, width: packing?.width ?? element.width, leaf)
    }
    for _ in 0..<count { try self.element(type, leaf: leaf, depth: depth) }
  }

  /// Reads an element of a list, or a value without anything in front.
  mutating func element(
    _ type: StreamedType, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    switch type {
    case .number(let element, let packing):
      try numbers(1, width: packing?.width ?? element.width, leaf)
    case .array(let element, let packing, let count):
      try numbers(count, width: packing?.width ?? element.width, leaf)
    case .text:
      let text = try reader.string("a string")
      if isKeeping, leaf == wanted { texts.append(text) }
    case .list(_, let element): try body(element, leaf: leaf, depth: depth)
    case .map: throw .unsupported("it holds lists of maps")
    case .object(let object): try self.object(object, leaf: leaf, depth: depth)
    }
  }

  private mutating func numbers(
    _ count: Int, width: Int, _ leaf: Int
  ) throws(DecodingFailure) {
    let (length, overflow) = count.multipliedReportingOverflow(by: width)
    let start = reader.offset
    try reader.skip(overflow ? -1 : length, "numbers")
    if isKeeping, leaf == wanted {
      bytes.append(contentsOf: reader.storage.bytes[start..<(start + length)])
    }
  }

  /// Reads an object with its version.
  private mutating func object(
    _ object: StreamedType.ObjectType, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    let (version, end) = try header("a \(object.className)")
    if let end, !isWanted(.object(object), leaf) {
      return try reader.move(to: end, "a \(object.className)")
    }
    if version == 0, end != nil {
      try reader.skip(4, "a \(object.className)")
    } else if version != object.version {
      throw otherVersion(version, object.version, "a \(object.className)")
    }
    try members(of: object, leaf: leaf, depth: depth)
    try check(end, "a \(object.className)")
  }

  private mutating func members(
    of object: StreamedType.ObjectType, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    var leaf = leaf
    for member in object.members {
      if member.isTObject {
        try skipTObject()
      } else {
        try self.member(member.type, leaf: leaf, depth: depth)
      }
      leaf += member.leafCount
    }
  }

  mutating func skipTObject() throws(DecodingFailure) {
    _ = try header("a TObject")
    try reader.skip(4, "a TObject")
    let fBits = try reader.uint32("a TObject")
    // Objects that are the target of a TRef carry the number of their process.
    if fBits & 0x10 != 0 { try reader.skip(2, "a TObject") }
  }
}

extension StreamedType {
  /// Whether a version stands in front of the values that several objects have of a member.
  var hasVersionInColumns: Bool {
    switch self {
    case .text(let isStandard): isStandard
    case .list, .map: true
    case .number, .array, .object: false
    }
  }

  /// Whether byte count and version stand in front of a member.
  fileprivate var hasHeader: Bool {
    switch self {
    case .text(let isStandard): isStandard
    case .list, .map, .object: true
    case .number, .array: false
    }
  }

  /// For messages.
  var name: String {
    switch self {
    case .number(let element, _), .array(let element, _, _): element.name
    case .text: "string"
    case .list(let container, _): container
    case .map: "map"
    case .object(let object): object.className
    }
  }
}
