// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Testing

/// Objects in objects as ROOT writes them in rarer ways; the values are formulas
/// (`scripts/make-root-fixtures.py`).
@Suite struct MembersTests {
  private func tree(_ name: String) throws -> Tree {
    try ROOTFile(path: TestFiles.fixtures.appending(path: "members.root").path).tree(name)
  }

  private func counts(_ offsets: [Int]?) -> [Int] {
    guard let offsets else { return [] }
    return zip(offsets, offsets.dropFirst()).map { $1 - $0 }
  }

  @Test(arguments: ["whole.", "clusters/clusters."])
  func `lists of objects in a list of objects are read when written member by member`(
    _ prefix: String
  ) throws {
    let columns = try tree("members").read(
      ["cells.n", "cells.energy", "planes.fX", "planes.fY"].map { prefix + $0 })
    var n: [Int16] = []
    var energies: [Float] = []
    var x: [Double] = []
    var y: [Double] = []
    var cells: [Int] = []
    var planes: [Int] = []
    for entry in 0..<12 {
      for index in 0..<(entry % 3) {
        cells.append((entry + index) % 3)
        planes.append(index)
        for cell in 0..<((entry + index) % 3) {
          n.append(Int16(100 * entry + 10 * index + cell))
          energies.append(Float(cell) / 8)
        }
        for _ in 0..<index {
          x.append(Double(entry))
          y.append(-Double(index))
        }
      }
    }
    #expect(columns[0].values == .int16(n))
    #expect(columns[1].values == .float32(energies))
    #expect(columns[2].values == .float64(x))
    #expect(columns[3].values == .float64(y))
    for (column, inner) in zip(columns, [cells, cells, planes, planes]) {
      #expect(counts(column.offsets) == (0..<12).map { $0 % 3 })
      #expect(column.innerOffsets.map(counts) == [inner])
    }
  }

  @Test func `an object that writes itself has its version in front of every entry`() throws {
    let columns = try tree("members").read(
      ["direction.fX", "direction.fY", "direction.fZ"], entries: 2..<11)
    #expect(columns[0].values == .float64((2..<11).map { Double($0) }))
    #expect(columns[1].values == .float64((2..<11).map { -Double($0) }))
    #expect(columns[2].values == .float64((2..<11).map { Double($0) / 2 }))
  }

  @Test func `a base class that is not split has its members as branches`() throws {
    let column = try tree("members").read(["track/FixtureBase.id"])[0]
    #expect(column.values == .int32((0..<12).map { Int32($0 * 10 + 2) }))
  }

  @Test func `numbers of reduced precision are read in lists, and beside other leaves`() throws {
    let columns = try tree("members").read(["reals", "halves", "mixed.x", "mixed.y"])
    let entries = (0..<12).flatMap { entry in (0..<(entry % 3)).map { (entry, $0) } }
    #expect(columns[0].values == .float64(entries.map { Double($0.0) + Double($0.1) / 4 }))
    #expect(columns[1].values == .float32(entries.map { -Float($0.0) - Float($0.1) / 4 }))
    #expect(columns[2].values == .float32((0..<12).map { Float($0) }))
    #expect(columns[3].values == .float32((0..<12).map { -Float($0) }))
    #expect(counts(columns[0].offsets) == (0..<12).map { $0 % 3 })
  }

  @Test func `a vector of RDataFrame is read as one of the standard library`() throws {
    let column = try tree("members").read(["rvec"])[0]
    let entries = (0..<12).flatMap { entry in (0..<(entry % 3)).map { (entry, $0) } }
    #expect(column.values == .float32(entries.map { Float($0.0) - Float($0.1) / 8 }))
    #expect(counts(column.offsets) == (0..<12).map { $0 % 3 })
    #expect(try tree("members").branch("rvec").typeName == "RVec<float>")
  }

  @Test func `an array of objects in an object is refused by name`() throws {
    #expect(
      try tree("members").branch("event/corners[2]").reason
        == "unsupported: it holds an array of 2 objects of class FixtureCell in each object.")
  }

  @Test(arguments: ["members", "mapped"])
  func `members of a split list are read with and without positions of entries`(
    _ name: String
  ) throws {
    let names = ["event/points/points.x", "event/points/points.n[2]"]
    let columns = try tree(name).read(names, entries: 4..<12)
    let entries = (4..<12).flatMap { entry in (0..<(entry % 3)).map { (entry, $0) } }
    #expect(columns[0].values == .float32(entries.map { Float($0.0) }))
    #expect(columns[1].values == .int16(entries.flatMap { [Int16($0.1), Int16($0.0)] }))
    #expect(counts(columns[0].offsets) == (4..<12).map { $0 % 3 })
    #expect(counts(columns[1].offsets) == (4..<12).map { $0 % 3 * 2 })
  }
}
