// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One request on its way, and what is done with its answer.
final class Transfer: Sendable {
  /// How a transfer ended.
  enum Outcome {
    /// The whole body was received.
    case complete
    /// The connection failed or broke.
    case broken(any Error)
    /// What looked at the answer refused it.
    case refused(any Error)
  }

  private struct State {
    var refusal: (any Error)?
    var outcome: Outcome?
  }

  private let state = Mutex(State())
  private let finished = DispatchSemaphore(value: 0)
  private let head: @Sendable (HTTPURLResponse) throws -> Void
  private let body: @Sendable (Data) throws -> Void

  init(
    head: @escaping @Sendable (HTTPURLResponse) throws -> Void,
    body: @escaping @Sendable (Data) throws -> Void
  ) {
    self.head = head
    self.body = body
  }

  /// Looks at the head of an answer; returns whether its body is wanted.
  func receive(_ response: URLResponse) -> Bool {
    refusing {
      guard let response = response as? HTTPURLResponse else {
        throw URLError(.badServerResponse)
      }
      try head(response)
    }
  }

  /// Takes a part of the body; returns whether more is wanted.
  func receive(_ data: Data) -> Bool {
    if state.withLock({ $0.refusal != nil }) { return false }
    return refusing { try body(data) }
  }

  /// Decides whether to go where a server sends us; returns whether it may.
  func follow(from origin: URL?, to target: URL?) -> Bool {
    refusing {
      // Who wrote https counts on nobody having changed the bytes on their way.
      if origin?.scheme?.lowercased() == "https", target?.scheme?.lowercased() != "https" {
        throw UnsafeRedirect(target: target?.absoluteString ?? "")
      }
    }
  }

  private func refusing(_ action: () throws -> Void) -> Bool {
    do {
      try action()
      return true
    } catch {
      state.withLock { $0.refusal = $0.refusal ?? error }
      return false
    }
  }

  func complete(_ error: (any Error)?) {
    state.withLock { state in
      state.outcome =
        state.refusal.map { .refused($0) } ?? error.map { .broken($0) } ?? .complete
    }
    finished.signal()
  }

  /// Waits for the end; `cancel` is called if the user wishes to stop meanwhile.
  ///
  /// - Throws: `InterruptedError`.
  func wait(cancel: () -> Void) throws -> Outcome {
    while finished.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
      if Interruption.isRequested {
        cancel()
        throw InterruptedError()
      }
    }
    return state.withLock { $0.outcome ?? .complete }
  }
}

/// A server sent us from an address with TLS to one without.
struct UnsafeRedirect: Error {
  let target: String
}

/// Hands what a session receives to the transfers.
final class TransferDelegate: NSObject, URLSessionDataDelegate, Sendable {
  private let transfers = Mutex<[Int: Transfer]>([:])

  func add(_ transfer: Transfer, for task: URLSessionTask) {
    transfers.withLock { $0[task.taskIdentifier] = transfer }
  }

  private func transfer(of task: URLSessionTask) -> Transfer? {
    transfers.withLock { $0[task.taskIdentifier] }
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    let isWanted = transfer(of: dataTask)?.receive(response) ?? false
    completionHandler(isWanted ? .allow : .cancel)
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    if transfer(of: task)?.follow(from: response.url, to: request.url) == true {
      completionHandler(request)
    } else {
      completionHandler(nil)
      task.cancel()
    }
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    if transfer(of: dataTask)?.receive(data) != true { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    transfers.withLock { $0.removeValue(forKey: task.taskIdentifier) }?.complete(error)
  }
}
