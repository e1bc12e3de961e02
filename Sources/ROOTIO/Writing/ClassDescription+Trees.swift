// SPDX-License-Identifier: Apache-2.0

extension ClassDescription {
  /// The classes of a tree with leaves of fundamental types, in the order of the description.
  static let trees: [ClassDescription] =
    [
      ClassDescription(
        "TTree", version: 20, checksum: 0x7264_E07F,
        .bases("TNamed", "TAttLine", "TAttFill", "TAttMarker")
          + .int64("fEntries", "fTotBytes", "fZipBytes", "fSavedBytes", "fFlushedBytes")
          + .float64("fWeight")
          + .int32("fTimerInterval", "fScanField", "fUpdate", "fDefaultEntryOffsetLen")
          + .counter("fNClusterRange")
          + .int64(
            "fMaxEntries", "fMaxEntryLoop", "fMaxVirtualSize", "fAutoSave", "fAutoFlush",
            "fEstimate")
          + .int64s("fClusterRangeEnd", countedBy: "fNClusterRange")
          + .int64s("fClusterSize", countedBy: "fNClusterRange")
          + .any("ROOT::TIOFeatures", "fIOFeatures") + .objects("TObjArray", "fBranches", "fLeaves")
          + .pointer("TList", "fAliases") + .any("TArrayD", "fIndexValues")
          + .any("TArrayI", "fIndex") + .pointer("TVirtualIndex", "fTreeIndex")
          + .pointer("TList", "fFriends") + .pointer("TList", "fUserInfo")
          + .pointer("TBranchRef", "fBranchRef")),
      ClassDescription(
        "TNamed", version: 1, checksum: 0xDFB7_4A3C, .bases("TObject") + .strings("fName", "fTitle")
      ),
      ClassDescription(
        "TObject", version: 1, checksum: 0x901B_C02D, .uint32("fUniqueID") + .bits("fBits")),
      ClassDescription(
        "TAttLine", version: 2, checksum: 0x9407_4549,
        .int16("fLineColor", "fLineStyle", "fLineWidth")),
      ClassDescription(
        "TAttFill", version: 2, checksum: 0xFFD9_2A92, .int16("fFillColor", "fFillStyle")),
      ClassDescription(
        "TAttMarker", version: 3, checksum: 0x291D_8BEC,
        .int16("fMarkerColor", "fMarkerStyle") + .float32("fMarkerSize")),
      ClassDescription(
        "ROOT::TIOFeatures", version: 1, checksum: 0x1AA1_2F10, hasChecksumForVersion: true,
        .uint8("fIOBits")),
      ClassDescription(
        "TBranch", version: 13, checksum: 0x1097_8AAC,
        .bases("TNamed", "TAttFill")
          + .int32("fCompress", "fBasketSize", "fEntryOffsetLen", "fWriteBasket")
          + .int64("fEntryNumber") + .any("ROOT::TIOFeatures", "fIOFeatures") + .int32("fOffset")
          + .counter("fMaxBaskets") + .int32("fSplitLevel")
          + .int64("fEntries", "fFirstEntry", "fTotBytes", "fZipBytes")
          + .objects("TObjArray", "fBranches", "fLeaves", "fBaskets")
          + .int32s("fBasketBytes", countedBy: "fMaxBaskets")
          + .int64s("fBasketEntry", countedBy: "fMaxBaskets")
          + .int64s("fBasketSeek", countedBy: "fMaxBaskets") + .strings("fFileName")),
      ClassDescription(
        "TLeaf", version: 2, checksum: 0x6D1E_8152,
        .bases("TNamed") + .int32("fLen", "fLenType", "fOffset") + .bool("fIsRange", "fIsUnsigned")
          + .pointer("TLeaf", "fLeafCount")),
      ClassDescription(
        "TLeafO", version: 1, checksum: 0x02AE_48D3,
        .bases("TLeaf") + .bool("fMinimum", "fMaximum")),
      ClassDescription(
        "TLeafB", version: 1, checksum: 0x0F1E_4B5E,
        .bases("TLeaf") + .int8("fMinimum", "fMaximum")),
      ClassDescription(
        "TLeafS", version: 1, checksum: 0x150C_EECF,
        .bases("TLeaf") + .int16("fMinimum", "fMaximum")),
      ClassDescription(
        "TLeafI", version: 1, checksum: 0x7E6A_AE19,
        .bases("TLeaf") + .int32("fMinimum", "fMaximum")),
      ClassDescription(
        "TLeafL", version: 1, checksum: 0xDE32_0862,
        .bases("TLeaf") + .int64("fMinimum", "fMaximum")),
      ClassDescription(
        "TLeafF", version: 1, checksum: 0x3ADD_9D72,
        .bases("TLeaf") + .float32("fMinimum", "fMaximum")),
      ClassDescription(
        "TLeafD", version: 1, checksum: 0x118E_8776,
        .bases("TLeaf") + .float64("fMinimum", "fMaximum")),
      ClassDescription(
        "TObjArray", version: 3, checksum: 0xA99E_6552,
        .bases("TSeqCollection") + .int32("fLowerBound", "fLast")),
      ClassDescription(
        "TSeqCollection", version: 0, checksum: 0xFC6C_3BC6, .bases("TCollection")),
      ClassDescription(
        "TCollection", version: 3, checksum: 0x57E3_CB9C,
        .bases("TObject") + .strings("fName") + .int32("fSize")),
      ClassDescription("TString", version: 2, checksum: 0x0001_7419, []),
    ]

  /// The classes that describe classes; no file describes them.
  static let streamerInfos: [ClassDescription] =
    [
      ClassDescription(
        "TStreamerInfo", version: 9, checksum: 0,
        .bases("TNamed") + .uint32("fCheckSum") + .int32("fClassVersion")
          + .pointer("TObjArray", "fElements")),
      ClassDescription(
        "TStreamerElement", version: 4, checksum: 0,
        .bases("TNamed") + .int32("fType", "fSize", "fArrayLength", "fArrayDim")
          + .int32Array("fMaxIndex", length: 5) + .strings("fTypeName")),
      ClassDescription(
        "TStreamerBase", version: 3, checksum: 0,
        .bases("TStreamerElement") + .int32("fBaseVersion")),
      ClassDescription(
        "TStreamerBasicPointer", version: 2, checksum: 0,
        .bases("TStreamerElement") + .int32("fCountVersion")
          + .strings("fCountName", "fCountClass")),
    ]
    + [
      "TStreamerBasicType", "TStreamerObject", "TStreamerObjectAny", "TStreamerObjectPointer",
      "TStreamerString",
    ].map { ClassDescription($0, version: 2, checksum: 0, .bases("TStreamerElement")) }
}
