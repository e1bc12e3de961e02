// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import ROOTIO

/// What old versions of ROOT write in ways of their own, and files without descriptions of classes.
@Suite struct OldTreeTests {
  /// A `TBranch` of version 9 by the description that ROOT 4 writes, as far as it matters here.
  private static let branch = StreamerInfo(
    className: "TBranch", version: 9,
    elements: .counter("fMaxBaskets") + .float64("fEntries")
      + .int64s("fBasketSeek", countedBy: "fMaxBaskets"))

  private func decoded(_ bytes: [UInt8]) throws -> StreamedObject {
    let storage = ByteStorage(count: bytes.count) { $0.copyBytes(from: bytes) }
    var decoder = ObjectDecoder(
      ByteSlice(storage, 0..<bytes.count), keyLength: 0, infos: StreamerInfos([Self.branch]))
    return try decoder.object(ofClass: "TBranch")
  }

  /// Version 9, two baskets, and 974 entries in double precision.
  private let head: [UInt8] = [0, 9, 0, 0, 0, 2, 0x40, 0x8E, 0x70, 0, 0, 0, 0, 0]

  @Test func `positions of baskets have the length that the byte in front of them says`() throws {
    let short = try decoded(head + [1, 0, 0, 1, 0, 0, 0, 2, 0])
    let long = try decoded(
      head + [2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    #expect(short.integers("fBasketSeek") == [256, 512])
    #expect(long.integers("fBasketSeek") == [256, 4_294_967_296])
  }

  @Test func `entries that are counted in double precision are whole numbers`() throws {
    #expect(try decoded(head + [0]).integer("fEntries") == 974)
    var broken = head
    broken[9] = 1
    #expect(try decoded(broken + [0]).integer("fEntries") == nil)
  }

  @Test func `a branch whose values are in another file is refused by name`() throws {
    var members = StreamedMembers()
    for name in ["fBasketBytes", "fBasketEntry", "fBasketSeek"] { members[name] = .integers([200]) }
    members["fWriteBasket"] = .integer(1)
    members["fEntries"] = .integer(10)
    members["fFileName"] = .string("other.root")
    let branch = StreamedObject(className: "TBranch", version: 13, members: members)
    let failure = #expect(throws: DecodingFailure.self) { try BasketLocation.index(of: branch) }
    #expect(
      failure?.message
        == "unsupported: its values are in another file, other.root. Copy the tree into one file "
        + "with ROOT: tree->CloneTree().")
  }

  /// Where the header of a file with positions of four bytes has the place and the length of the
  /// descriptions.
  private static let descriptions = 37..<45

  @Test(arguments: ["scalars.root", "embedded.root", "nested.root", "jagged-zstd.root"])
  func `a tree is read without descriptions, but for objects of other classes`(
    _ name: String
  ) throws {
    let original = TestFiles.fixtures.appending(path: name)
    var data = try Data(contentsOf: original)
    data.replaceSubrange(Self.descriptions, with: [UInt8](repeating: 0, count: 8))
    let copy = FileManager.default.temporaryDirectory
      .appending(path: "undescribed-\(UUID().uuidString).root")
    defer { try? FileManager.default.removeItem(at: copy) }
    try data.write(to: copy)
    let described = try ROOTFile(path: original.path)
    let undescribed = try ROOTFile(path: copy.path)
    for summary in described.trees {
      let expected = try described.tree(summary.name)
      let found = try undescribed.tree(summary.name)
      var compared = 0
      for branch in found.branches where branch.isReadable {
        let values = try [expected, found].map { try $0.read([branch.name])[0] }
        #expect(values[0].values == values[1].values, "\(branch.name)")
        #expect(values[0].offsets == values[1].offsets, "\(branch.name)")
        compared += 1
      }
      #expect(compared > 0)
    }
  }

  @Test func `descriptions without a checksum are laid out as ROOT lays them out`() throws {
    var compared = 0
    for name in ["nested.root", "scalars.root", "members.root"] {
      let storage = try ByteStorage(mapping: TestFiles.fixtures.appending(path: name).path)
      let infos = try StreamerInfos.read(FileHeader(storage), in: storage)
      for ours in ClassDescription.undescribed.map(\.info) {
        guard let theirs = infos.info(ours.className, version: ours.version) else { continue }
        #expect(theirs.elements.map(\.name) == ours.elements.map(\.name), "\(ours.className)")
        #expect(theirs.elements.map(\.fType) == ours.elements.map(\.fType), "\(ours.className)")
        compared += 1
      }
    }
    #expect(compared > 30)
  }
}
