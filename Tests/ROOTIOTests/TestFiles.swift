// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where the tests find their files.
enum TestFiles {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

  /// Small files, kept with the tests.
  static let fixtures = folder.appending(path: "Fixtures")

  /// Data that is not part of the project: `shared/data` beside the package or further up.
  static let sharedData: URL? = {
    var parent = folder
    while parent.path != "/" {
      let candidate = parent.appending(path: "shared/data")
      if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
      parent = parent.deletingLastPathComponent()
    }
    return nil
  }()
}
