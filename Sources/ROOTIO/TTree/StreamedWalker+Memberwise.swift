// SPDX-License-Identifier: Apache-2.0

/// Values that are written member by member: one member of all elements of a list, then the next.
extension StreamedWalker {
  /// Reads the members of elements that are written member by member.
  mutating func columns(
    of object: StreamedType.ObjectType, _ count: Int, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    var leaf = leaf
    for member in object.members {
      if member.isTObject {
        for _ in 0..<count { try skipTObject() }
        continue
      }
      if case .object(let base) = member.type, member.isBase {
        try columns(of: base, count, leaf: leaf, depth: depth)
      } else {
        try column(member.type, count, leaf: leaf, depth: depth)
      }
      leaf += member.leafCount
    }
  }

  /// Reads one member of all elements; what is of a `std` class has one version in front of all.
  mutating func column(
    _ type: StreamedType, _ count: Int, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    // Of no elements nothing is written, no version either.
    if count == 0 { return }
    guard type.hasVersionInColumns else {
      return try elements(type, count, leaf: leaf, depth: depth)
    }
    let (isMemberwise, end) = try columnHeader(type)
    if isMemberwise {
      for _ in 0..<count {
        try columnElement(type, isMemberwise: true, leaf: leaf, depth: depth)
      }
    } else {
      try elements(type, count, leaf: leaf, depth: depth)
    }
    try check(end, "a member")
  }

  /// Reads the version in front of a member of several objects; that of the class of the elements
  /// follows if the member is a list whose elements are written member by member.
  mutating func columnHeader(
    _ type: StreamedType
  ) throws(DecodingFailure) -> (isMemberwise: Bool, end: Int?) {
    let (version, end) = try header("a member")
    if version & Self.memberwiseBit == 0 { return (false, end) }
    switch type {
    case .list(_, .object(let object)):
      try elementVersion(object.version, "a list of \(object.className)")
    case .map: try elementVersion(nil, "a map")
    default: throw .corrupted("a list of \(type.name) is written member by member", at: nil)
    }
    return (true, end)
  }

  /// Reads what one of several objects has of a member.
  mutating func columnElement(
    _ type: StreamedType, isMemberwise: Bool, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    switch type {
    case .list(_, .object(let object)) where isMemberwise:
      try list(of: object, type, leaf: leaf, depth: depth)
    case .map(let key, let value) where isMemberwise:
      try map(key, value, type, leaf: leaf, depth: depth)
    default: try element(type, leaf: leaf, depth: depth)
    }
  }

  /// Reads a list whose elements are written member by member, behind the version of their class.
  mutating func list(
    of object: StreamedType.ObjectType, _ type: StreamedType, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    let count = try count("a list of \(object.className)")
    try columns(of: object, count, leaf: leaf, depth: depth + 1)
    keep(count, type, leaf, depth)
  }

  /// Reads a map behind the version of its pairs: all keys, then all values.
  mutating func map(
    _ key: StreamedType, _ value: StreamedType, _ type: StreamedType, leaf: Int, depth: Int
  ) throws(DecodingFailure) {
    let count = try count("a map")
    try column(key, count, leaf: leaf, depth: depth + 1)
    try column(value, count, leaf: leaf + key.leafCount, depth: depth + 1)
    keep(count, type, leaf, depth)
  }

  /// Reads the version of the class of elements that are written member by member.
  mutating func elementVersion(
    _ expected: Int?, _ what: String
  ) throws(DecodingFailure) {
    let version = try reader.uint16(what)
    if version == 0 {
      // A class without a version has a checksum.
      try reader.skip(4, what)
    } else if let expected, version != expected {
      throw otherVersion(version, expected, what)
    }
  }
}
