// SPDX-License-Identifier: Apache-2.0

/// A range of entries as a user writes it: `0..<5`, `0...4`, or `3` for a single one.
public struct EntryRange: Sendable, Equatable {
  /// The entries.
  public let range: Range<Int>

  /// Reads a range.
  ///
  /// - Returns: `nil` if the text is none of the three forms, is empty, or runs backwards.
  public init?(_ text: String) {
    func bounds(_ separator: String) -> (lower: Int, upper: Int)? {
      guard let place = text.firstRange(of: separator) else { return nil }
      guard let lower = Int(text[..<place.lowerBound]), let upper = Int(text[place.upperBound...])
      else { return nil }
      return (lower, upper)
    }
    let lower: Int
    let upper: Int
    if let single = Int(text), single < .max {
      (lower, upper) = (single, single + 1)
    } else if let open = bounds("..<") {
      (lower, upper) = open
    } else if let closed = bounds("..."), closed.upper < .max {
      (lower, upper) = (closed.lower, closed.upper + 1)
    } else {
      return nil
    }
    guard lower >= 0, lower < upper else { return nil }
    range = lower..<upper
  }

  /// What a wrong range is answered with.
  public static let explanation =
    "write 0..<5 (from 0 to before 5), 0...4 (from 0 to 4) or 3 (one entry)"
}
