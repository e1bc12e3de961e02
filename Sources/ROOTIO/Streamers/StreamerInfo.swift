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
    /// The lengths of an array's dimensions, outermost first.
    let dimensions: [Int]
    let typeName: String
    /// For an array behind a pointer: the member that counts its elements.
    let countName: String?
    /// For a base class: its version.
    let baseVersion: Int
  }
}

/// All descriptions of classes in a file.
struct StreamerInfos: Sendable {
  private var versions: [String: [Int: StreamerInfo]] = [:]

  init(_ list: [StreamerInfo] = []) {
    for info in list { versions[info.className, default: [:]][info.version] = info }
  }

  func info(_ className: String, version: Int) -> StreamerInfo? {
    versions[className]?[version]
  }

  /// The only description of a class that has no version of its own, or the newest.
  func newest(_ className: String) -> StreamerInfo? {
    versions[className].flatMap { versions in versions.keys.max().flatMap { versions[$0] } }
  }

  var isEmpty: Bool { versions.isEmpty }

  /// Reads the record at `fSeekInfo`: a `TList` of `TStreamerInfo`.
  static func read(
    _ header: FileHeader, in storage: ByteStorage
  ) throws(DecodingFailure) -> StreamerInfos {
    if header.fSeekInfo == 0 || header.fNbytesInfo == 0 { return StreamerInfos() }
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
    return StreamerInfos(infos)
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
        let dimensions = element.integers("fMaxIndex") ?? []
        elements.append(
          Element(
            name: element.string("fName") ?? "", title: element.string("fTitle") ?? "",
            fType: element.integer("fType") ?? -1,
            arrayLength: element.integer("fArrayLength") ?? 0,
            dimensions: Array(dimensions.prefix(max(0, element.integer("fArrayDim") ?? 0))),
            typeName: element.string("fTypeName") ?? "",
            countName: element.string("fCountName"),
            baseVersion: element.integer("fBaseVersion") ?? 0))
      }
    }
    self.elements = elements
  }
}

extension StreamerInfos {
  /// The classes that describe classes; they cannot be described by themselves.
  ///
  /// Specification: https://github.com/root-project/root/blob/v6-32-00/io/doc/TFile/streamerinfo.md
  static let bootstrap: StreamerInfos = {
    func member(_ name: String, _ fType: Int, length: Int = 0) -> StreamerInfo.Element {
      .init(
        name: name, title: "", fType: fType, arrayLength: length, dimensions: [], typeName: "",
        countName: nil, baseVersion: 0)
    }
    func base(_ name: String) -> StreamerInfo.Element { member(name, 0) }
    var infos = [
      StreamerInfo(
        className: "TStreamerInfo", version: 9,
        elements: [
          base("TNamed"), member("fCheckSum", 13), member("fClassVersion", 3),
          member("fElements", 64),
        ])
    ]
    // Versions 2 to 4 differ in what follows these members, which the byte count skips.
    for version in 2...4 {
      infos.append(
        StreamerInfo(
          className: "TStreamerElement", version: version,
          elements: [
            base("TNamed"), member("fType", 3), member("fSize", 3), member("fArrayLength", 3),
            member("fArrayDim", 3), member("fMaxIndex", 23, length: 5), member("fTypeName", 65),
          ]))
    }
    let counted = [member("fCountVersion", 3), member("fCountName", 65), member("fCountClass", 65)]
    let own: [(String, [Int], [StreamerInfo.Element])] = [
      ("TStreamerBase", [1, 2], []),
      ("TStreamerBase", [3], [member("fBaseVersion", 3)]),
      ("TStreamerBasicType", [1, 2], []),
      ("TStreamerBasicPointer", [1, 2], counted),
      ("TStreamerLoop", [1, 2], counted),
      ("TStreamerObject", [1, 2], []),
      ("TStreamerObjectAny", [1, 2], []),
      ("TStreamerObjectPointer", [1, 2], []),
      ("TStreamerObjectAnyPointer", [1], []),
      ("TStreamerString", [1, 2], []),
      ("TStreamerArtificial", [1, 2], []),
      ("TStreamerSTL", [2, 3], [member("fSTLtype", 3), member("fCtype", 3)]),
      ("TStreamerSTLstring", [2], []),
    ]
    for (name, versions, members) in own {
      let baseName = name == "TStreamerSTLstring" ? "TStreamerSTL" : "TStreamerElement"
      for version in versions {
        infos.append(
          StreamerInfo(className: name, version: version, elements: [base(baseName)] + members))
      }
    }
    return StreamerInfos(infos)
  }()
}
