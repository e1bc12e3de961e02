// SPDX-License-Identifier: Apache-2.0

import Runtime

/// The tree of an expression.
indirect enum ExpressionNode: Sendable {
  case number(Double)
  case column(String, at: Int)
  case binary(String, ExpressionNode, ExpressionNode, at: Int)
  case negation(ExpressionNode)
  case not(ExpressionNode)
  case call(String, ExpressionFunction, [ExpressionNode], at: Int)
}

/// Reads expressions.
///
/// From the loosest binding to the tightest:
///
///     ||  or
///     &&  and
///     not
///     < <= > >= == !=      once: a < b < c is an error
///     + -
///     * / %
///     - + !                in front of a value
///     ^ **                 from the right
struct ExpressionParser {
  private let text: String
  private let tokens: [ExpressionToken]
  private var position = 0
  private var depth = 0
  /// The columns in order of appearance, with the place of the first.
  private(set) var columns: [(name: String, at: Int)] = []

  /// The deepest nesting: parsing and evaluation are recursive.
  private static let largestDepth = 100
  /// The largest number of words.
  private static let largestLength = 5000

  init(_ text: String) throws(ExpressionError) {
    self.text = text
    tokens = try expressionTokens(text)
    // Every word adds at most one level to the tree, which evaluation descends.
    guard tokens.count <= Self.largestLength else {
      throw ExpressionError(
        .syntax, text, at: tokens[Self.largestLength].column,
        "more than \(Self.largestLength) words.")
    }
  }

  mutating func parse() throws(ExpressionError) -> ExpressionNode {
    let node = try alternatives()
    guard token.kind == .end else { throw unexpected("an operator or the end") }
    return node
  }

  private var token: ExpressionToken { tokens[position] }

  private func unexpected(_ expected: String) -> ExpressionError {
    ExpressionError(
      .syntax, text, at: token.column, "found \(token.words), expected \(expected).")
  }

  private mutating func take(_ symbols: [String]) -> (symbol: String, column: Int)? {
    guard case .symbol(let symbol) = token.kind, symbols.contains(symbol) else { return nil }
    let column = token.column
    position += 1
    return (symbol, column)
  }

  private mutating func nested(
    _ body: (inout ExpressionParser) throws(ExpressionError) -> ExpressionNode
  ) throws(ExpressionError) -> ExpressionNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.largestDepth else {
      throw ExpressionError(
        .syntax, text, at: token.column, "more than \(Self.largestDepth) levels of nesting.")
    }
    return try body(&self)
  }

  /// Reads operands of one level with the operators between them, from the left.
  private mutating func chain(
    _ symbols: [String],
    _ operand: (inout ExpressionParser) throws(ExpressionError) -> ExpressionNode
  ) throws(ExpressionError) -> ExpressionNode {
    var node = try operand(&self)
    while let found = take(symbols) {
      node = .binary(found.symbol, node, try operand(&self), at: found.column)
    }
    return node
  }

  private mutating func alternatives() throws(ExpressionError) -> ExpressionNode {
    try chain(["||"]) { parser throws(ExpressionError) in
      try parser.chain(["&&"]) { parser throws(ExpressionError) in try parser.denial() }
    }
  }

  private mutating func denial() throws(ExpressionError) -> ExpressionNode {
    guard token.kind == .name("not") else { return try comparison() }
    position += 1
    return .not(try nested { parser throws(ExpressionError) in try parser.denial() })
  }

  private mutating func comparison() throws(ExpressionError) -> ExpressionNode {
    let symbols = ["<", "<=", ">", ">=", "==", "!="]
    let first = try sum()
    guard let found = take(symbols) else { return first }
    let node = ExpressionNode.binary(found.symbol, first, try sum(), at: found.column)
    if case .symbol(let symbol) = token.kind, symbols.contains(symbol) {
      throw ExpressionError(
        .syntax, text, at: token.column,
        "comparisons cannot be chained. Write a < b && b < c instead of a < b < c.")
    }
    return node
  }

  private mutating func sum() throws(ExpressionError) -> ExpressionNode {
    try chain(["+", "-"]) { parser throws(ExpressionError) in
      try parser.chain(["*", "/", "%"]) { parser throws(ExpressionError) in try parser.signed() }
    }
  }

  private mutating func signed() throws(ExpressionError) -> ExpressionNode {
    guard let found = take(["-", "+", "!"]) else { return try power() }
    let operand = try nested { parser throws(ExpressionError) in try parser.signed() }
    switch found.symbol {
    case "-": return .negation(operand)
    case "!": return .not(operand)
    default: return operand
    }
  }

  private mutating func power() throws(ExpressionError) -> ExpressionNode {
    let base = try value()
    guard let found = take(["^"]) else { return base }
    let exponent = try nested { parser throws(ExpressionError) in try parser.signed() }
    return .binary("^", base, exponent, at: found.column)
  }

  private mutating func value() throws(ExpressionError) -> ExpressionNode {
    let start = token
    switch start.kind {
    case .number(let value):
      position += 1
      return .number(value)
    case .name(let name):
      position += 1
      if take(["("]) != nil { return try call(name, at: start.column) }
      if name == "true" { return .number(1) }
      if name == "false" { return .number(0) }
      if !columns.contains(where: { $0.name == name }) { columns.append((name, start.column)) }
      return .column(name, at: start.column)
    case .symbol("("):
      position += 1
      let node = try nested { parser throws(ExpressionError) in try parser.alternatives() }
      guard take([")"]) != nil else { throw unexpected("\")\"") }
      return node
    default:
      throw unexpected("a number, a column, a function or \"(\"")
    }
  }

  private mutating func call(_ name: String, at column: Int) throws(ExpressionError)
    -> ExpressionNode
  {
    var arguments: [ExpressionNode] = []
    if take([")"]) == nil {
      repeat {
        arguments.append(
          try nested { parser throws(ExpressionError) in try parser.alternatives() })
      } while take([","]) != nil
      guard take([")"]) != nil else { throw unexpected("\",\" or \")\"") }
    }
    if let function = ExpressionFunction.named(name, argumentCount: arguments.count) {
      return .call(name, function, arguments, at: column)
    }
    if let usage = ExpressionFunction.usage(of: name) {
      throw ExpressionError(
        .unknownFunction, text, at: column,
        "\(name) was given \(arguments.count) arguments. Write \(usage).")
    }
    let names = ExpressionFunction.names
    let hint = nearestNamesHint(for: name, among: names)
    throw ExpressionError(
      .unknownFunction, text, at: column,
      "there is no function \(name)."
        + (hint.isEmpty ? " There are \(names.joined(separator: ", "))." : hint))
  }
}
