// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A small HTTP server on the loopback interface, which can also behave badly.
///
///     let server = try FileServer()
///     server.serve(data, at: "/muons.root")
///     server.fail("/muons.root", [.status(503), .cut(after: 1000)])
///     … ROOTFile(path: server.address("/muons.root")) …
///     #expect(server.requests.count == 3)
///
/// It knows GET, single ranges, `If-Range`, and connections that are kept. It ends with the value.
public final class FileServer: Sendable {
  /// A request that was received.
  public struct Request: Sendable {
    /// What was asked for, without a query.
    public let path: String
    /// The headers, by their names in lower case.
    public let headers: [String: String]

    /// The bytes that were asked for; `nil` for all.
    public var range: ClosedRange<Int>? {
      guard let text = headers["range"], text.hasPrefix("bytes=") else { return nil }
      let bounds = text.dropFirst(6).split(separator: "-").compactMap { Int($0) }
      return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]...bounds[1] : nil
    }
  }

  /// What happens to one request instead of the right answer.
  public enum Failure: Sendable {
    /// An answer with this status, and perhaps `Retry-After`.
    case status(Int, retryAfter: String? = nil)
    /// The connection ends after so many bytes of the body.
    case cut(after: Int)
    /// The connection ends before there is an answer.
    case silence
  }

  private struct Resource {
    var data = Data()
    var entityTag: String? = "\"1\""
    var redirect: String?
    var ignoresRanges = false
    var hidesSize = false
    var failures: [Failure] = []
    /// The data are replaced when so many requests were answered.
    var replacement: (after: Int, data: Data, entityTag: String)?
  }

  private struct State {
    var resources: [String: Resource] = [:]
    var requests: [Request] = []
    var sentByteCount = 0
    var pause = 0.0
  }

  private let state = Mutex(State())
  private let descriptor: Int32
  /// The port of the loopback interface.
  public let port: UInt16

  /// Starts the server.
  public init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var one: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard result else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: address.sin_port)
    descriptor = listener
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else {
          // Not before: its number may become that of another server.
          close(listener)
          return
        }
        Thread.detachNewThread { [weak self] in
          // A connection that is kept does not keep the server.
          while let request = Self.request(from: connection),
            self?.answer(request, connection) == true
          {}
          shutdown(connection, Int32(SHUT_RDWR))
          close(connection)
        }
      }
    }
  }

  deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

  // MARK: - What it serves

  /// Returns the address of a path.
  public func address(_ path: String = "") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Serves data under a path; `entityTag` may be `nil` for none.
  public func serve(_ data: Data, at path: String, entityTag: String? = "\"1\"") {
    state.withLock { $0.resources[path] = Resource(data: data, entityTag: entityTag) }
  }

  /// Serves a file under a path.
  public func serve(file: String, at path: String) throws {
    serve(try Data(contentsOf: URL(fileURLWithPath: file)), at: path)
  }

  /// Answers requests for a path with a redirect to another one, or to an address.
  public func redirect(_ path: String, to target: String) {
    state.withLock { $0.resources[path] = Resource(redirect: target) }
  }

  /// Lets the next requests for a path fail, one after the other.
  public func fail(_ path: String, _ failures: [Failure]) {
    state.withLock { $0.resources[path]?.failures = failures }
  }

  /// Always sends the whole of a path.
  public func ignoreRanges(of path: String) {
    state.withLock { $0.resources[path]?.ignoresRanges = true }
  }

  /// Never says how long the whole of a path is.
  public func hideSize(of path: String) {
    state.withLock { $0.resources[path]?.hidesSize = true }
  }

  /// Replaces the data of a path when so many requests for it were answered.
  public func replace(
    _ path: String, by data: Data, entityTag: String = "\"2\"", afterRequests count: Int
  ) {
    state.withLock { $0.resources[path]?.replacement = (count, data, entityTag) }
  }

  /// Waits in front of each answer, in seconds.
  public func pause(_ seconds: Double) { state.withLock { $0.pause = seconds } }

  /// The requests received so far.
  public var requests: [Request] { state.withLock { $0.requests } }
  /// How many bytes of bodies were sent.
  public var sentByteCount: Int { state.withLock { $0.sentByteCount } }

  /// Forgets the requests received so far.
  public func forgetRequests() {
    state.withLock {
      $0.requests = []
      $0.sentByteCount = 0
    }
  }

  // MARK: - Answers

  /// Answers one request; returns whether the connection is kept.
  private func answer(_ request: Request, _ connection: Int32) -> Bool {
    let (resource, failure, pause) = state.withLock { state -> (Resource?, Failure?, Double) in
      state.requests.append(request)
      let answered = state.requests.filter { $0.path == request.path }.count
      if let replacement = state.resources[request.path]?.replacement, answered > replacement.after
      {
        state.resources[request.path]?.data = replacement.data
        state.resources[request.path]?.entityTag = replacement.entityTag
      }
      var failure: Failure?
      if state.resources[request.path]?.failures.isEmpty == false {
        failure = state.resources[request.path]?.failures.removeFirst()
      }
      return (state.resources[request.path], failure, state.pause)
    }
    if pause > 0 { Thread.sleep(forTimeInterval: pause) }
    var limit: Int?
    switch failure {
    case .status(let status, let retryAfter):
      let headers = retryAfter.map { ["Retry-After: \($0)"] } ?? []
      return send(status, headers, Data("no".utf8), to: connection)
    case .silence: return false
    case .cut(let count): limit = count
    case nil: break
    }
    guard let resource else { return send(404, [], Data("not here".utf8), to: connection) }
    if let target = resource.redirect {
      return send(302, ["Location: \(target)"], Data(), to: connection)
    }
    var headers = ["Accept-Ranges: bytes"]
    if let tag = resource.entityTag { headers.append("ETag: \(tag)") }
    let condition = request.headers["if-range"]
    guard let range = request.range, !resource.ignoresRanges,
      condition == nil || condition == resource.entityTag
    else { return send(200, headers, resource.data, to: connection, limit: limit) }
    let size = resource.data.count
    guard range.lowerBound < size else {
      return send(416, headers + ["Content-Range: bytes */\(size)"], Data(), to: connection)
    }
    let bytes = range.clamped(to: 0...(size - 1))
    headers.append(
      "Content-Range: bytes \(bytes.lowerBound)-\(bytes.upperBound)/"
        + (resource.hidesSize ? "*" : "\(size)"))
    return send(206, headers, resource.data[bytes], to: connection, limit: limit)
  }

  private static func request(from connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      guard recv(connection, &byte, 1, 0) == 1, bytes.count < 1 << 16 else { return nil }
      bytes.append(byte)
    }
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3, words[0] == "GET" else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] =
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return Request(
      path: words[1].split(separator: "?").first.map(String.init) ?? "/", headers: headers)
  }

  private func send(
    _ status: Int, _ headers: [String], _ body: Data, to connection: Int32, limit: Int? = nil
  ) -> Bool {
    let lines =
      ["HTTP/1.1 \(status) Answer", "Content-Length: \(body.count)"] + headers + ["", ""]
    let sent = limit.map { body.prefix($0) } ?? body
    state.withLock { $0.sentByteCount += sent.count }
    let isWhole =
      Self.write(Data(lines.joined(separator: "\r\n").utf8), to: connection)
      && Self.write(sent, to: connection)
    return isWhole && limit == nil
  }

  private static func write(_ data: Data, to connection: Int32) -> Bool {
    data.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        // A client that has gone must not end the tests by a signal.
        let count = Glibc.send(
          connection, bytes.baseAddress.map { $0 + written }, bytes.count - written,
          Int32(MSG_NOSIGNAL))
        if count <= 0 { return false }
        written += count
      }
      return true
    }
  }
}
