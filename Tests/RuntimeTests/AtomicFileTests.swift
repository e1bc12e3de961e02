// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  @Test func `a header that is known last goes over the place kept for it`() throws {
    let folder = try TemporaryFolder()
    let file = try AtomicFile(path: folder.file("a"))
    try file.write("????")
    try file.write("body")
    try Array("head".utf8).withUnsafeBytes { try file.overwrite($0, at: 0) }
    try file.write(" end")
    #expect(folder.contents.count == 1 && folder.contents != ["a"])
    try file.commit()
    #expect(try String(contentsOfFile: folder.file("a"), encoding: .utf8) == "headbody end")
  }
}
