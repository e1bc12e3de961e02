// SPDX-License-Identifier: Apache-2.0

/// The header `Content-Range`: which bytes of a file an answer holds, as in `bytes 0-99/1234`.
///
/// Source: RFC 9110, section 14.4.
struct ContentRange: Equatable {
  /// The bytes; `nil` if the range asked for is not there.
  let range: Range<Int>?
  /// The length of the file; `nil` if the server does not know it.
  let size: Int?

  init?(_ text: String?) {
    guard let text else { return nil }
    let words = text.split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
    let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    if parts[1] == "*" {
      size = nil
    } else {
      guard let number = Int(parts[1]), number >= 0 else { return nil }
      size = number
    }
    if parts[0] == "*" {
      range = nil
      return
    }
    let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first >= 0,
      last >= first, last < size ?? .max
    else { return nil }
    range = first..<(last + 1)
  }
}
