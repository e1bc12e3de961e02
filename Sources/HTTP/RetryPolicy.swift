// SPDX-License-Identifier: Apache-2.0

import Foundation

/// When a request that failed is tried again.
public struct RetryPolicy: Sendable {
  /// How often a request is tried at most, the first time included.
  public var attempts = 6
  /// The pause in front of the second attempt, in seconds; it doubles from attempt to attempt.
  public var firstPause = 0.25
  /// The longest pause, in seconds; a server that asks for a longer one gets no further request.
  public var longestPause = 60.0

  /// Makes the policy that is right for servers in the world: six attempts within eight seconds.
  public init() {}

  /// Decides whether there is another attempt.
  ///
  /// - Parameters:
  ///   - attempt: The number of the attempt that failed, from 1 on.
  ///   - retryAfter: What the server asks for, in seconds.
  /// - Returns: The pause in front of the next attempt in seconds, or `nil` if there is none.
  func pause(afterAttempt attempt: Int, retryAfter: Double?) -> Double? {
    guard attempt < attempts else { return nil }
    if let retryAfter { return retryAfter <= longestPause ? retryAfter : nil }
    return min(
      longestPause, firstPause * Double(sign: .plus, exponent: attempt - 1, significand: 1))
  }

  /// Reads the header `Retry-After`: seconds, or a date.
  ///
  /// Source: RFC 9110, section 10.2.3.
  static func retryAfter(_ text: String?, now: Date = Date()) -> Double? {
    guard let text = text?.trimmingCharacters(in: .whitespaces) else { return nil }
    if let seconds = Double(text) { return seconds >= 0 ? seconds : nil }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return format.date(from: text).map { max(0, $0.timeIntervalSince(now)) }
  }
}
