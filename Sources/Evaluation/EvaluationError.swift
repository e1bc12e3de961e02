// SPDX-License-Identifier: Apache-2.0

/// An error met while scores are evaluated, results are read, or plots are drawn.
public struct EvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable, CaseIterable {
    /// Scores, labels and weights differ in number.
    case unequalLengths
    /// There is no signal event, or no background event.
    case emptyClass
    /// A score is not a number.
    case invalidScore
    /// A score is outside the range that the metric or histogram allows.
    case scoreOutOfRange
    /// A weight is infinite or not a number.
    case invalidWeight
    /// The weights of a class add up to zero or less.
    case nonPositiveTotalWeight
    /// A bin expects signal but no background, so that its significance is unbounded.
    case emptyBackgroundBin
    /// The results name an arm that they do not describe, or contradict themselves.
    case inconsistentResults
    /// A results file is not the JSON that this version writes.
    case unreadableResults
    /// The program gnuplot is not on PATH.
    case gnuplotMissing
    /// gnuplot ended with an error.
    case gnuplotFailed
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// What was tried, on what.
  public let operation: String
  /// What was found instead.
  public let reason: String
  /// What to do, in full sentences.
  public let remedy: String

  init(_ code: Code, cannot operation: String, because reason: String, remedy: String) {
    self.code = code
    self.operation = operation
    self.reason = reason
    self.remedy = remedy
  }

  /// One line: what was tried, on what, what was found, what to do.
  public var description: String { "cannot \(operation): \(reason). \(remedy)" }
}
