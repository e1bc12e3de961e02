// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Commands that read from a server, and the one that downloads.
@Suite struct NetworkTests {
  private let server: FileServer

  init() throws { server = try FileServer() }

  /// Serves the record 7 with one file; its checksum is that of the file unless another is given.
  private func serveRecord(_ file: String, checksum: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    let path = "/eos/opendata/signal.root"
    server.serve(data, at: path)
    let record = """
      {"id": 7, "metadata": {"title": "Signal", "doi": "10.7483/X", "files": [
        {"uri": "root://eospublic.cern.ch/\(path)", "size": \(data.count), "checksum": "\(checksum)"}
      ]}}
      """
    server.serve(Data(record.utf8), at: "/api/records/7")
  }

  /// The Adler-32 of a file, by its definition in RFC 1950.
  private func adler32(_ file: String) throws -> String {
    var (low, high) = (1, 0)
    for byte in try Data(contentsOf: URL(fileURLWithPath: file)) {
      low = (low + Int(byte)) % 65521
      high = (high + low) % 65521
    }
    return String(format: "adler32:%08lx", high << 16 | low)
  }

  @Test func `inspect shows a file on a server as one on a disk`() throws {
    try server.serve(file: TinyStudy.signal, at: "/signal.root")
    let address = server.address("/signal.root")
    for arguments in [[], ["--columns", "event,nJet,Jet_pt", "--rows", "100..<103"]] {
      let remote = try Command.run(["inspect", address] + arguments)
      #expect(remote.status == 0, "\(remote.error)")
      #expect(remote.output == (try Command.run(["inspect", TinyStudy.signal] + arguments)).output)
    }
    #expect(server.requests.count < 10)
    expectFailure(
      try Command.run(["inspect", server.address("/none.root")]),
      says: ["cannot read \(server.address("/none.root")): the server answers 404", "spelling"])
    server.ignoreRanges(of: "/signal.root")
    expectFailure(
      try Command.run(["inspect", address]),
      says: ["cannot read \(address)", "does not know range requests. Download the file"])
  }

  @Test func `prepare makes the same events, and reads them again only when they change`() throws {
    let folder = try TinyStudy.folder()
    let data = try Data(contentsOf: URL(fileURLWithPath: TinyStudy.signal))
    server.serve(data, at: "/signal.root")
    func prepare(_ file: String, into output: String) throws -> [String: Any] {
      let outcome = try Command.run(
        ["prepare", "tiny.yaml", "-o", output, "--json", "--set", "samples.2.files=\(file)"],
        in: folder.path)
      #expect(outcome.status == 0, "\(outcome.error)")
      return try #require(try outcome.json()["signal"] as? [String: Any])
    }
    let local = try prepare(TinyStudy.signal, into: "local")
    let remote = try prepare(server.address("/signal.root"), into: "remote")
    #expect(remote["cutFlow"] as? NSArray == local["cutFlow"] as? NSArray)
    #expect(remote["statistics"] as? NSDictionary == local["statistics"] as? NSDictionary)
    let sources = try #require(remote["sources"] as? [[String: Any]])
    #expect(sources[0]["path"] as? String == server.address("/signal.root"))
    #expect(sources[0]["checksum"] as? String == "server:\"1\"")

    server.forgetRequests()
    _ = try prepare(server.address("/signal.root"), into: "remote")
    #expect(server.requests.count == 1)
    server.serve(data, at: "/signal.root", entityTag: "\"2\"")
    let again = try prepare(server.address("/signal.root"), into: "remote")
    #expect(
      (again["sources"] as? [[String: Any]])?.first?["checksum"] as? String == "server:\"2\"")
  }

  @Test func `score gives the same scores`() throws {
    let trained = try TinyStudy.trained()
    let folder = try TemporaryFolder()
    try server.serve(file: TinyStudy.signal, at: "/signal.root")
    for (file, output) in [(TinyStudy.signal, "a.csv"), (server.address("/signal.root"), "b.csv")] {
      let outcome = try Command.run(
        ["score", trained + "/classifier", file, "-o", output], in: folder.path)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    #expect(
      FileManager.default.contentsEqual(
        atPath: folder.file("a.csv"), andPath: folder.file("b.csv")))
    #expect(server.requests.count < 60, "\(server.requests.count)")
  }

  @Test func `fetch lists, downloads and verifies, and prepare takes the manifest`() throws {
    let folder = try TinyStudy.folder()
    try serveRecord(TinyStudy.signal, checksum: try adler32(TinyStudy.signal))
    let portal = ["--portal", server.address()]
    let list = try Command.run(["fetch", "7", "--list"] + portal, in: folder.path)
    #expect(list.status == 0, "\(list.error)")
    #expect(list.output.hasPrefix("7: Signal (doi:10.7483/X)\n"))
    #expect(list.output.contains("834 kB  adler32:"))
    #expect(list.output.contains("signal.root\n"))
    let plan = try Command.run(["fetch", "7", "--dry-run"] + portal, in: folder.path)
    #expect(plan.output.contains("missing"))
    #expect(folder.contents == ["tiny.yaml"])

    let fetched = try Command.run(
      ["fetch", "7", "--json"], in: folder.path,
      shell: "export LORENTZ_PORTAL=\(server.address());")
    #expect(fetched.status == 0, "\(fetched.error)")
    #expect(fetched.output.contains(#""status" : "present""#))
    #expect(
      FileManager.default.contentsEqual(
        atPath: folder.file("data/7/signal.root"), andPath: TinyStudy.signal))

    let prepared = try Command.run(
      ["prepare", "tiny.yaml", "-o", "stores", "--set", "samples.2.files=data/7/manifest.json"],
      in: folder.path)
    #expect(prepared.status == 0, "\(prepared.error)")
    #expect(prepared.output.contains("signal: 120 events"))

    try FileManager.default.removeItem(atPath: folder.file("data/7/signal.root"))
    expectFailure(
      try Command.run(
        ["prepare", "tiny.yaml", "-o", "s", "--set", "samples.2.files=data/7/manifest.json"],
        in: folder.path),
      says: ["signal.root is not beside it", "lorentz fetch 7 -o \(folder.path)/data"])
  }

  @Test func `fetch refuses what is damaged, and goes on after an interruption`() throws {
    let folder = try TemporaryFolder()
    let portal = ["--portal", server.address()]
    try serveRecord(TinyStudy.signal, checksum: "adler32:00000007")
    expectFailure(
      try Command.run(["fetch", "7"] + portal, in: folder.path),
      says: ["cannot use \(server.address("/eos/opendata/signal.root")): its checksum is adler32:"])
    expectFailure(
      try Command.run(["fetch", "8"] + portal, in: folder.path),
      says: ["api/records/8: the server answers 404"])
    expectFailure(
      try Command.run(["fetch", "7", "--filter", "*.csv"] + portal, in: folder.path),
      says: ["none of its 1 files matches *.csv. It has signal.root."])
    expectFailure(
      try Command.run(["fetch", "7", "--portal", "here"]), status: 64, says: ["https://server"])

    try serveRecord(TinyStudy.signal, checksum: try adler32(TinyStudy.signal))
    server.pause(3)
    let running = try Command.start(["fetch", "7"] + portal, in: folder.path)
    while server.requests.last?.path != "/eos/opendata/signal.root" {
      Thread.sleep(forTimeInterval: 0.05)
    }
    running.process.interrupt()
    let stopped = try running.wait()
    expectFailure(stopped, status: 130, says: ["run the same command again to continue"])
    server.pause(0)
    let outcome = try Command.run(["fetch", "7"] + portal, in: folder.path)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.contains("present"))
  }
}
