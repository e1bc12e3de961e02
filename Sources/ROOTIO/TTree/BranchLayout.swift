// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How the values of a branch lie in its baskets.
struct BranchLayout: Sendable {
  let element: ElementType
  let form: Form
  /// For numbers that are smaller in the file than in memory.
  var packing: Packing?

  enum Form: Sendable {
    /// `count` values at byte `offset` of entries that are `stride` bytes long.
    case fixed(count: Int, offset: Int, stride: Int)
    /// `header` bytes and then values up to the end of the entry; a number of them that is
    /// `multiple` times what the branch `counter` says.
    case counted(header: Int, multiple: Int, counter: String?)
    /// 4 bytes of byte count, 2 of version, 4 of count, and then the values.
    case collection
    /// `header` bytes and then a string.
    case string(header: Int)
    /// A part of an object, or of lists within lists.
    case streamed(StreamedLeaf)
  }

  var shape: Branch.Shape {
    switch form {
    case .fixed(let count, _, _): count == 1 ? .flat : .fixed(count)
    case .counted, .collection: .jagged
    case .string: .flat
    case .streamed(let leaf):
      switch leaf.depth {
      case 0: leaf.multiple == 1 ? .flat : .fixed(leaf.multiple)
      case 1: .jagged
      default: .nested(leaf.depth)
      }
    }
  }
}

/// The type of a branch, and its layout or the reason why it cannot be read.
struct BranchInterpretation {
  let typeName: String
  let layout: Result<BranchLayout, DecodingFailure>

  private init(
    _ typeName: String, _ element: ElementType, _ form: BranchLayout.Form, packing: Packing? = nil
  ) {
    self.typeName = typeName
    layout = .success(BranchLayout(element: element, form: form, packing: packing))
  }

  private init(_ typeName: String, unsupported reason: String) {
    self.typeName = typeName
    layout = .failure(.unsupported(reason))
  }

  private init(_ typeName: String, corrupted reason: String) {
    self.typeName = typeName
    layout = .failure(.corrupted(reason, at: nil))
  }
}

extension BranchInterpretation {
  /// Interprets a branch of fundamental types: one result for each of its leaves.
  ///
  /// `counters` holds the names of the branches by their leaf.
  static func leaves(
    of branch: StreamedObject, counters: [ObjectIdentifier: String]
  ) -> [(leaf: String, interpretation: BranchInterpretation)] {
    let leaves = branch.items("fLeaves").compactMap { $0 }
    if leaves.isEmpty {
      let reason = branch.problem ?? "the branch has no leaves"
      return [("", BranchInterpretation(branch.className, unsupported: reason))]
    }
    if leaves.count == 1 {
      return [("", leaf(leaves[0], offset: 0, stride: nil, counters: counters))]
    }
    // The values of several leaves follow each other without gaps; the record's length is known
    // only if every leaf has a fixed one.
    var offsets: [Int] = []
    var stride = 0
    for leaf in leaves {
      let width = storedWidth(leaf)
      let length = leaf.integer("fLen") ?? 0
      offsets.append(stride)
      let isFixed = width > 0 && (1...maximumLength).contains(length)
      guard isFixed, leaf.object("fLeafCount") == nil else {
        return [
          (
            "",
            BranchInterpretation(
              leaves.map(\.className).joined(separator: ","),
              unsupported: "the branch has several leaves, one of them of varying length "
                + "(\(leaf.string("fName") ?? leaf.className)), which this reader does not know")
          )
        ]
      }
      stride += width * length
    }
    return zip(leaves, offsets).map { leaf, offset in
      (
        leaf.string("fName") ?? "",
        Self.leaf(leaf, offset: offset, stride: stride, counters: counters)
      )
    }
  }

  /// The bytes of a value of a leaf; 0 where they vary.
  private static func storedWidth(_ leaf: StreamedObject) -> Int {
    let packing: Packing? =
      packingNames[leaf.className] == nil
      ? nil
      : Packing(title: leaf.string("fTitle") ?? "", isDouble: leaf.className == "TLeafD32")
    return packing?.width
      ?? ElementType(leafClass: leaf.className, isUnsigned: false)?.width ?? 0
  }

  /// More values in an entry are taken for damage.
  private static let maximumLength = 1 << 28

