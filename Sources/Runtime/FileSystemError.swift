// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An error met while a file or folder is created, written, renamed or mapped.
public struct FileSystemError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// The file or folder does not exist.
    case notFound
    /// The program may not read or write there.
    case notPermitted
    /// The disk, or the user's share of it, is full.
    case diskFull
    /// A file is where a folder should be, or a folder where a file.
    case nameTaken
    /// Any other answer of the operating system.
    case other
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// What was tried, as in "write".
  public let operation: String
  /// The file or folder.
  public let path: String
  /// The operating system's words.
  public let reason: String

  /// Makes an error from the operating system's error number.
  ///
  /// - Parameters:
  ///   - operation: What was tried, as in "write".
  ///   - path: The file or folder.
  ///   - errorNumber: The value of `errno`.
  public init(operation: String, path: String, errorNumber: Int32) {
    self.operation = operation
    self.path = path
    reason = String(cString: strerror(errorNumber))
    code =
      switch errorNumber {
      case ENOENT: .notFound
      case EACCES, EPERM, EROFS: .notPermitted
      case ENOSPC, EDQUOT, EFBIG: .diskFull
      case EEXIST, EISDIR, ENOTDIR: .nameTaken
      default: .other
      }
  }

  /// One line: what was tried, on what, what was found, what to do.
  public var description: String {
    let remedy =
      switch code {
      case .notFound: "Check the spelling of the path."
      case .notPermitted: "Check the permissions of the file and of its folder."
      case .diskFull: "Free some space, or choose an output folder on another disk, and try again."
      case .nameTaken:
        "A file is where a folder should be, or a folder where a file: choose another name."
      case .other: "Check the disk and the path."
      }
    return "cannot \(operation) \(path): \(reason). \(remedy)"
  }
}

/// Reads a whole file.
///
/// - Throws: ``FileSystemError`` if it does not exist or may not be read.
public func readFile(_ path: String) throws(FileSystemError) -> Data {
  guard let data = FileManager.default.contents(atPath: path) else {
    let exists = FileManager.default.fileExists(atPath: path)
    throw FileSystemError(operation: "read", path: path, errorNumber: exists ? EACCES : ENOENT)
  }
  return data
}
