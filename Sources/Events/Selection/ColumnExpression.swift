// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An expression over the columns of a tree, as in `nMuon >= 1 && max(Jet_pt) > 30`.
///
/// Arithmetic is in double precision; true is 1 and false 0, and any number but 0 counts as true.
/// A column with a list per event meets another of the same lengths element by element, and a
/// single value with each element. These functions make one value of a list: `sum`, `min`, `max`
/// (missing if the list is empty), `any`, `all`, `count` (how many are true) and `length`.
///
/// - `+ - * / %`, `^` or `**`; `< <= > >= == !=`; `&& || !` or `and or not`; parentheses
/// - `abs sqrt log log10 exp sin cos tan sinh cosh tanh floor`, of two values `min max pow atan2`
/// - `deltaPhi(phi1, phi2)` in (-pi, pi], `deltaR(eta1, phi1, eta2, phi2)`
/// - names that hold other characters than letters, digits, `_` and `.` go between backquotes
///
/// A missing value makes arithmetic missing and every comparison false, except `!=`.
public struct ColumnExpression: Sendable, Hashable, CustomStringConvertible {
  /// The expression as written.
  public let text: String
  /// The columns that it needs, in order of appearance.
  public let columns: [String]
  private let positions: [String: Int]
  private let root: ExpressionNode

  /// Parses an expression.
  ///
  /// - Throws: ``ExpressionError`` with code `syntax` or `unknownFunction`.
  public init(_ text: String) throws(ExpressionError) {
    var parser = try ExpressionParser(text)
    root = try parser.parse()
    self.text = text
    columns = parser.columns.map(\.name)
    positions = Dictionary(uniqueKeysWithValues: parser.columns.map { ($0.name, $0.at) })
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
    try evaluate(root, firstEntry, column)
  }

  private func evaluate(
    _ node: ExpressionNode, _ firstEntry: Int, _ column: (String) throws -> ExpressionValue
  ) throws -> ExpressionValue {
    switch node {
    case .number(let value): return .constant(value)
    case .column(let name, _): return try column(name)
    case .negation(let operand): return try evaluate(operand, firstEntry, column).map { -$0 }
    case .not(let operand):
      return try evaluate(operand, firstEntry, column).map { isTrue($0) ? 0 : 1 }
    case .binary(let symbol, let first, let second, let position):
      let values = [
        try evaluate(first, firstEntry, column), try evaluate(second, firstEntry, column),
      ]
      return try combine(values, [first, second], firstEntry, position, Self.operation(symbol))
    case .call(let name, let function, let arguments, let position):
      let values = try arguments.map { try evaluate($0, firstEntry, column) }
      switch function {
      case .unary(let body): return values[0].map(body)
      case .binary(let body): return try combine(values, arguments, firstEntry, position, body)
      case .elementwise(let body):
        return try combineAll(values, arguments, firstEntry, position, body)
      case .reduction(let body):
        guard case .jagged(let list, let offsets) = values[0] else {
          throw ExpressionError(
            .wrongShape, text, at: position,
            "\(name)(...) needs a list per event, and was given one value per event.")
        }
        return .flat(zip(offsets, offsets.dropFirst()).map { body(list[$0..<$1]) })
      }
    }
  }

  private func combine(
    _ values: [ExpressionValue], _ nodes: [ExpressionNode], _ firstEntry: Int, _ position: Int,
    _ body: (Double, Double) -> Double
  ) throws(ExpressionError) -> ExpressionValue {
    switch (values[0], values[1]) {
    case (.constant(let first), let second): return second.map { body(first, $0) }
    case (let first, .constant(let second)): return first.map { body($0, second) }
    case (.flat(let first), .flat(let second)): return .flat(zip(first, second).map(body))
    default:
      let offsets = try commonOffsets(values, nodes, firstEntry, position)
      let first = values[0].spread(over: offsets)
      let second = values[1].spread(over: offsets)
      return .jagged(zip(first, second).map(body), offsets: offsets)
    }
  }

  private func combineAll(
    _ values: [ExpressionValue], _ nodes: [ExpressionNode], _ firstEntry: Int, _ position: Int,
    _ body: ([Double]) -> Double
  ) throws(ExpressionError) -> ExpressionValue {
    if values.allSatisfy({ if case .constant = $0 { true } else { false } }) {
      return .constant(body(values.map { $0.values[0] }))
    }
    let offsets = try commonOffsets(values, nodes, firstEntry, position)
    let isList = values.contains { if case .jagged = $0 { true } else { false } }
    let columns = values.map { value in
      switch value {
      case .constant where !isList: Array(repeating: value.values[0], count: offsets.count - 1)
      case .flat(let numbers) where !isList: numbers
      default: value.spread(over: offsets)
      }
    }
    let count = columns.map(\.count).max() ?? 0
    let result = (0..<count).map { index in body(columns.map { $0[index] }) }
    return isList ? .jagged(result, offsets: offsets) : .flat(result)
  }

  /// Returns the offsets that all lists share; those of one element per entry without lists.
  private func commonOffsets(
    _ values: [ExpressionValue], _ nodes: [ExpressionNode], _ firstEntry: Int, _ position: Int
  ) throws(ExpressionError) -> [Int] {
    var result: (offsets: [Int], node: Int)?
    var entryCount = 1
    for (index, value) in values.enumerated() {
      if case .flat(let numbers) = value { entryCount = numbers.count }
      guard case .jagged(_, let offsets) = value else { continue }
      guard let known = result else {
        result = (offsets, index)
        continue
      }
      if known.offsets == offsets { continue }
      let entry = zip(known.offsets, offsets).enumerated().first { $1.0 != $1.1 }?.offset ?? 1
      let first = known.offsets[entry] - known.offsets[entry - 1]
      let second = offsets[entry] - offsets[entry - 1]
      throw ExpressionError(
        .countMismatch, text, at: position,
        "\(Self.names(nodes[known.node])) and \(Self.names(nodes[index])) have lists of different "
          + "lengths, \(first) and \(second) in entry \(firstEntry + entry - 1).")
    }
    return result?.offsets ?? Array(0...entryCount)
  }

  /// Returns the names of the columns below a node.
  private static func names(_ node: ExpressionNode) -> String {
    func collect(_ node: ExpressionNode) -> [String] {
      switch node {
      case .number: []
      case .column(let name, _): [name]
      case .negation(let operand), .not(let operand): collect(operand)
      case .binary(_, let first, let second, _): collect(first) + collect(second)
      case .call(_, .reduction, _, _): []
      case .call(_, _, let arguments, _): arguments.flatMap(collect)
      }
    }
    return Set(collect(node)).sorted().joined(separator: ", ")
  }

  private static func operation(_ symbol: String) -> (Double, Double) -> Double {
    switch symbol {
    case "+": { $0 + $1 }
    case "-": { $0 - $1 }
    case "*": { $0 * $1 }
    case "/": { $0 / $1 }
    case "%": { fmod($0, $1) }
    case "^": { pow($0, $1) }
    case "<": { $0 < $1 ? 1 : 0 }
    case "<=": { $0 <= $1 ? 1 : 0 }
    case ">": { $0 > $1 ? 1 : 0 }
    case ">=": { $0 >= $1 ? 1 : 0 }
    case "==": { $0 == $1 ? 1 : 0 }
    case "!=": { $0 != $1 ? 1 : 0 }
    case "&&": { isTrue($0) && isTrue($1) ? 1 : 0 }
    case "||": { isTrue($0) || isTrue($1) ? 1 : 0 }
    default: preconditionFailure("The parser knows no operator \(symbol).")
    }
  }
}
