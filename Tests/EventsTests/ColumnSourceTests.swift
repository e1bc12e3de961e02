// SPDX-License-Identifier: Apache-2.0

import Configuration
import Foundation
import TestSupport
import Testing

@testable import Events

/// What of a file can be a column of an expression.
@Suite struct ColumnSourceTests {
  private static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "ROOTIOTests/Fixtures/\(name)").path
  }

  @Test(arguments: [
    ("momenta.fE", ColumnStatus.readable),
    ("track.name", .unreadable("it holds text")),
    ("floats", .unreadable("it holds lists within lists (vector<vector<float>>)")),
    (
      "clones",
      .unreadable(
        "unsupported: it holds a TClonesArray, which writes itself in a way of its own.")
    ),
    ("muons", .missing),
  ])
  func `numbers and lists of them are readable, all else has a reason`(
    _ column: String, _ status: ColumnStatus
  ) throws {
    let source = try ROOTColumnSource(path: Self.path("nested.root"), trees: [])
    #expect(source.status(of: column) == status)
  }

  @Test func `events are made of several trees that belong together`() throws {
    let root = try ConfigurationNode(
      text: """
        events:
          tree: [myelectrons/Events, mymuons/Events]
          selection: "`mymuons/Events/run` >= 102"
          objects:
            - {kind: electron, columns: {pt: electron_pt, eta: 0, phi: 0, mass: 0}}
            - {kind: muon, columns: {pt: muon_pt, eta: 0, phi: 0, mass: 0}}
        """, name: "friends.yaml")
    let file = try EventFile(
      path: Self.path("friends.root"), events: EventsConfiguration(root.requiredNode("events")))
    let batch = try file.events(in: 0..<5)
    #expect(batch.eventIndices == [2, 3, 4])
    // 20, 21 and none; none and 30; 40 and 40, 41.
    #expect(batch.kinds == [0, 0, 1, 0, 1, 1])
    #expect((0..<6).map { batch.momenta[4 * $0] } == [21, 20, 30, 40, 41, 40])
  }
}
