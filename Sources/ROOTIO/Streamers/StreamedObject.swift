// SPDX-License-Identifier: Apache-2.0

/// A decoded object: its class and the values of its members, those of base classes included.
final class StreamedObject: Sendable {
  let className: String
  let version: Int
  let members: StreamedMembers
  /// Why the members behind the last one are missing, if they are.
  let problem: String?

  init(
    className: String, version: Int, members: StreamedMembers, problem: String? = nil
  ) {
    self.className = className
    self.version = version
    self.members = members
    self.problem = problem
  }

  /// A whole number; ROOT 4 and older count entries and bytes in double precision.
  func integer(_ name: String) -> Int? {
    switch members[name] {
    case .integer(let value)?: value
    case .real(let value)?: Int(exactly: value)
    default: nil
    }
  }
  func string(_ name: String) -> String? {
    if case .string(let value)? = members[name] { value } else { nil }
  }
  func integers(_ name: String) -> [Int]? {
    if case .integers(let values)? = members[name] { values } else { nil }
  }
  func object(_ name: String) -> StreamedObject? {
    if case .object(let object)? = members[name] { object } else { nil }
  }
  func array(_ name: String) -> [StreamedValue] {
    if case .array(let values)? = members[name] { values } else { [] }
  }
  /// The objects of a member that is a `TObjArray` or `TList`; `nil` where the file has no object.
  func items(_ name: String) -> [StreamedObject?] {
    (object(name)?.array("items") ?? []).map { value in
      if case .object(let object) = value { object } else { nil }
    }
  }
}

/// The members of an object by name.
///
/// There are a dozen of those that trees need, which is too few for a hash table.
struct StreamedMembers: Sendable {
  private var items: [(name: String, value: StreamedValue)] = []

  /// The value of a member; the one that was set last.
  subscript(name: String) -> StreamedValue? {
    get { items.last { $0.name == name }?.value }
    set { if let newValue { items.append((name, newValue)) } }
  }
}

/// The value of a member.
enum StreamedValue: Sendable {
  case integer(Int)
  case real(Double)
  case string(String)
  case integers([Int])
  case array([StreamedValue])
  case object(StreamedObject)
  case basket(Basket)
  /// A null pointer, or a value that trees do not need.
  case null
}
