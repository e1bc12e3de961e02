// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import HTTP

@Suite struct RemoteFileTests {
  private let server: FileServer
  private let data = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) })
  private let path = "/data.bin"

  init() throws {
    server = try FileServer()
    server.serve(data, at: path)
  }

  /// A client that does not wait long between attempts.
  private func client(attempts: Int = 4, longestPause: Double = 60) -> HTTPClient {
    var policy = RetryPolicy()
    policy.attempts = attempts
    policy.firstPause = 0.01
    policy.longestPause = longestPause
    return HTTPClient(policy: policy, timeout: 10)
  }

  private func open(
    _ path: String = "/data.bin", client: HTTPClient? = nil
  ) throws -> RemoteFile {
    try RemoteFile(
      server.address(path), startLength: 1000, client: client ?? self.client())
  }

  /// Reads ranges into a copy of the file that is empty elsewhere.
  private func read(_ ranges: [Range<Int>], from file: RemoteFile) throws -> Data {
    let copy = Mutex(Data(count: file.size))
    try file.read(ranges) { data, offset in
      copy.withLock { $0.replaceSubrange(offset..<(offset + data.count), with: data) }
    }
    return copy.withLock { $0 }
  }

  private func failure(_ body: () throws -> Void) -> HTTPError? {
    do {
      try body()
      return nil
    } catch { return error as? HTTPError }
  }

  @Test func `one request tells length, version and start of a file`() throws {
    let file = try open()
    #expect(file.size == data.count)
    #expect(file.version == "\"1\"")
    #expect(file.start == data.prefix(1000))
    #expect(server.requests.count == 1)
    #expect(server.requests[0].range == 0...999)
  }

  @Test func `ranges are read side by side, each by one request`() throws {
    let file = try open()
    let ranges = [5..<6, 100..<5000, 7000..<7000, 100_000..<300_000]
    var expected = Data(count: data.count)
    for range in ranges { expected.replaceSubrange(range, with: data[range]) }
    #expect(try read(ranges, from: file) == expected)
    #expect(server.requests.count == 4)
    #expect(server.requests.allSatisfy { $0.headers["accept-encoding"] == "identity" })
    #expect(server.requests.dropFirst().allSatisfy { $0.headers["if-range"] == "\"1\"" })
  }

  @Test func `redirects are followed once`() throws {
    server.redirect("/old", to: path)
    let file = try open("/old")
    #expect(try read([10..<20], from: file)[10..<20] == data[10..<20])
    #expect(server.requests.map(\.path) == ["/old", path, path])
  }

  @Test func `a redirect from HTTPS to HTTP is not followed`() throws {
    let transfer = Transfer(head: { _ in }, body: { _ in })
    let safe = URL(string: "https://server/a")
    let unsafe = URL(string: "http://server/a")
    #expect(transfer.follow(from: unsafe, to: unsafe))
    #expect(transfer.follow(from: unsafe, to: safe))
    #expect(transfer.follow(from: safe, to: safe))
    #expect(!transfer.follow(from: safe, to: unsafe))
  }

  @Test func `a redirect without end is an error`() throws {
    server.redirect("/round", to: "/round")
    #expect(failure { _ = try open("/round") }?.code == .server)
  }

  @Test func `a redirect that has become invalid is asked for again`() throws {
    server.redirect("/old", to: path)
    let file = try open("/old")
    server.fail(path, [.status(403)])
    #expect(try read([10..<20], from: file)[10..<20] == data[10..<20])
    #expect(server.requests.map(\.path) == ["/old", path, path, "/old", path])
  }

  @Test func `a connection that breaks is taken up where it broke`() throws {
    let file = try open()
    // More breaks than attempts: each brings something.
    server.fail(path, Array(repeating: .cut(after: 20_000), count: 8) + [.silence])
    #expect(try read([0..<data.count], from: file) == data)
    #expect(server.requests.count == 11)
    #expect(server.requests[2].range?.lowerBound == 20_000)
    #expect(server.sentByteCount < data.count + 10_000)
  }

  @Test(arguments: [408, 429, 500, 502, 503, 504])
  func `an answer that may pass is tried again`(_ status: Int) throws {
    server.fail(path, [.status(status), .status(status, retryAfter: "0")])
    let file = try open()
    #expect(file.size == data.count)
    #expect(server.requests.count == 3)
  }

  @Test func `there is an end to trying`() throws {
    server.fail(path, Array(repeating: .status(503), count: 9))
    let error = try #require(failure { _ = try open() })
    #expect(error.code == .server)
    #expect(server.requests.count == 4)
    #expect(
      error.description == "cannot read \(server.address(path)): the server answers 503 "
        + "(Service Unavailable), 4 times in a row. Check the network and try again later.")
  }

  @Test func `a server that wants to be left alone for long is`() throws {
    server.fail(path, [.status(429, retryAfter: "3600")])
    let error = try #require(failure { _ = try open() })
    #expect(server.requests.count == 1)
    #expect(error.description.contains("asks to wait 3600 s"))
  }

  @Test func `a file that is not there, or not for everybody, is named`() throws {
    let missing = try #require(failure { _ = try open("/other") })
    #expect(missing.code == .notFound)
    #expect(
      missing.description.hasSuffix("Check the spelling of the address."), "\(missing)")
    server.fail(path, [.status(403)])
    #expect(failure { _ = try open() }?.code == .notPermitted)
    #expect(failure { _ = try RemoteFile("http://", client: client()) }?.code == .invalidAddress)
    #expect(server.requests.count == 2)
  }

  @Test func `a server without range requests is refused, and its file not downloaded`() throws {
    server.serve(Data(count: 50_000_000), at: "/large")
    server.ignoreRanges(of: "/large")
    let client = client()
    let error = try #require(failure { _ = try open("/large", client: client) })
    #expect(error.code == .rangesIgnored)
    #expect(
      error.message == "asked for the first 1000 bytes, the server sends the whole file: it does "
        + "not know range requests. Download the file and read it from a disk.")
    #expect(client.receivedByteCount < 1_000_000)
    server.hideSize(of: path)
    #expect(failure { _ = try open() }?.code == .unknownLength)
  }

  @Test func `a file that changes meanwhile is noticed`() throws {
    server.replace(path, by: data, afterRequests: 1)
    let file = try open()
    let error = try #require(failure { _ = try read([0..<10], from: file) })
    #expect(error.code == .changed)
    #expect(error.message.contains("\"1\" became \"2\""))

    // Without an entity tag the length tells.
    server.serve(data, at: "/plain", entityTag: nil)
    let plain = try open("/plain")
    #expect(plain.version == nil)
    server.serve(data.dropLast(), at: "/plain", entityTag: nil)
    #expect(failure { _ = try read([0..<10], from: plain) }?.code == .changed)
  }

  @Test func `an empty file has length zero`() throws {
    server.serve(Data(), at: "/empty")
    #expect(try open("/empty").size == 0)
  }

  @Test func `a server that nobody listens for cannot be reached`() throws {
    let address: String
    do { address = try FileServer().address("/x") }
    let error = failure { _ = try RemoteFile(address, client: client(attempts: 2)) }
    #expect(error?.code == .connection)
  }

  @Test func `the wish to stop ends a transfer`() throws {
    server.pause(30)
    let wish = Interruption.Wish()
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.2)
      wish.request()
    }
    #expect(throws: InterruptedError.self) {
      try Interruption.$wish.withValue(wish) { _ = try open() }
    }
  }

  @Test func `pauses double, and follow the server's wish`() {
    var policy = RetryPolicy()
    policy.longestPause = 5
    #expect(
      (1...6).map { policy.pause(afterAttempt: $0, retryAfter: nil) } == [0.25, 0.5, 1, 2, 4, nil])
    #expect(policy.pause(afterAttempt: 1, retryAfter: 3) == 3)
    #expect(policy.pause(afterAttempt: 1, retryAfter: 6) == nil)
    #expect(RetryPolicy.retryAfter(" 12 ") == 12)
    #expect(RetryPolicy.retryAfter("soon") == nil)
    #expect(
      RetryPolicy.retryAfter(
        "Fri, 31 Dec 1999 23:59:59 GMT", now: Date(timeIntervalSince1970: 946_684_790)) == 9)
  }

  @Test func `a content range is read strictly`() {
    #expect(ContentRange("bytes 0-99/1234")?.range == 0..<100)
    #expect(ContentRange("bytes 0-99/1234")?.size == 1234)
    #expect(ContentRange("bytes 5-5/*")?.size == nil)
    #expect(ContentRange("bytes */12")?.range == nil)
    for wrong in ["bytes 0-99", "bytes 9-5/10", "bytes 0-10/10", "items 0-1/2", "bytes -1-2/3", ""]
    {
      #expect(ContentRange(wrong) == nil, "\(wrong)")
    }
  }
}
