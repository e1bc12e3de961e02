// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How ROOT streams a value that is not a plain number, from the name of its C++ type and the
/// descriptions of classes in the file.
///
///     number, array   the values
///     text            one byte of length, or 255 and four; then the characters
///     list            four bytes of count, then the elements
///     map             like a list of pairs, but all keys first, and then all values
///     object          byte count, version of the class, then base classes and members
///
/// What is a member of an object has byte count and version in front if it is a `std` class, and
/// so does what is an entry of a branch; elements of lists have not. A list of objects may be
/// written member by member: bit 14 of the version says so. Version and, where it is 0, checksum
/// of the elements' class follow, then the count, and then the members, each of all elements.
///
/// Specification: https://github.com/root-project/root/tree/v6-32-00/io/io/src
/// (`TGenCollectionStreamer`, `TEmulatedCollectionProxy`, `TStreamerInfoWriteBuffer`).
indirect enum StreamedType: Sendable {
  case number(ElementType, Packing?)
  /// So many numbers.
  case array(ElementType, Packing?, count: Int)
  /// A `TString`, which has no version in front, or a `std::string`.
  case text(isStandard: Bool)
  case list(container: String, StreamedType)
  case map(key: StreamedType, value: StreamedType)
  case object(ObjectType)

  /// A class as one version of it is described in the file.
  struct ObjectType: Sendable {
    let className: String
    let version: Int
    let members: [Member]
    let leafCount: Int
    /// The number of its members, those of its members counted too.
    let size: Int

    struct Member: Sendable {
      let name: String
      let type: StreamedType
      /// Whether this is a base class, whose members count as the object's.
      let isBase: Bool
      /// Whether this is ROOT's `TObject`, of which nothing is kept.
      var isTObject = false
    }
  }

  /// Why a type is not read.
  struct Unknown: Error {
    let reason: String
  }

  /// Deeper types are not looked at: a class may hold lists of itself.
  private static let maximumDepth = 16

  /// Makes the type of a C++ type as ROOT writes its name.
  init(_ name: String, _ infos: StreamerInfos, depth: Int = 0) throws(Unknown) {
    let name = Self.plain(name)
    if depth > Self.maximumDepth { throw Unknown(reason: "its types nest too deeply") }
    if name == "string" || name == "TString" {
      self = .text(isStandard: name == "string")
    } else if let element = ElementType(typeName: name) {
      self = .number(element, nil)
    } else if name == "Double32_t" || name == "Float16_t" {
      // A list has no place for a range.
      let isDouble = name == "Double32_t"
      self = .number(isDouble ? .float64 : .float32, Packing(title: "", isDouble: isDouble))
    } else if let (container, parameters) = Self.template(name) {
      switch container {
      case "vector", "list", "deque", "set", "multiset", "unordered_set", "unordered_multiset",
        "forward_list", "RVec":
        let element = try StreamedType(parameters[0], infos, depth: depth + 1)
        if case .map = element {
          throw Unknown(reason: "it holds lists of maps (\(name))")
        }
        self = .list(container: container, element)
      case "bitset": self = .list(container: container, .number(.bool, nil))
      case "map", "multimap", "unordered_map", "unordered_multimap":
        guard parameters.count > 1 else {
          throw Unknown(reason: "it holds objects of class \(name)")
        }
        let key = try StreamedType(parameters[0], infos, depth: depth + 1)
        let value = try StreamedType(parameters[1], infos, depth: depth + 1)
        for part in [key, value] {
          if case .map = part { throw Unknown(reason: "it holds maps of maps (\(name))") }
        }
        self = .map(key: key, value: value)
      default:
        self = .object(try ObjectType(name, infos, depth: depth + 1))
      }
    } else {
      self = .object(try ObjectType(name, infos, depth: depth + 1))
    }
  }

  /// The number of columns that a value has.
  var leafCount: Int {
    switch self {
    case .number, .array, .text: 1
    case .list(_, let element): element.leafCount
    case .map(let key, let value): key.leafCount + value.leafCount
    case .object(let object): object.leafCount
    }
  }

  /// The number of classes and members in it.
  fileprivate var size: Int {
    switch self {
    case .number, .array, .text: 1
    case .list(_, let element): element.size
    case .map(let key, let value): key.size + value.size
    case .object(let object): object.size
    }
  }

  /// Takes `std::vector<float, std::allocator<float> >` apart.
  private static func template(_ name: String) -> (container: String, parameters: [String])? {
    guard let open = name.firstIndex(of: "<"), name.hasSuffix(">") else { return nil }
    var parameters = [""]
    var depth = 0
    for character in name[name.index(after: open)...].dropLast() {
      switch character {
      case "<": depth += 1
      case ">": depth -= 1
      case "," where depth == 0:
        parameters.append("")
        continue
      default: break
      }
      parameters[parameters.count - 1].append(character)
    }
    return (String(name[..<open]), parameters)
  }

  /// Returns a name without spaces around it, and without the namespace of a collection.
  static func plain(_ name: String) -> String {
    let trimmed = name.trimmingCharacters(in: .whitespaces)
    if trimmed.hasPrefix("std::") { return String(trimmed.dropFirst(5)) }
    // What RDataFrame calls a vector; it is written as one.
    for namespace in ["ROOT::VecOps::", "ROOT::"] where trimmed.hasPrefix("\(namespace)RVec<") {
      return String(trimmed.dropFirst(namespace.count))
    }
    return trimmed
  }
}

