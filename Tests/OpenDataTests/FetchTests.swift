// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP
import Runtime
import TestSupport
import Testing

@testable import OpenData

@Suite struct FetchTests {
  private let server: FileServer
  private let folder: TemporaryFolder
  private let client: HTTPClient
  private let first = Data((0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) })
  private let second = Data("second".utf8)
  private let silent = ProgressReporter(isQuiet: true)

  private let storage = "/eos/opendata/cms/derived-data/"

  init() throws {
    server = try FileServer()
    folder = try TemporaryFolder()
    var policy = RetryPolicy()
    policy.attempts = 3
    policy.firstPause = 0.01
    client = HTTPClient(policy: policy, timeout: 10)
    server.serve(first, at: storage + "first.root")
    server.serve(second, at: storage + "second.txt")
    try serveRecord()
  }

  private func checksum(_ data: Data) -> String {
    var checksum = Adler32()
    data.withUnsafeBytes { checksum.update($0) }
    return checksum.text
  }

  /// Serves the record 12351 with both files, one of them listed in a file index.
  private func serveRecord(size: Int? = nil, checksum wrong: String? = nil) throws {
    let uri = "root://eospublic.cern.ch/\(storage)"
    let record: [String: Any] = [
      "id": "12351",
      "metadata": [
        "recid": "12351", "title": "A reduced data set", "doi": "10.7483/OPENDATA.CMS.X",
        "files": [
          [
            "uri": uri + "first.root", "size": size ?? first.count,
            "checksum": wrong ?? checksum(first), "key": "first.root",
          ]
        ],
        "_files": [["uri": uri + "first.root", "size": size ?? first.count, "key": "first.root"]],
        "_file_indices": [
          [
            "key": "index.json",
            "files": [
              [
                "uri": uri + "second.txt", "size": second.count, "checksum": checksum(second),
                "availability": "online",
              ]
            ],
          ]
        ],
      ],
    ]
    server.serve(try JSONSerialization.data(withJSONObject: record), at: "/api/records/12351")
  }

  private func fetch(filter: String? = nil) throws -> Fetch {
    let portal = Portal(address: server.address(), client: client)
    return try Fetch(
      try portal.record(12351), filter: filter, into: folder.file("12351"), portal: portal,
      client: client)
  }

  private func content(_ name: String) -> Data? {
    FileManager.default.contents(atPath: folder.file("12351/\(name)"))
  }

  private var names: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder.file("12351")).sorted()) ?? []
  }

  private func error(_ body: () throws -> Void) throws -> OpenDataError {
    do { try body() } catch { return try #require(error as? OpenDataError, "\(error)") }
    throw OpenDataError(.noFiles, "nothing failed")
  }

  @Test func `a record is read with the files of its indices, each once`() throws {
    let record = try fetch().record
    #expect(record.identifier == "12351")
    #expect(record.title == "A reduced data set")
    #expect(record.doi == "10.7483/OPENDATA.CMS.X")
    #expect(record.files.map(\.name) == ["first.root", "second.txt"])
    #expect(record.files.map(\.size) == [first.count, second.count])
    #expect(record.files[0].checksum == checksum(first))
    #expect(try fetch().items.map(\.status) == [.missing, .missing])
  }

  @Test func `the checksum is that of CERN's storage`() {
    // RFC 1950 defines it; the value is the well-known one of this text.
    #expect(checksum(Data("Wikipedia".utf8)) == "adler32:11e60398")
    #expect(checksum(Data()) == "adler32:00000001")
  }

  @Test func `files of CERN's storage have an address on the portal and on the storage`() throws {
    let file = try fetch().record.files[0]
    #expect(
      Portal().addresses(of: file) == [
        "https://opendata.cern.ch\(storage)first.root",
        "https://eospublic.cern.ch\(storage)first.root",
      ])
  }

  @Test func `all files are downloaded, verified and listed in a manifest`() throws {
    let manifest = try fetch().run(progress: silent)
    #expect(content("first.root") == first)
    #expect(content("second.txt") == second)
    #expect(names == ["first.root", "manifest.json", "second.txt"])
    #expect(manifest.isComplete)
    #expect(manifest.doi == "10.7483/OPENDATA.CMS.X")
    #expect(manifest.files.map(\.checksum) == [checksum(first), checksum(second)])
    let path = folder.file("12351/manifest.json")
    #expect(try FetchManifest(path: path) == manifest)
    #expect(
      try FetchManifest.files(ofManifest: path)
        == ["first.root", "second.txt"].map { folder.file("12351/\($0)") })

    // Nothing is read twice.
    server.forgetRequests()
    let again = try fetch()
    #expect(again.items.map(\.status) == [.present, .present])
    try again.run(progress: silent)
    #expect(server.requests.map(\.path) == ["/api/records/12351"])
  }

  @Test func `a filter takes some of the files, and later ones are added`() throws {
    #expect(try fetch(filter: "*.txt").run(progress: silent).files.map(\.name) == ["second.txt"])
    #expect(names == ["manifest.json", "second.txt"])
    let manifest = try fetch(filter: "*.root").run(progress: silent)
    #expect(manifest.files.map(\.name) == ["first.root", "second.txt"])
    let refused = try error { _ = try fetch(filter: "*.csv") }
    #expect(refused.code == .noFiles)
    #expect(
      refused.description == "cannot fetch files of the record 12351: none of its 2 files matches "
        + "*.csv. It has first.root, second.txt.")
  }

  @Test func `a download goes on where it was cut`() throws {
    // What arrived before both attempts failed is lost, but not what was there before.
    let path = storage + "first.root"
    try FileManager.default.createDirectory(
      atPath: folder.file("12351"), withIntermediateDirectories: true)
    let part = try PartialFile(path: folder.file("12351/.first.root.part"))
    try part.append(first.prefix(1_500_000))
    _ = try folder.write(
      "{\"size\": \(first.count), \"version\": \"\\\"1\\\"\"}", to: "12351/.first.root.part.json")
    #expect(try fetch().items[0].status == .partial(1_500_000))
    server.forgetRequests()
    server.fail(path, [.cut(after: 1), .cut(after: 100_000), .silence])
    try fetch().run(progress: silent)
    #expect(content("first.root") == first)
    let ranges = server.requests.filter { $0.path == path }.compactMap(\.range)
    #expect(ranges.dropFirst().allSatisfy { $0.lowerBound == 0 || $0.lowerBound >= 1_500_000 })
    #expect(server.sentByteCount < 600_000)
    #expect(names == ["first.root", "manifest.json", "second.txt"])
  }

  @Test func `a part of another version is thrown away`() throws {
    _ = try folder.write("something else", to: "12351/.first.root.part")
    _ = try folder.write(
      "{\"size\": \(first.count), \"version\": \"\\\"0\\\"\"}", to: "12351/.first.root.part.json")
    try fetch().run(progress: silent)
    #expect(content("first.root") == first)
  }

  @Test func `what was interrupted leaves its part, and goes on`() throws {
    let path = storage + "first.root"
    server.fail(path, [.cut(after: 1)])
    server.pause(0.2)
    let wish = Interruption.Wish()
    wish.request()
    let fetch = try fetch()
    #expect(throws: InterruptedError.self) {
      try Interruption.$wish.withValue(wish) { try fetch.run(progress: silent) }
    }
    server.pause(0)
    #expect(content("first.root") == nil)
    #expect(try fetch.run(progress: silent).isComplete)
    #expect(content("first.root") == first)
  }

  @Test func `a file with another checksum is refused and removed`() throws {
    try serveRecord(checksum: "adler32:00000002")
    let refused = try error { try fetch().run(progress: silent) }
    #expect(refused.code == .wrongChecksum)
    #expect(
      refused.description == "cannot use \(server.address(storage))first.root: its checksum is "
        + "\(checksum(first)), the record says adler32:00000002. The download is removed; try "
        + "again, and tell the portal if it stays so.")
    #expect(names.isEmpty)
  }

  @Test func `a file of another length is refused before it is downloaded`() throws {
    try serveRecord(size: 7)
    let refused = try error { try fetch().run(progress: silent) }
    #expect(refused.code == .wrongSize)
    #expect(refused.description.contains("it has 2000000 bytes, the record says 7."))
    #expect(server.sentByteCount < 10_000)
  }

  @Test func `a server without range requests sends the whole file`() throws {
    server.ignoreRanges(of: storage + "first.root")
    server.fail(storage + "first.root", [.cut(after: 0), .cut(after: 1000)])
    try fetch().run(progress: silent)
    #expect(content("first.root") == first)
  }

  @Test func `a damaged file is downloaded again`() throws {
    _ = try folder.write("damage", to: "12351/second.txt")
    try fetch().run(progress: silent)
    #expect(content("second.txt") == second)
  }

  @Test func `a manifest whose files are gone is refused`() throws {
    try fetch().run(progress: silent)
    let path = folder.file("12351/manifest.json")
    try FileManager.default.removeItem(atPath: folder.file("12351/second.txt"))
    let refused = try error { _ = try FetchManifest.files(ofManifest: path) }
    #expect(refused.code == .invalidManifest)
    #expect(
      refused.description == "cannot use the manifest \(path): second.txt is not beside it. Run "
        + "again: lorentz fetch 12351 -o \(folder.path)")
    _ = try folder.write("{}", to: "12351/manifest.json")
    #expect(
      try error { _ = try FetchManifest(path: path) }.description.contains(
        "it is not of the form that lorentz fetch writes"))
  }

  @Test(arguments: [
    ("[]", "the answer is not a JSON object"), ("{}", "the answer has no \"metadata\""),
    (#"{"metadata": {"files": [{"size": 1}]}}"#, "a file has no \"uri\""),
    (#"{"metadata": {"files": [{"uri": "root://x/a"}]}}"#, "the file root://x/a has no \"size\""),
    (#"{"metadata": {"files": [{"uri": "root://x/..", "size": 1}]}}"#, "has no name"),
    (
      #"{"metadata": {"files": [{"uri": "r://x/a", "size": 1}, {"uri": "r://y/a", "size": 1}]}}"#,
      "2 files have the name a"
    ),
  ])
  func `an answer that describes no record is refused`(_ text: String, _ words: String) throws {
    let refused = try error { _ = try Record(Data(text.utf8), from: "https://portal/1") }
    #expect(refused.code == .invalidRecord)
    #expect(refused.description.contains(words), "\(refused)")
    #expect(refused.description.contains("Check that --portal"))
  }

  @Test func `files on tape have to be asked for`() throws {
    let text = """
      {"metadata": {"recid": "12351", "files": [
        {"uri": "root://eospublic.cern.ch//eos/a.root", "size": 1, "availability": "on demand"}]}}
      """
    server.serve(Data(text.utf8), at: "/api/records/12351")
    let refused = try error { try fetch().run(progress: silent) }
    #expect(refused.code == .onTape)
    #expect(refused.description.contains("\(server.address("/record/12351"))"))
  }
}
