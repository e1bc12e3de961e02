// SPDX-License-Identifier: Apache-2.0

/// An error in an expression of a configuration, or met while one is computed.
public struct ExpressionError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// The text is not an expression.
    case syntax
    /// A column or function does not exist.
    case unknownName
    /// A function was given another number of arguments.
    case wrongArguments
    /// Columns of different collections meet, or an event quantity was expected.
    case shapeMismatch
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// The expression.
  public let text: String
  /// Where in the expression, counted from 1.
  public let column: Int
  /// What was found, what was expected and what to do.
  public let statement: String

  /// The sentence, and under it the expression with a caret at the place.
  public var description: String {
    let caret = String(repeating: " ", count: max(0, column - 1)) + "^"
    return "in the expression, column \(column): \(statement)\n    \(text)\n    \(caret)"
  }
}
