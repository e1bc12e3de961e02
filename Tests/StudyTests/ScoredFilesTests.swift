// SPDX-License-Identifier: Apache-2.0

import Configuration
import Events
import Foundation
import ROOTIO
import TestSupport
import Testing

@testable import Study

@Suite struct ScoredFilesTests {
  private func events() throws -> EventsConfiguration {
    try EventsConfiguration(
      ConfigurationNode(
        text: """
          tree: Events
          objects: [{kind: muon, columns: {pt: pt, eta: eta, phi: phi, mass: mass}}]
          identifiers: {run: runNumber}
          """, name: "events"))
  }

  /// Writes a file of muons, with some columns in front.
  private func write(_ path: String, entryCount: Int, _ identifiers: [Column]) throws -> String {
    let muons = ["pt", "eta", "phi", "mass"].map { name in
      Column(name: name, values: .float32((0..<entryCount).map { 1 + Float($0) / 1000 }))
    }
    let columns = identifiers + muons
    let writer = try TreeWriter(
      path: path, name: "Events",
      branches: columns.map { column in
        BranchDeclaration(column.name, column.values.elementType)
      })
    try writer.write(columns)
    try writer.finish()
    return path
  }

  @Test func `files follow one another, with the identifiers that all of them have`() throws {
    let folder = try TemporaryFolder()
    let first = try write(
      folder.file("a.root"), entryCount: 5,
      [
        Column(name: "runNumber", values: .uint32([1, 2, 3, 4, .max])),
        Column(name: "luminosityBlock", values: .int16([1, 1, 1, 1, 1])),
        Column(name: "event", values: .uint64([9, 8, 7, 6, .max])),
      ])
    let second = try write(
      folder.file("b.root"), entryCount: 3,
      [
        // Another type; a number that is none for an identifier; no event at all.
        Column(name: "runNumber", values: .int32([-1, 5, 6])),
        Column(name: "luminosityBlock", values: .float32([1, 1, 1])),
      ])
    func files(_ paths: [String]) throws -> ScoredFiles {
      try ScoredFiles(paths: paths, events: events(), entriesPerPart: 2)
    }
    let alone = try files([first])
    #expect(alone.identifiers.map(\.name) == ["run", "luminosityBlock", "event"])
    #expect(alone.identifiers.map(\.type) == [.uint32, .int16, .uint64])
    #expect(
      try alone.parts.map { try alone.read($0, withIdentifiers: true).1[2].values } == [
        .uint64([9, 8]), .uint64([7, 6]), .uint64([.max]),
      ])

    let both = try files([first, second])
    #expect(both.entryCount == 8)
    #expect(both.parts.map(\.file) == [0, 0, 0, 1, 1])
    #expect(both.parts.map(\.entries) == [0..<2, 2..<4, 4..<5, 0..<2, 2..<3])
    #expect(both.identifiers.map(\.name) == ["run"])
    let read = try both.parts.map { try both.read($0, withIdentifiers: true) }
    #expect(read.map { $0.0.eventIndices } == [[0, 1], [2, 3], [4], [0, 1], [2]])
    #expect(
      read.map { $0.1[0].values } == [
        .int64([1, 2]), .int64([3, 4]), .int64([4_294_967_295]), .int64([-1, 5]), .int64([6]),
      ])
  }

  @Test func `a file without entries has no part`() throws {
    let folder = try TemporaryFolder()
    let empty = try write(folder.file("a.root"), entryCount: 0, [])
    let full = try write(folder.file("b.root"), entryCount: 1, [])
    #expect(throws: PreparationError.self) {
      try ScoredFiles(paths: [empty], events: events(), entriesPerPart: 2)
    }
    let node = try ConfigurationNode(
      text: """
        tree: Events
        objects: [{kind: muon, columns: {pt: pt, eta: eta, phi: phi, mass: mass}}]
        """, name: "events")
    let files = try ScoredFiles(
      paths: [empty, full, empty], events: EventsConfiguration(node), entriesPerPart: 2)
    #expect(files.parts.map(\.file) == [1] && files.entryCount == 1 && files.identifiers.isEmpty)
    #expect(try files.read(files.parts[0], withIdentifiers: true).0.eventCount == 1)
  }
}
