// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The folder of real CMS data beside the project, which tests read in place.
///
///     @Test(.enabled(if: SharedData.isAvailable)) func `real data are read`() throws { … }
public enum SharedData {
  /// The folder `shared/data` of the project's parent, or of a folder above it; `nil` without one.
  public static let folder: String? = {
    var url = URL(fileURLWithPath: #filePath)
    while url.path != "/" {
      url.deleteLastPathComponent()
      let candidate = url.appendingPathComponent("shared/data")
      if FileManager.default.fileExists(atPath: candidate.path + "/README.md") {
        return candidate.path
      }
    }
    return nil
  }()

  /// Whether the folder is there.
  public static var isAvailable: Bool { folder != nil }

  /// Returns the path of a file in the folder.
  public static func path(_ name: String) -> String { "\(folder ?? "shared/data")/\(name)" }
}
