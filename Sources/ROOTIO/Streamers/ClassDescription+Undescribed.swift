// SPDX-License-Identifier: Apache-2.0

extension ClassDescription {
  /// The classes of a tree in a file without descriptions, as ROOT 6 writes them.
  ///
  /// ROOT writes descriptions when it closes a file. One that was recovered after a crash has none.
  static let undescribed: [ClassDescription] =
    trees + [
      .undescribed(
        "TBranchElement", version: 10,
        .bases("TBranch") + .strings("fClassName", "fParentName", "fClonesName")
          + .uint32("fCheckSum") + .int16("fClassVersion")
          + .int32("fID", "fType", "fStreamerType", "fMaximum")
          + .pointer("TBranchElement", "fBranchCount")
          + .pointer("TBranchElement", "fBranchCount2")),
      .undescribed(
        "TLeafElement", version: 1, .bases("TLeaf") + .int32("fID", "fType")),
      .undescribed("TBranchObject", version: 1, .bases("TBranch") + .strings("fClassName")),
      .undescribed("TLeafObject", version: 4, .bases("TLeaf") + .bool("fVirtual")),
      .undescribed("TLeafC", version: 1, .bases("TLeaf") + .int32("fMinimum", "fMaximum")),
      .undescribed(
        "TLeafG", version: 1,
        .bases("TLeaf") + [.long("fMinimum"), .long("fMaximum")]),
      .undescribed("TNtuple", version: 2, .bases("TTree") + .int32("fNvar")),
      .undescribed("TNtupleD", version: 1, .bases("TTree") + .int32("fNvar")),
    ]

  private static func undescribed(
    _ name: String, version: Int, _ members: [StreamerInfo.Element]
  ) -> ClassDescription {
    // Nothing of these is written, so that no checksum is needed.
    ClassDescription(name, version: version, checksum: 0, members)
  }
}

extension StreamerInfo.Element {
  /// A `long`, which takes eight bytes in a file.
  fileprivate static func long(_ name: String) -> Self {
    Self(
      name: name, title: "", fType: 4, arrayLength: 0, typeName: "long", countName: nil)
  }
}
