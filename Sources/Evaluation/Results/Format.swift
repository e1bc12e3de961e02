// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How numbers are written in tables, plots and sentences.
enum Format {
  /// Returns a number with three digits behind the point, as for an area under a curve.
  static func area(_ value: Double) -> String { String(format: "%.3f", value) }

  /// Returns a difference with its sign.
  static func difference(_ value: Double) -> String { String(format: "%+.3f", value) }

  /// Returns a number with three significant digits and no exponent for usual sizes.
  static func significant(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    let magnitude = Int(floor(log10(abs(value))))
    if magnitude >= 3 && magnitude < 9 { return String(format: "%.0f", value) }
    if magnitude < -4 || magnitude >= 9 { return String(format: "%.2e", value) }
    return String(format: "%.\(max(0, 2 - magnitude))f", value)
  }

  /// Returns a value with three significant digits, and its error with as many decimals, as in
  /// "11.0 ± 0.6".
  static func measurement(_ value: Double, error: Double?) -> String {
    let text = significant(value)
    guard let error else { return text }
    let decimals = text.split(separator: ".").dropFirst().first?.count ?? 0
    return text.contains("e") || !value.isFinite
      ? "\(text) ± \(significant(error))" : "\(text) ± " + String(format: "%.\(decimals)f", error)
  }

  /// Returns a time span in the unit that suits it, as in "0.4 s", "12 min" or "3.1 h".
  static func duration(_ seconds: Double) -> String {
    if seconds < 99.5 { return "\(significant(seconds)) s" }
    if seconds < 5970 { return "\(significant(seconds / 60)) min" }
    return "\(significant(seconds / 3600)) h"
  }

  /// Returns a count with groups of three digits, as in "1,204,345".
  static func count(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    groups.insert(digits, at: 0)
    return (value < 0 ? "-" : "") + groups.joined(separator: ",")
  }
}
