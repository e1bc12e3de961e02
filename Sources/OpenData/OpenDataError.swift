// SPDX-License-Identifier: Apache-2.0

/// An error met while a record of an open data portal is read or its files are downloaded.
public struct OpenDataError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable, CaseIterable {
    /// The portal's answer is no description of a record.
    case invalidRecord
    /// The record has no files, or none that are wanted.
    case noFiles
    /// A file is on tape, and must be asked for.
    case onTape
    /// A file has another length than the record says.
    case wrongSize
    /// A file has another checksum than the record says.
    case wrongChecksum
    /// A manifest cannot be understood, or its files are not there.
    case invalidManifest
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// One line: what was tried, on what, what was found, what to do.
  public let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