  private static func leaf(
    _ leaf: StreamedObject, offset: Int, stride: Int?, counters: [ObjectIdentifier: String]
  ) -> BranchInterpretation {
    let isUnsigned = leaf.integer("fIsUnsigned") ?? 0 != 0
    var packing: Packing?
    var packedType: ElementType?
    if leaf.className == "TLeafF16" || leaf.className == "TLeafD32" {
      packedType = leaf.className == "TLeafF16" ? .float32 : .float64
      packing = Packing(
        title: leaf.string("fTitle") ?? "", isDouble: leaf.className == "TLeafD32")
      if packing == nil { packedType = nil }
    }
    let known = ElementType(leafClass: leaf.className, isUnsigned: isUnsigned)
    guard let element = packedType ?? known else {
      return BranchInterpretation(
        leaf.className,
        unsupported: "its leaf \(leaf.string("fTitle") ?? "") is a \(leaf.className) of version "
          + "\(leaf.version), which this reader does not know")
    }
    let typeName = packingNames[leaf.className] ?? element.name
    let width = packing?.width ?? element.width
    if element == .string { return BranchInterpretation("string", .string, .string(header: 0)) }
    let length = leaf.integer("fLen") ?? 0
    guard (1...maximumLength).contains(length) else {
      return BranchInterpretation(
        element.name, corrupted: "a leaf announces \(length) values per entry")
    }
    let dimensions = dimensions(title: leaf.string("fTitle") ?? "", length: length)
    if let counter = leaf.object("fLeafCount") {
      let name = counter.string("fName") ?? "?"
      return BranchInterpretation(
        "\(typeName)[\(name)]\(dimensions)", element,
        .counted(
          header: 0, multiple: length, counter: counters[ObjectIdentifier(counter)] ?? name),
        packing: packing)
    }
    return BranchInterpretation(
      typeName + dimensions, element,
      .fixed(count: length, offset: offset, stride: stride ?? width * length), packing: packing)
  }

  private static let packingNames = ["TLeafF16": "Float16_t", "TLeafD32": "Double32_t"]

  /// The fixed dimensions in a leaf's title, as in `x[3][4]`; they must multiply to its length.
  static func dimensions(title: String, length: Int) -> String {
    if length == 1 { return "" }
    let fixed = title.split(separator: "[").dropFirst().compactMap { part in
      Int(part.prefix { $0 != "]" })
    }
    let product = fixed.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard product == length else { return "[\(length)]" }
    return fixed.map { "[\($0)]" }.joined()
  }
}

extension BranchInterpretation {
  /// Interprets a `TBranchElement`: a member of a split object, or a whole object.
  static func elements(
    of branch: StreamedObject, counters: [ObjectIdentifier: String], infos: StreamerInfos
  ) -> [(leaf: String, interpretation: BranchInterpretation)] {
    if let plain = element(branch, counters: counters, infos: infos) { return [("", plain)] }
    let className = branch.string("fClassName") ?? ""
    let fID = branch.integer("fID") ?? -1
    let fType = branch.integer("fType") ?? 0
    let member = member(className, version: branch.integer("fClassVersion") ?? 0, fID, infos)
    if let member, member.arrayLength > 0 {
      return [
        (
          "",
          BranchInterpretation(
            member.typeName,
            unsupported: "it holds an array of \(member.arrayLength) objects of class "
              + "\(member.typeName) in each object")
        )
      ]
    }
    let isInCollection = fType == 31 || fType == 41
    let framing: StreamedLeaf.Framing = isInCollection ? .repeated : .member
    // A base class has "BASE" for a type, and its class for a name.
    let memberType = member?.fType == 0 ? member?.name : member?.typeName
    guard let typeName = fID >= 0 ? memberType : className, fID >= 0 || fType <= 0 else {
      return [
        (
          "",
          BranchInterpretation(
            className,
            unsupported: "it holds objects of class \(className) (\(branch.className) of version "
              + "\(branch.version), type \(fType)), which this reader does not know")
        )
      ]
    }
    return streamed(typeName, framing, isWhole: fID < 0, infos)
  }

  /// Interprets the branch of an object that was not split, whose class stands in every entry.
  static func object(
    of branch: StreamedObject, infos: StreamerInfos
  ) -> [(leaf: String, interpretation: BranchInterpretation)] {
    streamed(branch.string("fClassName") ?? "", .named, isWhole: false, infos)
  }

  /// Lists the leaves of a type.
  ///
  /// - Parameters:
  ///   - typeName: The name of the type in C++.
  ///   - framing: What an entry is.
  ///   - isWhole: Whether an entry is a value that is not a member of another; of an object it then
  ///     has the members alone.
  ///   - infos: The descriptions of classes.
  /// - Returns: The leaves by the members that lead to them, or the reason why there are none.
  private static func streamed(
    _ typeName: String, _ framing: StreamedLeaf.Framing, isWhole: Bool, _ infos: StreamerInfos
  ) -> [(leaf: String, interpretation: BranchInterpretation)] {
    do throws(StreamedType.Unknown) {
      let type = try StreamedType(typeName, infos)
      var framing = framing
      if case .object = type, isWhole { framing = .contents }
      let leaves = StreamedLeaf.all(of: type, framing)
      if leaves.isEmpty {
        throw StreamedType.Unknown(
          reason: "it holds objects of class \(typeName), which have no members")
      }
      return leaves.map { leaf in
        (leaf.path, BranchInterpretation(leaf.typeName, leaf.element, .streamed(leaf)))
      }
    } catch {
      return [("", BranchInterpretation(typeName, unsupported: error.reason))]
    }
  }

