// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A file on a server, of which parts are read.
///
///     let file = try RemoteFile("https://server/muons.root")
///     try file.read([0..<100, 5000..<6000]) { bytes, offset in … }
///
/// All parts are from one version of the file: requests carry `If-Range`, and every answer must
/// tell the length, and the entity tag or time of change, that the first one told.
///
/// Source: RFC 9110, sections 13.1.5 and 14.
public final class RemoteFile: Sendable {
  /// The address that it was opened with.
  public let address: String
  /// The length in bytes.
  public let size: Int
  /// What the server says of the version: its entity tag or the time of its last change; `nil` if
  /// it says nothing.
  public var version: String? { validator.text }
  /// The first bytes, which came with the answer that told the length.
  public let start: Data

  private let client: HTTPClient
  private let original: URL
  private let validator: FileVersion
  /// Where redirects led; asked first.
  private let current: Mutex<URL>

  /// Asks the server for the first bytes, and with them for the length.
  ///
  /// - Parameters:
  ///   - address: The address, `http://…` or `https://…`.
  ///   - startLength: How many bytes to ask for.
  ///   - client: What sends requests.
  /// - Throws: ``HTTPError``, `InterruptedError`.
  public init(
    _ address: String, startLength: Int = 64 << 10, client: HTTPClient = .shared
  ) throws {
    precondition(startLength > 0, "At least one byte must be asked for.")
    self.address = address
    self.client = client
    original = try HTTPClient.url(address)
    struct Opening {
      var head: HTTPClient.Head?
      var size = 0
      var start = Data()
    }
    let opening = Mutex(Opening())
    var request = URLRequest(url: original)
    request.setValue("bytes=0-\(startLength - 1)", forHTTPHeaderField: "Range")
    try client.get(
      request, named: address,
      prepare: { request in
        opening.withLock { $0 = Opening() }
        return request
      },
      head: { head in
        let size = try Self.announcedSize(head, startLength: startLength, address: address)
        opening.withLock {
          $0.head = head
          $0.size = size
        }
      },
      body: { data in
        try opening.withLock { opening in
          guard opening.head?.status == 206 else { return }
          opening.start.append(data)
          if opening.start.count > startLength { throw Self.tooLong(address) }
        }
      })
    let result = opening.withLock { $0 }
    guard let head = result.head else {
      throw HTTPError(.server, url: address, "the server sends no answer. Check the address.")
    }
    size = result.size
    start = result.start.prefix(result.size)
    validator = FileVersion(head)
    current = Mutex(head.url)
  }

  /// Returns the length that the first answer announces.
  private static func announcedSize(
    _ head: HTTPClient.Head, startLength: Int, address: String
  ) throws(HTTPError) -> Int {
    let found = ContentRange(head["Content-Range"])
    switch head.status {
    case 206:
      guard let found, let range = found.range, range.lowerBound == 0 else {
        throw HTTPError(
          .server, url: address,
          "asked for the first \(startLength) bytes, the server sends "
            + "\(head["Content-Range"] ?? "a part that it does not name"). "
            + RemoteFile.downloadRemedy)
      }
      guard let size = found.size else {
        throw HTTPError(
          .unknownLength, url: address,
          "the server does not say how long the file is. \(RemoteFile.downloadRemedy)")
      }
      return size
    // Nothing can be the first byte of an empty file.
    case 416 where found?.size == 0: return 0
    case 200 where head.contentLength == 0: return 0
    case 200:
      throw HTTPError(
        .rangesIgnored, url: address,
        "asked for the first \(startLength) bytes, the server sends the whole file: it does not "
          + "know range requests. \(RemoteFile.downloadRemedy)")
    default: throw HTTPError.unexpected(head.status, named: address)
    }
  }

  private static func tooLong(_ address: String) -> HTTPError {
    HTTPError(
      .server, url: address, "the server sends more bytes than asked for. \(downloadRemedy)")
  }

  static let downloadRemedy = "Download the file and read it from a disk."

