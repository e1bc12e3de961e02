// SPDX-License-Identifier: Apache-2.0

/// An object that is to be written: its class and those of its members that are not zero, those of
/// base classes included.
///
/// It is a class because an object that is met again is referred to.
final class WrittenObject {
  let className: String
  let members: [String: WrittenValue]

  init(_ className: String, _ members: [String: WrittenValue]) {
    self.className = className
    self.members = members
  }

  /// Makes a `TObjArray` or `TList`.
  convenience init(_ className: String, items: [WrittenObject]) {
    self.init(className, ["items": .objects(items)])
  }
}

/// The value of a member.
enum WrittenValue {
  case integer(Int)
  case real(Double)
  case string(String)
  case integers([Int])
  case objects([WrittenObject])
  case object(WrittenObject)
}
