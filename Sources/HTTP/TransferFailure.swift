// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// What prevented an answer: a connection that failed, or a server that cannot for now.
struct TransferFailure: Error {
  /// Whether trying again may help.
  let isTemporary: Bool
  /// How long the server wants to be left alone, in seconds.
  var retryAfter: Double?
  private let code: HTTPError.Code
  /// What was found.
  private let reason: String
  private let remedy: String

  /// A failure of the connection.
  init(_ error: any Error) {
    let foundation = error as NSError
    let words =
      (foundation.userInfo[NSLocalizedDescriptionKey] as? String).flatMap { $0.isEmpty ? nil : $0 }
    let kind = (error as? URLError)?.code
    // Foundation has no code of its own for most of what may be wrong with a certificate.
    let isTrustProblem = ["SSL", "TLS", "certificate"].contains { words?.contains($0) == true }
    switch isTrustProblem ? .secureConnectionFailed : kind {
    case .serverCertificateUntrusted?, .serverCertificateHasBadDate?,
      .serverCertificateHasUnknownRoot?, .serverCertificateNotYetValid?, .secureConnectionFailed?,
      .clientCertificateRejected?, .clientCertificateRequired?:
      isTemporary = false
      code = .certificate
      reason = "no trusted connection could be made (\(words ?? "the certificate is not accepted"))"
      remedy = "Check the address and the clock; the system's certificates are in ca-certificates."
    case .cannotFindHost?, .dnsLookupFailed?:
      isTemporary = true
      code = .connection
      reason = words ?? "the server's name is not known"
      remedy = "Check the spelling of the server's name, and the network."
    case .timedOut?:
      isTemporary = true
      code = .connection
      reason = "the server did not answer in time"
      remedy = Self.laterRemedy
    case .httpTooManyRedirects?:
      isTemporary = false
      code = .server
      reason = "the server redirects without end"
      remedy = "Check the address."
    case .unsupportedURL?, .badURL?:
      isTemporary = false
      code = .invalidAddress
      reason = words ?? "the address is not understood"
      remedy = "Check the address."
    default:
      isTemporary = true
      code = .connection
      reason = words ?? "the connection broke"
      remedy = Self.laterRemedy
    }
  }

  /// An answer that says that the server cannot for now; `nil` for others.
  init?(_ head: HTTPClient.Head) {
    guard [408, 429, 500, 502, 503, 504].contains(head.status) else { return nil }
    isTemporary = true
    code = .server
    retryAfter = RetryPolicy.retryAfter(head["Retry-After"])
    reason = "the server answers \(HTTPError.described(head.status))"
    remedy = Self.laterRemedy
  }

  private static let laterRemedy = "Check the network and try again later."

  /// Makes the error that users see.
  func error(named name: String, attempts: Int) -> HTTPError {
    let wish = retryAfter.map { ", and asks to wait \(Int($0.rounded(.up))) s" } ?? ""
    let times = attempts > 1 ? ", \(attempts) times in a row" : ""
    return HTTPError(code, url: name, "\(reason)\(wish)\(times). \(remedy)")
  }
}

extension HTTPError {
  /// Returns a status with its name, as in `503 (Service Unavailable)`.
  static func described(_ status: Int) -> String {
    "\(status) (\(HTTPURLResponse.localizedString(forStatusCode: status)))"
  }

  /// What an answer means whose status is none of those that were hoped for.
  static func unexpected(_ status: Int, named name: String) -> HTTPError {
    let answer = "the server answers \(described(status))"
    return switch status {
    case 404, 410: HTTPError(.notFound, url: name, "\(answer). Check the spelling of the address.")
    case 401, 403:
      HTTPError(
        .notPermitted, url: name,
        "\(answer): it does not give this to everybody. Ask for another address, or download the "
          + "file by other means.")
    default: HTTPError(.server, url: name, "\(answer). Check the address.")
    }
  }
}
