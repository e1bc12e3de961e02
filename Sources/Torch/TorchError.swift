// SPDX-License-Identifier: Apache-2.0

/// An error of the machine or of stored state; a wrong shape is no error but a mistake, and traps.
public struct TorchError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// The device, or the machine, has no memory left.
    case outOfMemory
    /// The device exists in name only: no GPU, or too few of them.
    case missingDevice
    /// A text does not name a device.
    case invalidDevice
    /// Stored state does not fit: names are missing or unexpected, or shapes or types differ.
    case stateMismatch
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// What was tried, on what, and what was found instead.
  public let message: String
  /// What to do about it, a full sentence.
  public let remedy: String

  /// Makes an error from its parts.
  ///
  /// - Parameters:
  ///   - code: What kind of failure this is.
  ///   - message: What was tried, on what, and what was found; no period at the end.
  ///   - remedy: What to do about it, a full sentence.
  public init(code: Code, message: String, remedy: String) {
    self.code = code
    self.message = message
    self.remedy = remedy
  }

  /// One line: what was tried, on what, what was found, what to do.
  public var description: String { "\(message). \(remedy)" }
}
