// SPDX-License-Identifier: Apache-2.0

import Configuration
import Foundation
import ROOTIO
import Runtime
import TestSupport
import Testing

@testable import Events

/// Luminosity masks, and events that several data sets have.
@Suite struct CertifiedDataTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func mask(_ text: String) throws -> LuminosityMask {
    try LuminosityMask(path: try folder.write(text, to: "mask.json"))
  }

  /// Entries with these runs, luminosity blocks and numbers, and the number of the entry as pt.
  private func source(_ entries: [(Int64, Int64, Int64)]) -> MemorySource {
    MemorySource(columns: [
      Column(name: "pt", values: .float32(entries.indices.map { Float($0 + 1) })),
      Column(name: "run", values: .int64(entries.map(\.0))),
      Column(name: "luminosityBlock", values: .int64(entries.map(\.1))),
      Column(name: "event", values: .int64(entries.map(\.2))),
    ])
  }

  /// Prepares sources one after the other, and returns the pt of the events of each.
  private func prepare(
    _ sources: [MemorySource], mask: LuminosityMask? = nil, dropDuplicates: Bool = false,
    events: String = ""
  ) throws -> (pt: [[Float]], cutFlow: [String]) {
    let root = try ConfigurationNode(
      text: """
        events:
          objects: [{kind: muon, columns: {pt: pt, eta: 0, phi: 0, mass: 0}}]
        \(events)
        samples: [{name: data, files: x.root, dropDuplicates: \(dropDuplicates)}]
        """, name: "data.yaml")
    var assembler = EventAssembler(
      events: try EventsConfiguration(root.requiredNode("events")),
      sample: try SampleConfiguration.list(root)[0], mask: mask)
    let pt = try sources.enumerated().map { index, source in
      let batch = try assembler.assemble(
        source, names: assembler.columns(in: source),
        identifiers: assembler.identifierColumns(in: source), entries: 0..<source.entryCount,
        index: index
      ).0
      return (0..<batch.objectCount).map { batch.momenta[4 * $0] }
    }
    return (pt, assembler.cutFlow.map { "\($0.passed) \($0.name)" })
  }

  @Test func `a mask has the blocks of its ranges, ends included`() throws {
    // Not in order, one range within another, and a run spelled in two ways.
    let mask = try mask(
      #"{"7": [[20, 30], [1, 9], [22, 24]], "190645": [[10, 110]], "07": [[40, 41]]}"#)
    let blocks = (0...50).filter { mask.contains(run: 7, luminosityBlock: $0) }
    #expect(blocks == Array(1...9) + Array(20...30) + [40, 41])
    #expect(mask.contains(run: 190_645, luminosityBlock: 110))
    #expect(!mask.contains(run: 190_645, luminosityBlock: 111))
    #expect(!mask.contains(run: 8, luminosityBlock: 5))
  }

  @Test(arguments: [
    ("[1]", "it is not a mapping of runs"), ("{", "it is not JSON"),
    (#"{"a": [[1, 2]]}"#, "a is no run"),
    (#"{"5": [1, 2]}"#, "run 5 has no list of pairs of whole numbers"),
    (#"{"5": [[1]]}"#, "run 5 has the range [1]"),
    (#"{"5": [[3, 2]]}"#, "run 5 has the range [3, 2]"),
    (#"{"5": [[1.5, 2]]}"#, "run 5 has no list of pairs of whole numbers"),
  ])
  func `what is no mask is told with file and place`(text: String, words: String) throws {
    let error = try #require(throws: LuminosityMaskError.self) { try mask(text) }
    #expect(error.description.contains("mask.json: \(words). Expected"), "\(error)")
  }

  @Test func `a mask that is not there is an error`() {
    #expect(throws: FileSystemError.self) { try LuminosityMask(path: folder.file("no.json")) }
  }

  @Test func `a mask may be on a server`() throws {
    let server = try FileServer()
    server.serve(Data(#"{"7": [[1, 9]]}"#.utf8), at: "/mask.json")
    let remote = try LuminosityMask(path: server.address("/mask.json"))
    #expect(remote.contains(run: 7, luminosityBlock: 9))
    #expect(remote.checksum == (try mask(#"{"7": [[1, 9]]}"#)).checksum)
  }

  @Test func `only certified luminosity blocks are kept, and counted`() throws {
    let result = try prepare(
      [source([(1, 5, 1), (1, 6, 2), (2, 5, 3), (3, 1, 4)])],
      mask: mask(#"{"1": [[1, 5]], "3": [[1, 1]]}"#))
    #expect(result.pt == [[1, 4]])
    #expect(result.cutFlow == ["4 all entries", "2 certified luminosity blocks"])
  }

  @Test func `of events that come again the first is kept, across files`() throws {
    let sources = [
      source([(1, 1, 10), (1, 1, 11), (1, 1, 10)]), source([(1, 1, 11), (1, 2, 11), (2, 1, 10)]),
    ]
    let result = try prepare(sources, dropDuplicates: true)
    #expect(result.pt == [[1, 2], [2, 3]])
    #expect(result.cutFlow == ["6 all entries", "4 not seen before"])
    #expect(try prepare(sources).pt == [[1, 2, 3], [1, 2, 3]])
  }

  @Test func `an event that the selection drops is not one seen before`() throws {
    let result = try prepare(
      [source([(1, 1, 10), (1, 1, 10), (1, 1, 10)])], dropDuplicates: true,
      events: "  selection: pt > 1.5")
    #expect(result.pt == [[2]])
    #expect(
      result.cutFlow == ["3 all entries", "2 selection: pt > 1.5", "1 not seen before"])
  }

  @Test func `columns that are needed have to be there`() throws {
    var bare = source([(1, 1, 1)])
    bare.columns.removeAll { $0.name == "luminosityBlock" }
    for (mask, duplicates, user) in [
      (try mask("{}"), false, "luminosity mask"), (nil, true, "search for duplicates"),
    ] {
      let error = try #require(throws: PreparationError.self) {
        try prepare([bare], mask: mask, dropDuplicates: duplicates)
      }
      #expect(
        error.description.contains("no usable column luminosityBlock, which the \(user) needs"),
        "\(error)")
      #expect(error.description.contains("events.identifiers"))
    }
    // A mask does not look at the number of the event.
    bare = source([(1, 1, 1)])
    bare.columns.removeAll { $0.name == "event" }
    #expect(try prepare([bare], mask: mask(#"{"1": [[1, 1]]}"#)).pt == [[1]])
  }

  @Test func `a number that is none is told with its entry`() throws {
    let error = try #require(throws: PreparationError.self) {
      try prepare([source([(1, 1, 1), (-1, 1, 2)])], dropDuplicates: true)
    }
    #expect(error.description.contains("run is no whole number from 0 in entry 1"), "\(error)")
    let large = try #require(throws: PreparationError.self) {
      try prepare([source([(1 << 40, 1, 1)])], dropDuplicates: true)
    }
    #expect(large.description.contains("larger than any that was recorded"), "\(large)")
  }

  /// The same collisions as a TTree and as an RNTuple stand for two primary data sets.
  @Test(.enabled(if: SharedData.isAvailable))
  func `real collisions of two files are certified and counted once`() throws {
    let files = ["nano_dimuon", "nano_dimuon_rntuple"]
      .map { SharedData.path("cms-nanoaod/\($0).root") }
    func manifest(_ mask: String) throws -> StoreManifest {
      _ = try folder.write(mask, to: "mask.json")
      _ = try folder.write(
        """
        events: {tree: Events, objects: [{kind: muon, prefix: Muon}]}
        samples:
          - name: dimuon
            files: ["\(files.joined(separator: "\", \""))"]
            luminosityMask: mask.json
            dropDuplicates: true
        """, to: "data.yaml")
      let root = try ConfigurationNode.load(
        path: folder.file("data.yaml"), overrides: [], fileKeys: [])
      return try Events.prepare(
        sample: SampleConfiguration.list(root)[0],
        events: EventsConfiguration(root.requiredNode("events")), into: folder.file("store"),
        progress: ProgressReporter(isQuiet: true))
    }
    let whole = try manifest(#"{"315267": [[1, 1000]]}"#)
    #expect(whole.cutFlow.map(\.passed) == [80, 80, 40])
    #expect(whole.eventCount == 40)
    // Another mask under the same name makes the store anew.
    let error = try #require(throws: PreparationError.self) {
      try manifest(#"{"315267": [[1, 10]]}"#)
    }
    #expect(error.description.contains("0  certified luminosity blocks"), "\(error)")
  }
}
