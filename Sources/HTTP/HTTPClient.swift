// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Reads over HTTP and HTTPS, on the thread that calls.
///
/// Redirects are followed, but none from HTTPS to HTTP; certificates are verified, and what fails for a while is tried again: broken
/// connections and the answers 408, 429, 500, 502, 503 and 504, with pauses that double and with
/// the server's `Retry-After`. Threads may share one client, which has up to eight transfers under
/// way at a time. The system's proxies (`https_proxy`, `no_proxy`) are used.
///
/// Source: RFC 9110.
public final class HTTPClient: Sendable {
  /// The client of the whole program.
  public static let shared = HTTPClient()

  private let policy: RetryPolicy
  private let session: URLSession
  private let delegate = TransferDelegate()
  private let free = DispatchSemaphore(value: 8)
  private let requests = Atomic<Int>(0)
  private let received = Atomic<Int>(0)

  /// Makes a client.
  ///
  /// - Parameters:
  ///   - policy: When what failed is tried again.
  ///   - timeout: After how many seconds without a byte a connection counts as broken.
  public init(policy: RetryPolicy = RetryPolicy(), timeout: Double = 30) {
    self.policy = policy
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = timeout
    configuration.httpMaximumConnectionsPerHost = 8
    configuration.urlCache = nil
    configuration.httpCookieStorage = nil
    configuration.httpAdditionalHeaders = ["User-Agent": "lorentz"]
    session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: nil)
  }

  // A session keeps its delegate, and a thread, until it is told to end.
  deinit { session.invalidateAndCancel() }

  /// How many requests were sent, those tried again included.
  public var requestCount: Int { requests.load(ordering: .relaxed) }
  /// How many bytes of bodies were received.
  public var receivedByteCount: Int { received.load(ordering: .relaxed) }

  /// Returns an address as a URL.
  ///
  /// - Throws: ``HTTPError`` with code `invalidAddress`.
  static func url(_ address: String) throws(HTTPError) -> URL {
    if isWebAddress(address), let url = URL(string: address), url.host?.isEmpty == false {
      return url
    }
    throw HTTPError(
      .invalidAddress, url: address,
      "this is no address of the form https://server/path. Write special characters as %20.")
  }

  /// What an answer says in front of its body.
  struct Head: Sendable {
    let status: Int
    /// Where the answer came from, behind all redirects.
    let url: URL
    /// The length of the body, if it is known.
    let contentLength: Int?
    private let fields: [String: String]

    init(_ response: HTTPURLResponse, request: URL) {
      status = response.statusCode
      url = response.url ?? request
      contentLength =
        response.expectedContentLength >= 0 ? Int(response.expectedContentLength) : nil
      var fields: [String: String] = [:]
      for (name, value) in response.allHeaderFields {
        if let name = name as? String, let value = value as? String {
          fields[name.lowercased()] = value
        }
      }
      self.fields = fields
    }

    subscript(field: String) -> String? { fields[field.lowercased()] }
  }

  /// Reads the whole body of an answer.
  ///
  /// - Parameters:
  ///   - address: Where to read.
  ///   - limit: The largest number of bytes; a longer answer is refused.
  /// - Returns: The body.
  /// - Throws: ``HTTPError``, `InterruptedError`.
  public func body(of address: String, limit: Int = 256 << 20) throws -> Data {
    let url = try Self.url(address)
    let data = Mutex(Data())
    try get(
      URLRequest(url: url), named: address,
      prepare: { request in
        data.withLock { $0.removeAll() }
        return request
      },
      head: { head in
        if head.status != 200 {
          throw HTTPError.unexpected(head.status, named: address)
        }
      },
      body: { part in
        try data.withLock { data in
          if data.count + part.count > limit {
            throw HTTPError(
              .server, url: address,
              "the answer has more than \(limit) bytes. Check the address.")
          }
          data.append(part)
        }
      })
    return data.withLock { $0 }
  }

  /// Reads the whole body of an answer part by part, for servers that know no range requests.
  ///
  /// - Parameters:
  ///   - address: Where to read.
  ///   - begin: Is told that the body comes from its start, in front of each attempt.
  ///   - receive: Takes the parts of the body in their order, on another thread.
  /// - Throws: ``HTTPError``, `InterruptedError`, and what `begin` and `receive` throw.
  public func read(
    _ address: String, begin: () throws -> Void,
    receive: @escaping @Sendable (Data) throws -> Void
  ) throws {
    try get(
      URLRequest(url: try Self.url(address)), named: address,
      prepare: { request in
        try begin()
        return request
      },
      head: { if $0.status != 200 { throw HTTPError.unexpected($0.status, named: address) } },
      body: receive)
  }

  /// Sends a request, again and again until its answer is received as a whole, is refused, or
  /// there is no hope.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - name: The address that users read in errors.
  ///   - resumes: Whether an attempt goes on where the one before broke off; then only those
  ///     that brought nothing count.
  ///   - prepare: Changes the request in front of each attempt; what was received of the attempt
  ///     before need not be asked for again.
  ///   - head: Looks at a head of an answer which is none of those that are tried again; throws to
  ///     refuse it.
  ///   - body: Takes the parts of the body in their order.
  /// - Throws: What `head` and `body` throw, ``HTTPError``, `InterruptedError`.
  func get(
    _ request: URLRequest, named name: String, resumes: Bool = false,
    prepare: (URLRequest) throws -> URLRequest, head: @escaping @Sendable (Head) throws -> Void,
    body: @escaping @Sendable (Data) throws -> Void
  ) throws {
    var attempt = 0
    while true {
      try Interruption.check()
      let count = BodyCount()
      let failure = try attemptOnce(
        prepare(request), named: name, count: count, head: head, body: body)
      guard let failure else { return }
      attempt = resumes && count.bytes > 0 ? 1 : attempt + 1
      guard failure.isTemporary,
        let pause = policy.pause(afterAttempt: attempt, retryAfter: failure.retryAfter)
      else { throw failure.error(named: name, attempts: attempt) }
      let end = Date(timeIntervalSinceNow: pause)
      while end.timeIntervalSinceNow > 0 {
        try Interruption.check()
        Thread.sleep(forTimeInterval: min(0.1, max(0, end.timeIntervalSinceNow)))
      }
    }
  }

  /// Sends a request once; returns what prevented an answer that can be judged.
  private func attemptOnce(
    _ request: URLRequest, named name: String, count: BodyCount,
    head: @escaping @Sendable (Head) throws -> Void,
    body: @escaping @Sendable (Data) throws -> Void
  ) throws -> TransferFailure? {
    free.wait()
    defer { free.signal() }
    guard let url = request.url else { return nil }
    var request = request
    // Compressed on the way, a part of a file would not be the part that was asked for.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    let transfer = Transfer(
      head: { response in
        let found = Head(response, request: url)
        if let failure = TransferFailure(found) { throw failure }
        try head(found)
      },
      body: { [self] part in
        received.add(part.count, ordering: .relaxed)
        count.add(part.count)
        try body(part)
      })
    let task = session.dataTask(with: request)
    delegate.add(transfer, for: task)
    requests.add(1, ordering: .relaxed)
    task.resume()
    switch try transfer.wait(cancel: { task.cancel() }) {
    case .complete: return nil
    case .broken(let error): return TransferFailure(error)
    case .refused(let failure as TransferFailure): return failure
    case .refused(let redirect as UnsafeRedirect):
      throw HTTPError(
        .certificate, url: name,
        "the server redirects to \(redirect.target), where nobody vouches for the bytes. Name that "
          + "address if you trust the network.")
    case .refused(let error): throw error
    }
  }
}

/// How many bytes of a body one attempt brought.
private final class BodyCount: Sendable {
  private let total = Atomic<Int>(0)

  var bytes: Int { total.load(ordering: .relaxed) }

  func add(_ count: Int) { total.add(count, ordering: .relaxed) }
}