  /// Reads ranges of bytes, several at a time.
  ///
  /// - Parameters:
  ///   - ranges: The ranges, within the file; each is a request.
  ///   - receive: Takes bytes and where they stand in the file. Those of one range come in order,
  ///     those of several ranges mixed and on several threads.
  /// - Throws: ``HTTPError`` of the first range that failed, `InterruptedError`, and what `receive`
  ///   throws.
  public func read(
    _ ranges: [Range<Int>], receive: @escaping @Sendable (Data, _ offset: Int) throws -> Void
  ) throws {
    let ranges = ranges.filter { !$0.isEmpty }
    for range in ranges {
      precondition(
        range.lowerBound >= 0 && range.upperBound <= size,
        "The bytes \(range) are not in a file of \(size) bytes.")
    }
    if ranges.count <= 1 {
      if let range = ranges.first { try read(range, receive: receive) }
      return
    }
    try ParallelWork.run(count: ranges.count, threads: min(8, ranges.count)) { index in
      try self.read(ranges[index], receive: receive)
    }
  }

  private func read(
    _ range: Range<Int>, receive: @escaping @Sendable (Data, _ offset: Int) throws -> Void
  ) throws {
    do {
      try read(range, from: current.withLock { $0 }, receive: receive)
    } catch let error as HTTPError
      where [.notFound, .notPermitted].contains(error.code) && current.withLock({ $0 }) != original
    {
      // What a redirect led to may be good for some minutes only.
      current.withLock { $0 = original }
      try read(range, from: original, receive: receive)
    }
  }

  private func read(
    _ range: Range<Int>, from url: URL,
    receive: @escaping @Sendable (Data, _ offset: Int) throws -> Void
  ) throws {
    // A connection that breaks costs only what had not arrived.
    let next = Mutex(range.lowerBound)
    var request = URLRequest(url: url)
    if let condition = validator.condition {
      request.setValue(condition, forHTTPHeaderField: "If-Range")
    }
    while true {
      try client.get(
        request, named: address, resumes: true,
        prepare: { request in
          var request = request
          let first = next.withLock { $0 }
          request.setValue("bytes=\(first)-\(range.upperBound - 1)", forHTTPHeaderField: "Range")
          return request
        },
        head: { [self] head in
          try check(head, expecting: next.withLock({ $0 })..<range.upperBound)
          current.withLock { if $0 == original { $0 = head.url } }
        },
        body: { [address] data in
          let offset = next.withLock { $0 }
          if data.count > range.upperBound - offset { throw Self.tooLong(address) }
          try receive(data, offset)
          next.withLock { $0 = offset + data.count }
        })
      // An answer may hold less than was asked for.
      let reached = next.withLock { $0 }
      if reached == range.upperBound { return }
      try Interruption.check()
    }
  }

  /// Throws unless an answer starts with the bytes that are expected, of the same version.
  private func check(_ head: HTTPClient.Head, expecting range: Range<Int>) throws(HTTPError) {
    let answered = FileVersion(head)
    let found = ContentRange(head["Content-Range"])
    func changed(_ how: String) -> HTTPError {
      HTTPError(
        .changed, url: address,
        "the file is another one than when it was opened (\(how)). Start again, so that all is of "
          + "one version.")
    }
    if [200, 206, 412].contains(head.status), !validator.agrees(with: answered) {
      throw changed("\(validator.text ?? "") became \(answered.text ?? "")")
    }
    let total = head.status == 200 ? head.contentLength : found?.size
    if [200, 206, 416].contains(head.status), let total, total != size {
      throw changed("\(size) bytes became \(total)")
    }
    switch head.status {
    case 206:
      guard let answer = found?.range, answer.lowerBound == range.lowerBound,
        answer.upperBound <= range.upperBound
      else {
        throw HTTPError(
          .server, url: address,
          "asked for bytes \(range.lowerBound)-\(range.upperBound - 1), the server sends "
            + "\(head["Content-Range"] ?? "a part that it does not name"). "
            + RemoteFile.downloadRemedy)
      }
    case 200:
      throw HTTPError(
        .rangesIgnored, url: address,
        "asked for bytes \(range.lowerBound)-\(range.upperBound - 1), the server sends the whole "
          + "file. \(RemoteFile.downloadRemedy)")
    default: throw HTTPError.unexpected(head.status, named: address)
    }
  }
}
