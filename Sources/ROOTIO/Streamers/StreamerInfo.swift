// SPDX-License-Identifier: Apache-2.0

/// How one version of a class is laid out in a file, member by member.
///
/// ROOT files describe the classes of their objects themselves. Decoding trees with that description
/// instead of with tables of our own makes every version of `TTree` and `TBranch` readable that
/// ROOT ever wrote with automatic streamers (since version 4).
struct StreamerInfo: Sendable {
  let className: String
  let version: Int
  let elements: [Element]

  /// One base class or member.
  struct Element: Sendable {
    let name: String
    let title: String
    /// What kind of member this is: see ``ObjectDecoder``.
    let fType: Int
    /// For an array inside the object: the number of its elements.
    let arrayLength: Int
    let typeName: String
    /// For an array behind a pointer: the member that counts its elements.
    let countName: String?
    /// Whether trees need the value of the member, or another member its number.
    var isKept = true

    /// Returns the member as one of another kind.
    func withType(_ fType: Int) -> Element {
      Element(
        name: name, title: title, fType: fType, arrayLength: arrayLength, typeName: typeName,
        countName: countName, isKept: isKept)
    }
  }

  /// The members of trees, branches, leaves and descriptions of classes that are read; a tree of
  /// thousands of branches has many times as many others.
  private static let neededMembers: Set = [
    "items", "fName", "fTitle", "fEntries", "fBranches", "fLeaves", "fLeafCount", "fLen",
    "fIsUnsigned", "fBaskets", "fBasketBytes", "fBasketEntry", "fBasketSeek", "fWriteBasket",
    "fCompress", "fTotBytes", "fZipBytes", "fClassName", "fClassVersion", "fID", "fType",
    "fStreamerType", "fElements", "fTypeName", "fArrayLength", "fCountName", "fFileName",
  ]

  /// Marks the members that are needed.
  private static func marked(_ elements: [Element]) -> [Element] {
    let counts = Set(elements.compactMap(\.countName))
    return elements.map { element in
      var marked = element
      marked.isKept = neededMembers.contains(element.name) || counts.contains(element.name)
      return marked
    }
  }
}

/// All descriptions of classes in a file.
struct StreamerInfos: Sendable {
  private var versions: [String: [Int: StreamerInfo]] = [:]
  private var ignoresVersions = false

  init(_ list: [StreamerInfo] = []) {
    for info in list { versions[info.className, default: [:]][info.version] = info }
  }

  func info(_ className: String, version: Int) -> StreamerInfo? {
    ignoresVersions ? newest(className) : versions[className]?[version]
  }

  /// The only description of a class that has no version of its own, or the newest.
  func newest(_ className: String) -> StreamerInfo? {
    versions[className].flatMap { versions in versions.keys.max().flatMap { versions[$0] } }
  }

  var isEmpty: Bool { versions.isEmpty }

  /// Reads the record at `fSeekInfo`: a `TList` of `TStreamerInfo`.
  ///
  /// - Returns: The descriptions; where there are none, those of the classes of trees.
  static func read(
    _ header: FileHeader, in storage: ByteStorage
  ) throws(DecodingFailure) -> StreamerInfos {
    let undescribed = StreamerInfos(ClassDescription.undescribed.map(\.info))
    if header.fSeekInfo == 0 || header.fNbytesInfo == 0 { return undescribed }
    let (slice, key) = try KeyRecord.record(
      in: storage, at: header.fSeekInfo, className: "TList")
    var decoder = ObjectDecoder(slice, keyLength: key.fKeylen, infos: .bootstrap)
    let list = try decoder.object(ofClass: "TList")
    var infos: [StreamerInfo] = []
    for value in list.array("items") {
      // The list may also hold a TList of schema evolution rules, which need not concern us.
      guard case .object(let object) = value, object.className == "TStreamerInfo" else { continue }
      infos.append(StreamerInfo(object))
    }
    return infos.isEmpty ? undescribed : StreamerInfos(infos)
  }
}

extension StreamerInfo {
  /// Takes the description out of a decoded `TStreamerInfo`.
  fileprivate init(_ object: StreamedObject) {
    className = object.string("fName") ?? ""
    version = object.integer("fClassVersion") ?? 0
    var elements: [Element] = []
    if let array = object.object("fElements") {
      for value in array.array("items") {
        guard case .object(let element) = value else { continue }
        elements.append(
          Element(
            name: element.string("fName") ?? "", title: element.string("fTitle") ?? "",
            fType: element.integer("fType") ?? -1,
            arrayLength: element.integer("fArrayLength") ?? 0,
            typeName: element.string("fTypeName") ?? "",
            countName: element.string("fCountName")))
      }
    }
    self.elements = Self.marked(elements)
  }
}

extension StreamerInfos {
  /// The classes that describe classes; they cannot be described by themselves.
  ///
  /// One layout serves all versions: what newer ones added stands behind these members, where the
  /// byte count skips it.
  ///
  /// Specification: https://github.com/root-project/root/blob/v6-32-00/io/doc/TFile/streamerinfo.md
  static let bootstrap: StreamerInfos = {
    func member(_ name: String, _ fType: Int, length: Int = 0) -> StreamerInfo.Element {
      .init(
        name: name, title: "", fType: fType, arrayLength: length, typeName: "", countName: nil)
    }
    func info(_ name: String, _ elements: [StreamerInfo.Element]) -> StreamerInfo {
      StreamerInfo(className: name, version: 0, elements: elements)
    }
    let element = [member("TStreamerElement", 0)]
    let counted =
      element + [member("fCountVersion", 3), member("fCountName", 65), member("fCountClass", 65)]
    let plain = [
      "TStreamerBase", "TStreamerBasicType", "TStreamerObject", "TStreamerObjectAny",
      "TStreamerObjectPointer", "TStreamerObjectAnyPointer", "TStreamerString",
      "TStreamerArtificial", "TStreamerSTL",
    ]
    var infos = StreamerInfos(
      [
        info(
          "TStreamerInfo",
          [
            member("TNamed", 0), member("fCheckSum", 13), member("fClassVersion", 3),
            member("fElements", 64),
          ]),
        info(
          "TStreamerElement",
          [
            member("TNamed", 0), member("fType", 3), member("fSize", 3),
            member("fArrayLength", 3), member("fArrayDim", 3), member("fMaxIndex", 23, length: 5),
            member("fTypeName", 65),
          ]),
        info("TStreamerBasicPointer", counted), info("TStreamerLoop", counted),
        info("TStreamerSTLstring", [member("TStreamerSTL", 0)]),
      ] + plain.map { info($0, element) })
    infos.ignoresVersions = true
    return infos
  }()
}
