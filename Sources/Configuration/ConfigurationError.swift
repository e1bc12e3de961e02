// SPDX-License-Identifier: Apache-2.0

/// An error in a configuration: the file, one of its keys, or a value set on the command line.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// The file cannot be read, or is not UTF-8.
    case unreadableFile
    /// The text is not YAML, or is more than a configuration may be.
    case syntax
    /// A key occurs twice in one mapping.
    case duplicateKey
    /// A key that nothing reads: most often misspelled.
    case unknownKey
    /// A required key is absent.
    case missingKey
    /// A value has the wrong type, or is out of range.
    case invalidValue
    /// A value set on the command line cannot be placed.
    case invalidOverride
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// The place, as in `demo.yaml:12:5` or `--set training.epochs=0`.
  public let location: String
  /// What was found and what was expected, as a sentence.
  public let statement: String
  /// What to do, as a sentence; empty where the statement says it.
  public let remedy: String

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - code: What kind of failure this is.
  ///   - location: The place.
  ///   - statement: What was found and what was expected, as a sentence.
  ///   - remedy: What to do, as a sentence.
  public init(code: Code, location: String, statement: String, remedy: String = "") {
    self.code = code
    self.location = location
    self.statement = statement
    self.remedy = remedy
  }

  /// One line: the place, what was found, what was expected, what to do.
  public var description: String {
    "\(location): \(statement)" + (remedy.isEmpty || remedy.hasPrefix("\n") ? remedy : " \(remedy)")
  }
}
