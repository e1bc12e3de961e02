// SPDX-License-Identifier: Apache-2.0

/// An error met while something is read over HTTP.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable, CaseIterable {
    /// The address is none of HTTP's.
    case invalidAddress
    /// The server does not have it (404, 410).
    case notFound
    /// The server does not give it to everybody (401, 403).
    case notPermitted
    /// The server sends the whole file instead of a part.
    case rangesIgnored
    /// The server does not say how long the file is.
    case unknownLength
    /// The file is another one than when it was opened.
    case changed
    /// The server's certificate does not prove that it is who it should be, or it sends us to one
    /// without.
    case certificate
    /// The server cannot be reached, or the connection breaks again and again.
    case connection
    /// The server answers that it cannot, or with something that makes no sense.
    case server
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// The address.
  public let url: String
  /// What was found, and what to do.
  public let message: String

  /// Makes an error; `message` says what was found and what to do.
  public init(_ code: Code, url: String, _ message: String) {
    self.code = code
    self.url = url
    self.message = message
  }

  /// One line: what was tried, on what, what was found, what to do.
  public var description: String { "cannot read \(url): \(message)" }
}
