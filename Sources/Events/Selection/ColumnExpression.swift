// SPDX-License-Identifier: Apache-2.0

/// An expression over the columns of a tree, as in `nMuon >= 1 && max(Jet_pt) > 30`.
///
/// Arithmetic is in double precision; true is 1 and false 0, and any number but 0 counts as true.
/// A column with a list per event meets another of the same lengths element by element, and a
/// single value with each element. These functions make one value of a list: `sum`, `min`, `max`
/// (missing if the list is empty), `any`, `all`, `count` (how many are true) and `length`;
/// `nearest(list, value)` is the element closest to a value, `list[0]` the first element, and
/// `list[n]` is missing where there are fewer.
///
/// - `+ - * / %`, `^` or `**`; `< <= > >= == !=`; `&& || !` or `and or not`; parentheses
/// - `abs sqrt log log10 exp sin cos tan sinh cosh tanh asinh floor`, of two values `min max pow atan2`
/// - `deltaPhi(phi1, phi2)` in (-pi, pi], `deltaR(eta1, phi1, eta2, phi2)`
/// - names that hold other characters than letters, digits, `_` and `.` go between backquotes
///
/// A missing value makes arithmetic missing and every comparison false, except `!=`.
///
/// Expressions over the objects of an event know more: see ``EventExpression``.
public struct ColumnExpression: Sendable, Hashable, CustomStringConvertible {
  /// The expression as written.
  public let text: String
  /// The columns that it needs, in order of appearance.
  public let columns: [String]
  private let positions: [String: Int]
  private let root: ExpressionNode
  /// The largest `n` of all `list[n]`: shorter lists make a missing value.
  let largestElement: Int?

  /// Parses an expression.
  ///
  /// - Throws: ``ExpressionError`` with code `syntax` or `unknownFunction`.
  public init(_ text: String) throws(ExpressionError) {
    var parser = try ExpressionParser(text)
    var resolver = ExpressionResolver(text, names: .columns)
    root = try resolver.resolve(parser.parse())
    self.text = text
    columns = resolver.columns.map(\.name)
    positions = Dictionary(uniqueKeysWithValues: resolver.columns.map { ($0.name, $0.at) })
    largestElement = resolver.largestElement
  }

  /// The expression as written.
  public var description: String { text }

  /// Whether two expressions are written alike.
  public static func == (first: ColumnExpression, second: ColumnExpression) -> Bool {
    first.text == second.text
  }

  /// Hashes the text.
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// Returns an error about a column of this expression.
  func error(
    _ code: ExpressionError.Code, column: String, _ statement: String
  ) -> ExpressionError {
    ExpressionError(code, text, at: positions[column] ?? 1, statement)
  }

  /// Computes the expression for some consecutive entries.
  ///
  /// - Parameters:
  ///   - firstEntry: The number of the first entry, for errors.
  ///   - column: Returns the values of a column.
  /// - Returns: The values.
  /// - Throws: ``ExpressionError``, and what `column` throws.
  package func evaluate(
    firstEntry: Int = 0, column: (String) throws -> ExpressionValue
  ) throws -> ExpressionValue {
    try withoutActuallyEscaping(column) { column in
      try ExpressionEvaluator(text: text, firstEntry: firstEntry, column: column) { _, _ in
        preconditionFailure("Columns of a file have no objects, which the resolver refuses.")
      }.evaluate(root)
    }
  }
}
