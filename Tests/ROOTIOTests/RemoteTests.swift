// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ROOTIO

@Suite struct RemoteTests {
  private let server: FileServer
  private let path = "/file.root"

  init() throws { server = try FileServer() }

  static let fixtures: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: TestFiles.fixtures.path)) ?? [])
    .filter { $0.hasSuffix(".root") }.sorted()

  /// 60,000 events in baskets of several kilobytes.
  private static let sample = TestFiles.fixtures.appending(path: "../../../Samples/unlabeled.root")
    .standardized.path
  private static let few = ["nJet", "Jet_pt", "MET_pt"]

  private func expectEqual(_ found: [Column], _ expected: [Column], _ place: String) {
    #expect(found.map(\.name) == expected.map(\.name), "\(place)")
    for (found, expected) in zip(found, expected) {
      let isSame =
        "\(found.values)" == "\(expected.values)" && found.offsets == expected.offsets
      #expect(isSame, "\(place) of \(found.name)")
    }
  }

  private func failure(_ body: () throws -> Void) throws -> ROOTFileError {
    do { try body() } catch { return try #require(error as? ROOTFileError) }
    Issue.record("nothing failed")
    throw ROOTFileError(code: .system, message: "", location: .init(file: ""))
  }

  @Test(arguments: fixtures)
  func `a file on a server holds what it holds on a disk`(_ name: String) throws {
    let local = TestFiles.fixtures.appending(path: name).path
    try server.serve(file: local, at: path)
    let file = try ROOTFile(path: local)
    let remote = try ROOTFile(path: server.address(path))
    #expect(remote.trees == file.trees)
    for summary in file.trees {
      guard let tree = try? file.tree(summary.name) else { continue }
      let remoteTree = try remote.tree(summary.name)
      #expect(remoteTree.branches.map(\.isReadable) == tree.branches.map(\.isReadable))
      for branch in tree.branches where branch.isReadable {
        let part = 0..<min(3, branch.entryCount)
        guard let expected = try? tree.read([branch.name]) else { continue }
        expectEqual(try remoteTree.read([branch.name]), expected, summary.name)
        expectEqual(
          try remoteTree.read([branch.name], entries: part),
          try tree.read([branch.name], entries: part), summary.name)
      }
    }
    // Small files come with what is asked for first.
    #expect(server.requests.count <= 3, "\(server.requests.count)")
  }

  @Test func `a few columns take a few requests, and no more than their bytes`() throws {
    try server.serve(file: Self.sample, at: path)
    let expected = try ROOTFile(path: Self.sample).tree("Events").read(Self.few)
    let file = try ROOTFile(path: server.address(path))
    let tree = try file.tree("Events")
    // The start, which tells the length, and the end, where the lists are.
    #expect(server.requests.count <= 2)
    let opening = server.sentByteCount
    expectEqual(try tree.read(Self.few), expected, "all")
    let stored = try Self.few.reduce(0) { $0 + (try tree.branch($1)).compressedBytes }
    #expect(server.requests.count <= 40, "\(server.requests.count)")
    #expect(server.sentByteCount - opening < file.size / 2, "\(server.sentByteCount)")
    #expect(server.sentByteCount - opening >= stored / 2)
    // They are kept.
    server.forgetRequests()
    expectEqual(try tree.read(Self.few), expected, "again")
    #expect(server.requests.isEmpty)
  }

  @Test func `a scan of small ranges does not ask for each`() throws {
    try server.serve(file: Self.sample, at: path)
    let tree = try ROOTFile(path: server.address(path)).tree("Events")
    let local = try ROOTFile(path: Self.sample).tree("Events")
    let scan = TreeScan(tree, columns: Self.few)
    for start in stride(from: 0, to: tree.entryCount, by: 1000) {
      let range = start..<min(start + 1000, tree.entryCount)
      expectEqual(
        try scan.read(entries: range), try local.read(Self.few, entries: range), "\(range)")
    }
    #expect(server.requests.count < 45, "\(server.requests.count)")

    // So does who reads range after range.
    let again = try ROOTFile(path: server.address(path)).tree("Events")
    server.forgetRequests()
    for start in stride(from: 0, to: tree.entryCount, by: 1000) {
      _ = try again.read(Self.few, entries: start..<min(start + 1000, tree.entryCount))
    }
    #expect(server.requests.count < 45, "\(server.requests.count)")
  }

  @Test func `memory that nobody needs is given back`() throws {
    try server.serve(file: Self.sample, at: path)
    let storage = try ByteStorage(address: server.address(path), budget: 256 << 10)
    let remote = try #require(storage.remote)
    let data = try Data(contentsOf: URL(fileURLWithPath: Self.sample))
    for _ in 0..<2 {
      for start in stride(from: 0, to: data.count, by: 100_000) {
        let range = start..<min(start + 100_000, data.count)
        let bytes = try storage.reading { () throws(DecodingFailure) in
          try ByteSlice(storage, range).resident()
        }
        #expect(bytes.withBytes { $0.elementsEqual(data[range]) }, "\(range)")
        #expect(remote.loadedByteCount <= 256 << 10)
      }
    }
  }

  @Test func `threads that read and give back do not disturb each other`() throws {
    try server.serve(file: Self.sample, at: path)
    let storage = try ByteStorage(address: server.address(path), budget: 64 << 10)
    let data = try Data(contentsOf: URL(fileURLWithPath: Self.sample))
    let wrong = Mutex<[Range<Int>]>([])
    DispatchQueue.concurrentPerform(iterations: 200) { index in
      let start = index * 7919 * 13 % (data.count - 50_000)
      let ranges = [start..<(start + 20_000), (start + 30_000)..<(start + 50_000)]
      do throws(DecodingFailure) {
        try storage.reading { () throws(DecodingFailure) in
          try storage.remote?.load(ranges)
          for range in ranges {
            let isSame = storage.bytes[range].elementsEqual(data[range])
            if !isSame { wrong.withLock { $0.append(range) } }
          }
        }
      } catch { wrong.withLock { $0.append(0..<0) } }
    }
    #expect(wrong.withLock { $0 }.isEmpty)
  }

  @Test func `what is stored apart is asked for at once, and long runs in parts`() {
    func requests(_ runs: Range<Int>...) -> [Range<Int>] {
      RequestPlan.requests(for: runs, blockLength: 1 << 14)
    }
    #expect(requests(0..<10, 100..<120) == [0..<10, 100..<120])
    #expect(requests(0..<256) == [0..<64, 64..<128, 128..<192, 192..<256])
    #expect(requests(0..<(1 << 16)).allSatisfy { $0.count << 14 <= 12 << 20 })
  }

  @Test func `trouble that passes does not show`() throws {
    try server.serve(file: Self.sample, at: path)
    server.fail(
      path, [.status(503, retryAfter: "0"), .cut(after: 100), .silence])
    let expected = try ROOTFile(path: Self.sample).tree("Events").read(["MET_pt"])
    let tree = try ROOTFile(path: server.address(path)).tree("Events")
    server.fail(path, [.cut(after: 5000), .status(502)])
    expectEqual(try tree.read(["MET_pt"]), expected, "all")
  }

  @Test func `a file that is not there is not found`() throws {
    let address = server.address("/none.root")
    let error = try failure { _ = try ROOTFile(path: address) }
    #expect(error.code == .notFound)
    #expect(
      error.description == "cannot read \(address): the server answers 404 (Not Found). Check the "
        + "spelling of the address.")
  }

  @Test func `a server without range requests is refused`() throws {
    try server.serve(file: Self.sample, at: path)
    server.ignoreRanges(of: path)
    let error = try failure { _ = try ROOTFile(path: server.address(path)) }
    #expect(error.code == .network)
    #expect(error.message.contains("it does not know range requests. Download the file"))
  }

  @Test func `a file that changes while it is read is an error with its branch`() throws {
    try server.serve(file: Self.sample, at: path)
    let tree = try ROOTFile(path: server.address(path)).tree("Events")
    server.replace(path, by: Data(count: 1000), afterRequests: server.requests.count)
    let error = try failure { _ = try tree.read(["Jet_pt"]) }
    #expect(error.code == .network)
    #expect(
      error.description.hasPrefix("cannot read Events in \(server.address(path)): the file is "))
  }

  @Test func `what is no ROOT file is said to be none`() throws {
    server.serve(Data("<html>not here</html>".utf8), at: path)
    #expect(try failure { _ = try ROOTFile(path: server.address(path)) }.code == .notROOT)
    server.serve(Data(), at: path)
    #expect(try failure { _ = try ROOTFile(path: server.address(path)) }.code == .empty)
    let whole = try Data(contentsOf: URL(fileURLWithPath: Self.sample))
    server.serve(whole.prefix(100_000), at: path)
    #expect(try failure { _ = try ROOTFile(path: server.address(path)) }.code == .truncated)
  }
}
