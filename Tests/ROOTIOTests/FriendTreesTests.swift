// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Testing

/// Trees in folders of a file, one for each kind of object.
@Suite struct FriendTreesTests {
  private let path = TestFiles.fixtures.appending(path: "friends.root").path

  private func friends() throws -> FriendTrees {
    let file = try ROOTFile(path: path)
    return try FriendTrees([file.tree("myelectrons/Events"), file.tree("mymuons/Events")])
  }

  @Test func `columns come from the tree that has them, in the order of their names`() throws {
    let friends = try friends()
    #expect(friends.entryCount == 12)
    let names = ["muon_pt", "electron_pt", "nmuon_pt"]
    let columns = try friends.read(names, entries: 1..<4)
    #expect(columns[0].values == .float64([10, 11, 30]))
    #expect(columns[0].offsets == [0, 2, 2, 3])
    #expect(columns[1].values == .float64([10, 20, 21]))
    #expect(columns[1].offsets == [0, 1, 3, 3])
    #expect(columns[2].values == .int32([2, 0, 1]))
    let scanned = try TreeScan(friends, columns: names).read(entries: 1..<4)
    #expect(scanned.map(\.values) == columns.map(\.values))
  }

  @Test func `of a name that several trees have the first counts, unless the tree stands in front`()
    throws
  {
    let columns = try friends().read(
      ["run", "mymuons/Events/run", "myelectrons/Events/run"], entries: 0..<2)
    #expect(columns[0].values == .uint32([0, 1]))
    #expect(columns[1].values == .uint32([100, 101]))
    #expect(columns[2].values == .uint32([0, 1]))
  }

  @Test func `trees of other lengths and names that none has are errors`() throws {
    let file = try ROOTFile(path: TestFiles.fixtures.appending(path: "scalars.root").path)
    let error = #expect(throws: ROOTFileError.self) {
      try FriendTrees([file.tree("all"), file.tree("folder/inner/ntuple")])
    }
    #expect(
      error?.description
        == "cannot read folder/inner/ntuple in \(file.path): the tree has 10 entries, all has 20, "
        + "so they do not belong together entry by entry. Name trees of equal length.")
    let missing = #expect(throws: ROOTFileError.self) { try friends().read(["tau_pt"]) }
    #expect(missing?.code == .missingObject)
  }
}
