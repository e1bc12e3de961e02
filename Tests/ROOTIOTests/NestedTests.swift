// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Testing

/// Objects and lists within lists of a TTree, whose values are formulas
/// (`scripts/make-root-fixtures.py`).
@Suite struct NestedTests {
  private func tree() throws -> Tree {
    try ROOTFile(path: TestFiles.fixtures.appending(path: "nested.root").path).onlyTree()
  }

  /// A member of the objects in a list, of entries 0 to 19 with `entry % 4` objects each.
  private func expected<Value>(_ value: (_ entry: Int, _ index: Int) -> Value) -> [Value] {
    var values: [Value] = []
    for entry in 0..<20 { for index in 0..<(entry % 4) { values.append(value(entry, index)) } }
    return values
  }

  private func hits(_ entry: Int, _ index: Int) -> [Float] {
    (0..<index).map { Float(entry) + Float($0) / 8 }
  }

  private func name(_ entry: Int, _ index: Int) -> String {
    String(repeating: Character(UnicodeScalar(UInt8(97 + entry))), count: index)
  }

  private func sums(_ counts: [Int]) -> [Int] {
    counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
  }

  @Test(arguments: ["tracks.", "splitTracks/splitTracks."])
  func `objects in a list are the same whether they are written whole, or split`(
    _ prefix: String
  ) throws {
    let tree = try tree()
    let array = prefix.contains("split") ? "[2]" : ""
    let columns = try tree.read(
      ["id", "start.x", "start.y", "start.n\(array)", "hits", "name", "label", "good"]
        .map { prefix + $0 })
    let ids: [Int32] = expected { Int32($0 * 10 + $1) }
    let x: [Float] = expected { entry, _ in Float(entry) }
    let y: [Double] = expected { _, index in -Double(index) }
    let n: [[Int16]] = expected { [Int16($1), Int16($0)] }
    let good: [Bool] = expected { _, index in index % 2 == 1 }
    #expect(columns[0].values == .int32(ids))
    #expect(columns[1].values == .float32(x))
    #expect(columns[2].values == .float64(y))
    #expect(columns[3].values == .int16(Array(n.joined())))
    #expect(columns[4].values == .float32(Array(expected(hits).joined())))
    #expect(columns[5].values == .string(expected(name)))
    #expect(columns[6].values == .string(expected { _, _ in "label" }))
    #expect(columns[7].values == .bool(good))
    let offsets = sums((0..<20).map { $0 % 4 })
    for (index, column) in columns.enumerated() {
      #expect(column.offsets == (index == 3 ? offsets.map { $0 * 2 } : offsets))
    }
    #expect(columns[4].innerOffsets == [sums(expected { $1 })])
    let phi = try tree.read(["\(prefix)phi"])[0].doubles()
    let step = 2 * Double.pi / 65_536
    let exactPhi: [Double] = expected { entry, _ in Double(entry) / 4 }
    for (found, exact) in zip(phi, exactPhi) where exact < .pi {
      #expect(abs(found - exact) < step)
    }
  }

  @Test func `an object that is an entry of its own has its members as branches`() throws {
    let columns = try tree().read(
      ["track.id", "track.start.n", "track.hits", "track.name", "momentum.fP.fY", "point.y"],
      entries: 3..<14)
    let ids: [Int32] = (3..<14).map { Int32($0 * 10 + $0 % 3) }
    let n: [[Int16]] = (3..<14).map { [Int16($0 % 3), Int16($0)] }
    let momenta: [Double] = (3..<14).map { 2 * Double($0) }
    let y: [Double] = (3..<14).map { -Double($0 % 3) }
    #expect(columns[0].values == .int32(ids))
    #expect(columns[1].values == .int16(Array(n.joined())))
    #expect(columns[1].offsets == (0...11).map { $0 * 2 })
    #expect(columns[2].offsets?.prefix(4) == [0, 0, 1, 3])
    #expect(columns[3].entryCount == 11)
    #expect(columns[4].values == .float64(momenta))
    #expect(columns[5].values == .float64(y))
  }

  @Test func `lists within lists have offsets level by level`() throws {
    let tree = try tree()
    let column = try tree.read(["deep"], entries: 2..<4)[0]
    #expect(try tree.branch("deep").shape == .nested(3))
    #expect(try tree.branch("deep").typeName == "vector<vector<vector<int32>>>")
    #expect(column.offsets == [0, 2, 5])
    #expect(column.innerOffsets == [[0, 0, 1, 1, 2, 4], [0, 1, 2, 3, 5]])
    #expect(column.values == .int32([20, 30, 30, 31, 31]))
    #expect([column].json() == #"{"columns":{"deep":[[[],[[20]]],[[],[[30]],[[30],[31,31]]]]}}"#)
  }

  @Test func `what writes itself in a way of its own is refused by name`() throws {
    let tree = try tree()
    #expect(
      try tree.branch("clones").reason
        == "unsupported: it holds a TClonesArray, which writes itself in a way of its own.")
    #expect(
      try tree.branch("splitClones/splitClones.fP.fZ").typeName == "vector<double>")
  }

  @Test func `a list that announces more than there is is an error with its place`() throws {
    var data = try Data(contentsOf: TestFiles.fixtures.appending(path: "jagged-uncompressed.root"))
    // Entry 3 of "nested": one list, of no elements.
    let entry = try #require(
      data.firstRange(of: Data([0x40, 0, 0, 0x0A, 0, 10, 0, 0, 0, 1, 0, 0, 0, 0])))
    data[entry.lowerBound + 10] = 0x7F
    let url = FileManager.default.temporaryDirectory
      .appending(path: "announcing-\(UUID().uuidString).root")
    defer { try? FileManager.default.removeItem(at: url) }
    try data.write(to: url)
    let tree = try ROOTFile(path: url.path).onlyTree()
    let error = #expect(throws: ROOTFileError.self) { try tree.read(["nested"]) }
    #expect(error?.code == .corrupted)
    #expect(error?.location.basket != nil)
    #expect(error?.message.hasPrefix("a list announces 2130706432 elements, ") == true)
  }
}
