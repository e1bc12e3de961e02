// SPDX-License-Identifier: Apache-2.0

/// An error met while an event store is read or written.
public struct EventStoreError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// The folder is not an event store.
    case notAStore
    /// The manifest cannot be read.
    case invalidManifest
    /// The store was written by a version of the program that this one does not know.
    case unsupportedVersion
    /// A shard is damaged, or does not agree with the manifest.
    case invalidShard
    /// A number in an event is not defined, infinite or negative where it may not be.
    case invalidValue
    /// The folder to be written holds something else.
    case folderInUse
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// The store's folder, or the file in it.
  public let path: String
  /// What was found and what was expected.
  public let statement: String
  /// What to do, as a sentence; may be empty.
  public let remedy: String
  /// The error that caused this one, if any.
  public let cause: (any Error)?

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - code: What kind of failure this is.
  ///   - path: The store's folder, or the file in it.
  ///   - statement: What was found and what was expected.
  ///   - remedy: What to do, as a sentence.
  ///   - cause: The error that caused this one.
  public init(
    code: Code, path: String, statement: String, remedy: String = "", cause: (any Error)? = nil
  ) {
    self.code = code
    self.path = path
    self.statement = statement
    self.remedy = remedy
    self.cause = cause
  }

  /// One line: what was tried, on what, what was found, what to do.
  public var description: String {
    let verb = code == .folderInUse ? "write" : "read"
    return "cannot \(verb) the event store \(path): \(statement)."
      + (remedy.isEmpty ? "" : " \(remedy)")
  }
}
