// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Events

/// What of a file can be a column of an expression.
@Suite struct ColumnSourceTests {
  private static let path = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "ROOTIOTests/Fixtures/nested.root").path

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
    let source = try ROOTColumnSource(path: Self.path, tree: nil)
    #expect(source.status(of: column) == status)
  }
}