extension StreamedType.ObjectType.Member {
  fileprivate static let tObject = Self(
    name: "TObject", type: .text(isStandard: false), isBase: true, isTObject: true)

  var leafCount: Int { isTObject ? 0 : type.leafCount }
}

extension StreamedType.ObjectType {
  /// Classes of ROOT whose values do not lie as their members do.
  private static let ownStreamers: Set = [
    "TClonesArray", "TObjArray", "TList", "THashList", "TMap", "TRef", "TRefArray", "TDatime",
    "TArrayC", "TArrayS", "TArrayI", "TArrayL", "TArrayL64", "TArrayF", "TArrayD", "TBits",
  ]
  /// A class with more members, those of its members counted, is taken for damage.
  private static let maximumSize = 1000

  /// Makes the type of a class from its description.
  init(_ name: String, _ infos: StreamerInfos, depth: Int) throws(StreamedType.Unknown) {
    if Self.ownStreamers.contains(name) {
      throw .init(reason: "it holds a \(name), which writes itself in a way of its own")
    }
    guard let info = infos.newest(name) else {
      throw .init(reason: "it holds objects of class \(name), which the file does not describe")
    }
    className = name
    version = info.version
    var members: [Member] = []
    var size = 1
    for element in info.elements {
      if size > Self.maximumSize {
        throw .init(reason: "it holds objects of class \(name), which has too many members")
      }
      func refused(_ what: String) -> StreamedType.Unknown {
        .init(
          reason: "it holds objects of class \(name) of version \(info.version), whose member "
            + "\(element.name) is \(what)")
      }
      let type: StreamedType
      switch element.fType {
      case 66:
        members.append(.tObject)
        continue
      case 0:
        if element.name == "TObject" {
          members.append(.tObject)
          continue
        }
        type = .object(try Self(element.name, infos, depth: depth + 1))
      case 1...19, 21...39:
        let isDouble = element.fType % 20 == 9
        var packing: Packing?
        var number = ElementType(streamerType: element.fType % 20)
        if isDouble || element.fType % 20 == 19 {
          packing = Packing(title: element.title, isDouble: isDouble)
          number = packing == nil ? nil : isDouble ? .float64 : .float32
        }
        guard let number else { throw refused("of type \(element.typeName)") }
        if element.fType < 20 {
          type = .number(number, packing)
        } else {
          guard element.arrayLength > 0 else {
            throw refused("an array of \(element.arrayLength)")
          }
          type = .array(number, packing, count: element.arrayLength)
        }
      case 65: type = .text(isStandard: false)
      case 61, 62, 300, 365, 500:
        if element.arrayLength > 0 { throw refused("an array of \(element.typeName)") }
        type = try StreamedType(element.typeName, infos, depth: depth + 1)
      default:
        throw refused(
          "of type \(element.typeName) (\(element.fType)), which this reader does not know")
      }
      members.append(Member(name: element.name, type: type, isBase: element.fType == 0))
      size += type.size
    }
    self.members = members
    self.size = size
    leafCount = members.reduce(0) { $0 + $1.leafCount }
  }
}

/// One column of a branch of streamed values.
struct StreamedLeaf: Sendable {
  let type: StreamedType
  let framing: Framing
  /// Which of the leaves of the type, from 0 on.
  let index: Int
  /// In how many lists the values lie, that of the framing included.
  let depth: Int
  /// The values of the innermost entry.
  let multiple: Int
  /// The names of the members that lead to the leaf, as in `fP.fX`; empty if it is the only one.
  let path: String
  let element: ElementType
  let packing: Packing?
  /// As users read it, `vector<vector<float>>`.
  let typeName: String

  /// What an entry of the branch is.
  enum Framing: Sendable {
    /// A value with byte count and version in front, if it is one of those that have them.
    case member
    /// The members of an object.
    case contents
    /// The name of a class, and an object.
    case named
    /// As many values as there is room for: a member of the elements of a split list.
    case repeated
  }

  /// Lists the leaves of a type.
  static func all(of type: StreamedType, _ framing: Framing) -> [StreamedLeaf] {
    var leaves: [StreamedLeaf] = []
    let isRepeated = if case .repeated = framing { true } else { false }
    func add(_ part: StreamedType, _ path: [String], _ containers: [String]) {
      func append(_ element: ElementType, _ packing: Packing?, multiple: Int) {
        var name = packing == nil ? element.name : element == .float32 ? "Float16_t" : "Double32_t"
        if multiple > 1 { name += "[\(multiple)]" }
        for container in containers.reversed() { name = "\(container)<\(name)>" }
        leaves.append(
          StreamedLeaf(
            type: type, framing: framing, index: leaves.count, depth: containers.count,
            multiple: multiple, path: path.joined(separator: "."), element: element,
            packing: packing, typeName: name))
      }
      switch part {
      case .number(let element, let packing): append(element, packing, multiple: 1)
      case .array(let element, let packing, let count): append(element, packing, multiple: count)
      case .text: append(.string, nil, multiple: 1)
      case .list(let container, let element): add(element, path, containers + [container])
      case .map(let key, let value):
        add(key, path + ["first"], containers + ["vector"])
        add(value, path + ["second"], containers + ["vector"])
      case .object(let object):
        for member in object.members where !member.isTObject {
          add(member.type, member.isBase ? path : path + [member.name], containers)
        }
      }
    }
    add(type, [], isRepeated ? ["vector"] : [])
    return leaves
  }
}
