// SPDX-License-Identifier: Apache-2.0

/// An error met while a classifier is trained, saved or used.
public struct ClassificationError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// A class has too few events.
    case tooFewEvents
    /// A label has no class.
    case unknownLabel
    /// The weights of a class do not sum to a positive number.
    case badWeights
    /// The folder holds no classifier.
    case notAClassifier
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// What was tried, on what, what was found, and what to do.
  public let description: String

  /// Makes an error.
  public init(code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
