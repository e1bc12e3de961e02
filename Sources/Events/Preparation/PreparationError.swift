// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// An error met while events are selected from files.
public struct PreparationError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// No file has the name or matches the pattern.
    case noFile
    /// A column is not in the tree.
    case missingColumn
    /// A value is NaN, infinite or otherwise impossible.
    case badValue
    /// An expression cannot be computed for these columns.
    case badExpression
    /// No event passes the selection.
    case emptySelection
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// What was tried, on what, what was found, and what to do.
  public let description: String

  init(code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  static func noFile(_ pattern: String, sample: String) -> PreparationError {
    let url = URL(fileURLWithPath: pattern)
    let folder = url.deletingLastPathComponent().path
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    let roots = names.filter { $0.hasSuffix(".root") }
    let held: String
    if !FileManager.default.fileExists(atPath: folder) {
      held = "the folder \(folder) does not exist. Check the path; relative ones start at the "
        + "configuration file."
    } else if roots.isEmpty {
      held = "the folder \(folder) holds no ROOT file. Check the path."
    } else {
      let near = nearestNames(to: url.lastPathComponent, among: roots)
      let shown = near.isEmpty ? Array(roots.prefix(5)) : near
      held = "its folder holds \(shown.joined(separator: ", "))"
        + (roots.count > shown.count ? " and \(roots.count - shown.count) more." : ".")
    }
    return PreparationError(
      code: .noFile, "cannot prepare sample \(sample): no file is \(pattern); \(held)")
  }
}
