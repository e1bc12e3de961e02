// SPDX-License-Identifier: Apache-2.0

/// An error met while a sample is made into an event store.
public struct PreparationError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// A file lacks a column, or its values are not numbers.
    case unusableColumn
    /// An expression cannot be computed.
    case invalidExpression
    /// A number is undefined, infinite or out of range.
    case invalidValue
    /// No event passed.
    case noEvents
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// The sample.
  public let sample: String
  /// The file, where one is at fault.
  public let file: String?
  /// What was found and what was expected.
  public let statement: String
  /// What to do, as a sentence; may be empty.
  public let remedy: String

  init(
    _ code: Code, sample: String, file: String?, _ statement: String, remedy: String = ""
  ) {
    self.code = code
    self.sample = sample
    self.file = file
    self.statement = statement
    self.remedy = remedy
  }

  /// Returns the error with one more sentence about what to do.
  package func advising(_ advice: String) -> PreparationError {
    PreparationError(
      code, sample: sample, file: file, statement,
      remedy: remedy.hasPrefix("\n") ? "\(remedy)\n\(advice)" : "\(remedy) \(advice)")
  }

  /// What was tried, on what, what was found, what to do; one line but for the caret under an
  /// expression.
  public var description: String {
    "cannot prepare the sample \(sample)\(file.map { " from \($0)" } ?? ""): \(statement)"
      + (remedy.isEmpty ? "" : remedy.hasPrefix("\n") ? remedy : " \(remedy)")
  }
}
