// SPDX-License-Identifier: Apache-2.0

import Foundation

extension EventsProposal {
  /// The section as YAML, with comments.
  public var yaml: String {
    var lines = ["events:"]
    if !trees.isEmpty {
      let names = trees.map(Self.quoted).joined(separator: ", ")
      lines.append("  tree: " + (trees.count == 1 ? names : "[\(names)]"))
    }
    if !missing.isEmpty { lines.append("  missing: [\(missing.joined(separator: ", "))]") }
    lines.append("  # selection: an expression of columns, such as a trigger")
    lines.append("  objects:")
    for object in objects {
      lines.append("    - kind: \(object.kind)")
      if let prefix = object.prefix {
        lines.append("      prefix: \(Self.quoted(prefix))")
      } else if object.columns.reduce(0, { $0 + $1.expression.count }) < 70 {
        lines.append("      columns: \(Self.mapping(object.columns.map { ($0, $1) }))")
      } else {
        lines.append("      columns:")
        lines += object.columns.map { "        \($0.name): \(Self.quoted($0.expression))" }
      }
      if !object.features.isEmpty {
        lines.append("      features: \(Self.mapping(object.features.map { ($0, $1) }))")
      }
      if let eta = object.largestEta {
        lines.append("      # cuts: \"pt > 20 && abs(eta) < \(eta)\"")
      }
    }
    if !scalars.isEmpty {
      lines.append("  scalars: \(Self.mapping(scalars.map { ($0, $1) }))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The acceptance of each kind that has one, for the section `augmentation`, as a YAML mapping.
  public static func acceptance(of proposals: [EventsProposal]) -> String {
    var kinds: [String: Double] = [:]
    for object in proposals.flatMap(\.objects) {
      guard let eta = object.largestEta else { continue }
      kinds[object.kind] = max(kinds[object.kind] ?? 0, eta)
    }
    return "{\(kinds.keys.sorted().map { "\($0): \(kinds[$0] ?? 0)" }.joined(separator: ", "))}"
  }

  /// The objects that were found, and what was left out, in lines.
  public var summary: String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(width - text.count, 0))
    }
    let width = objects.map(\.kind.count).max() ?? 0
    var lines = objects.map { object in
      let columns = object.prefix.map { "\($0)_*" } ?? object.columns[0].expression
      let features = object.features.map { "\($0.name) (\($0.column))" }
      return padded(object.kind, width) + String(format: "  %5.2f per event  ", object.meanCount)
        + ([columns] + features).joined(separator: ", ")
    }
    lines += scalars.map { "scalar \($0.name): \($0.column)" }
    if !missing.isEmpty { lines.append("missing values: \(missing.joined(separator: ", "))") }
    if !leftOut.isEmpty {
      lines.append("left out:")
      lines += leftOut.map { "  \($0.name): \($0.reason)" }
    }
    return lines.joined(separator: "\n")
  }

  private static func mapping(_ entries: [(String, String)]) -> String {
    "{\(entries.map { "\($0): \(quoted($1))" }.joined(separator: ", "))}"
  }

  /// Returns a text as a YAML scalar, between quotes unless it is a word or a number.
  private static func quoted(_ text: String) -> String {
    let isWord = text.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".")
    }
    // Words that YAML takes for truth values.
    let isTruth = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(
      text.lowercased())
    if isWord, !isTruth, !text.isEmpty { return text }
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"\(escaped)\""
  }
}