  /// Interprets a branch of numbers or text, or of plain lists of them; `nil` for another one.
  private static func element(
    _ branch: StreamedObject, counters: [ObjectIdentifier: String], infos: StreamerInfos
  ) -> BranchInterpretation? {
    let className = branch.string("fClassName") ?? ""
    let fID = branch.integer("fID") ?? -1
    let fType = branch.integer("fType") ?? 0
    let version = branch.integer("fClassVersion") ?? 0
    let member = member(className, version: version, fID, infos)
    let typeName = (fID >= 0 ? member?.typeName : nil) ?? className
    if let problem = branch.problem {
      return BranchInterpretation(typeName, unsupported: problem)
    }
    if !branch.items("fBranches").isEmpty {
      return BranchInterpretation(
        typeName,
        unsupported: "it is an object of class \(typeName) that is split into the branches below "
          + "it; read those")
    }
    let leaves = branch.items("fLeaves").compactMap { $0 }
    guard leaves.count == 1 else {
      return BranchInterpretation(
        typeName, unsupported: "it has \(leaves.count) leaves, so it holds no values of its own")
    }
    let streamerType = branch.integer("fStreamerType") ?? -1
    let isInCollection = fType == 31 || fType == 41
    let leaf = leaves[0]
    let length = leaf.integer("fLen") ?? 0
    guard (1...maximumLength).contains(length) else {
      return BranchInterpretation(
        typeName, corrupted: "a leaf announces \(length) values per entry")
    }
    guard fID >= 0 || fType == 0 || fType == -1 else { return nil }
    switch streamerType {
    case 1...19, 21...39:
      guard let (element, packing, name) = number(streamerType % 20, member) else { return nil }
      let width = packing?.width ?? element.width
      let dimensions = dimensions(title: leaf.string("fTitle") ?? "", length: length)
      if isInCollection {
        guard let counter = leaf.object("fLeafCount") else { return nil }
        return BranchInterpretation(
          "\(name)[\(counter.string("fName") ?? "?")]\(dimensions)", element,
          .counted(header: 0, multiple: length, counter: counters[ObjectIdentifier(counter)]),
          packing: packing)
      }
      return BranchInterpretation(
        name + dimensions, element, .fixed(count: length, offset: 0, stride: length * width),
        packing: packing)
    case 41...59:
      guard !isInCollection, let (element, packing, name) = number(streamerType % 20, member)
      else { return nil }
      return BranchInterpretation(
        "\(name)[\(member?.countName ?? "?")]", element,
        .counted(header: 1, multiple: 1, counter: nil), packing: packing)
    case 65 where member?.arrayLength ?? 0 == 0:
      return isInCollection
        ? nil : BranchInterpretation("string", .string, .string(header: 0))
    case -1, 300, 365, 500:
      if isInCollection || member?.arrayLength ?? 0 > 0 { return nil }
      if typeName == "string" || typeName == "TString" {
        // A member has byte count and version in front, a branch of strings has not.
        return BranchInterpretation("string", .string, .string(header: fID >= 0 ? 6 : 0))
      }
      guard let (container, element) = collection(typeName) else { return nil }
      return BranchInterpretation("\(container)<\(element.name)>", element, .collection)
    default:
      return nil
    }
  }

  /// The type of a member that is a number or an array of them.
  private static func number(
    _ streamerType: Int, _ member: StreamerInfo.Element?
  ) -> (element: ElementType, packing: Packing?, name: String)? {
    guard streamerType == 9 || streamerType == 19 else {
      return ElementType(streamerType: streamerType).map { ($0, nil, $0.name) }
    }
    let isDouble = streamerType == 9
    // Without the member's title its range is not known.
    guard let member, let packing = Packing(title: member.title, isDouble: isDouble) else {
      return nil
    }
    return isDouble ? (.float64, packing, "Double32_t") : (.float32, packing, "Float16_t")
  }

  private static func member(
    _ className: String, version: Int, _ fID: Int, _ infos: StreamerInfos
  ) -> StreamerInfo.Element? {
    guard let info = infos.info(className, version: version) ?? infos.newest(className),
      info.elements.indices.contains(fID)
    else { return nil }
    return info.elements[fID]
  }

  /// Takes `vector<float>` apart; `nil` for nested collections, maps and collections of objects.
  static func collection(_ typeName: String) -> (container: String, element: ElementType)? {
    let plain = StreamedType.plain(typeName)
    guard let open = plain.firstIndex(of: "<"), plain.hasSuffix(">") else { return nil }
    let container = String(plain[..<open])
    let known = ["vector", "set", "multiset", "list", "deque", "unordered_set", "RVec"]
    guard known.contains(container) else { return nil }
    var inner = plain[plain.index(after: open)...].dropLast()
    // An allocator may follow.
    if let comma = inner.firstIndex(of: ",") {
      guard inner[comma...].contains("allocator") else { return nil }
      inner = inner[..<comma]
    }
    var name = inner.trimmingCharacters(in: .whitespaces)
    if name.hasPrefix("std::") { name = String(name.dropFirst(5)) }
    return ElementType(typeName: name).map { (container, $0) }
  }
}

extension BranchInterpretation {
  /// The answer for a class of branches that is not known.
  static func unknown(_ branch: StreamedObject) -> BranchInterpretation {
    let className = branch.string("fClassName") ?? branch.className
    return BranchInterpretation(
      className,
      unsupported: "it is a \(branch.className) of version \(branch.version) (\(className)), which "
        + "this reader does not know")
  }
}
