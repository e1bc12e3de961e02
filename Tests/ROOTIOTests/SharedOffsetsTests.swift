// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Testing

/// Lists that have one counter share their offsets, as long as their baskets agree.
@Suite struct SharedOffsetsTests {
  private let path = TestFiles.fixtures.appending(path: "counted.root").path
  private let names = ["Muon_pt", "nMuon", "Muon_charge", "Muon_iso"]

  @Test(arguments: [0..<20, 0..<8, 3..<17, 9..<10, 8..<15, 5..<5])
  func `columns that are read together are those that are read alone`(
    _ entries: Range<Int>
  ) throws {
    let tree = try ROOTFile(path: path).onlyTree()
    let together = try tree.read(names, entries: entries)
    let scanned = try TreeScan(tree, columns: names).read(entries: entries)
    for (index, name) in names.enumerated() {
      let alone = try tree.read([name], entries: entries)[0]
      for column in [together[index], scanned[index]] {
        #expect(column.name == name)
        #expect(column.values == alone.values)
        #expect(column.offsets == alone.offsets)
      }
    }
  }

  @Test func `lists of a basket that disagrees with the counter keep offsets of their own`() throws
  {
    var data = try Data(contentsOf: URL(filePath: path))
    // Entry 2 gives one of its values to entry 3.
    let place = try positions(in: data, width: 1)
    data[place.lowerBound + 4 * 3 + 3] -= 1
    let url = try write(data)
    defer { try? FileManager.default.removeItem(at: url) }
    let tree = try ROOTFile(path: url.path).onlyTree()
    let columns = try tree.read(names)
    #expect(columns[0].offsets?.prefix(5) == [0, 0, 1, 3, 6])
    #expect(columns[2].offsets?.prefix(5) == [0, 0, 1, 2, 6])
    #expect(columns[3].offsets == columns[0].offsets)
    let intact = try ROOTFile(path: path).onlyTree().read(names)
    #expect(columns.map(\.values) == intact.map(\.values))
  }

  @Test func `of several damaged lists the first that was asked for is the error`() throws {
    var data = try Data(contentsOf: URL(filePath: path))
    // Muon_pt, which comes first in the file, and Muon_charge; entry 3 ends before it starts.
    for width in [8, 1] {
      let table = try positions(in: data, width: width)
      data[table.lowerBound + 4 * 4 + 2] = 0xff
    }
    let url = try write(data)
    defer { try? FileManager.default.removeItem(at: url) }
    let tree = try ROOTFile(path: url.path).onlyTree()
    func failure(_ names: [String]) throws -> String {
      try #require(#expect(throws: ROOTFileError.self) { try tree.read(names) }).description
    }
    // Which thread comes first differs from time to time.
    for _ in 0..<50 {
      #expect(try failure(names).contains("/Muon_pt"))
      #expect(try failure(names.reversed()).contains("/Muon_charge"))
    }
    let intact = try ROOTFile(path: path).onlyTree().read(["Muon_iso", "nMuon"])
    #expect(try tree.read(["Muon_iso", "nMuon"]).map(\.values) == intact.map(\.values))
  }

  /// Finds the positions of entries 0 to 7 of the first list whose values have a width; they are
  /// behind a key of 74 bytes or so.
  private func positions(in data: Data, width: Int) throws -> Range<Data.Index> {
    try #require(
      (60...120).lazy.compactMap { keyLength -> Range<Data.Index>? in
        var position = keyLength
        let table = [0, 1, 2, 3, 0, 1, 2, 3].reduce(into: Data()) { table, count in
          table.append(contentsOf: [0, 0, 0, UInt8(position)])
          position += count * width
        }
        return data.firstRange(of: table)
      }.first)
  }

  private func write(_ data: Data) throws -> URL {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "damaged-\(UUID().uuidString).root")
    try data.write(to: url)
    return url
  }
}
