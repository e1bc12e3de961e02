// SPDX-License-Identifier: Apache-2.0

/// An error in an expression over the columns of a tree or the objects of an event.
public struct ExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// The text does not follow the grammar.
    case syntax
    /// No function has the name, or it takes another number of arguments.
    case unknownFunction
    /// No column, or no scalar of an event, has the name.
    case unknownColumn
    /// No kind of object has the name.
    case unknownKind
    /// A kind of object has no such quantity.
    case unknownQuantity
    /// An object stands where a number is needed, a number where an object is needed, or objects
    /// are named where only columns are known.
    case noObjects
    /// A list stands where one value per event is needed, or the other way round.
    case wrongShape
    /// Two lists of an event have different lengths.
    case countMismatch
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// The whole expression.
  public let expression: String
  /// The position of the fault in the expression, in characters from 1.
  public let column: Int
  /// What was found and what was expected.
  public let statement: String

  init(_ code: Code, _ expression: String, at column: Int, _ statement: String) {
    self.code = code
    self.expression = expression
    self.column = column
    self.statement = statement
  }

  /// One line: the expression, the position, what was found and what was expected.
  public var description: String {
    "in the expression \"\(expression)\", column \(column): \(statement)"
  }

  /// The expression with a mark under the fault, two lines.
  public var caret: String {
    "    \(expression)\n    \(String(repeating: " ", count: column - 1))^"
  }
}
