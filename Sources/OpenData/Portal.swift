// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP

/// A CERN Open Data portal, or a server that answers like one.
public struct Portal: Sendable {
  /// CERN's.
  public static let standardAddress = "https://opendata.cern.ch"

  /// The address, without a slash at its end.
  public let address: String
  private let client: HTTPClient

  /// Makes a portal.
  ///
  /// - Parameters:
  ///   - address: Its address.
  ///   - client: What sends requests.
  public init(address: String = standardAddress, client: HTTPClient = .shared) {
    self.address = address.hasSuffix("/") ? String(address.dropLast()) : address
    self.client = client
  }

  /// Asks for a record.
  ///
  /// - Parameter identifier: Its number.
  /// - Returns: What the portal says about it.
  /// - Throws: `HTTPError`, ``OpenDataError``, `InterruptedError`.
  public func record(_ identifier: Int) throws -> Record {
    let url = "\(address)/api/records/\(identifier)"
    return try Record(try client.body(of: url), from: url)
  }

  /// Returns where a file can be read over HTTP, the likeliest address first.
  ///
  /// CERN's public storage, `root://eospublic.cern.ch//eos/…`, is served under the same path by
  /// the portal, and by itself.
  public func addresses(of file: Record.File) -> [String] {
    let storage = "root://eospublic.cern.ch/"
    guard file.uri.hasPrefix(storage) else {
      return file.uri.hasPrefix("/") ? [address + file.uri] : [file.uri]
    }
    let path = "/" + file.uri.dropFirst(storage.count).drop { $0 == "/" }
    return [address + path, "https://eospublic.cern.ch" + path]
  }
}
