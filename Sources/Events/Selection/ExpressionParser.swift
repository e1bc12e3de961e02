// SPDX-License-Identifier: Apache-2.0

/// What an expression says, before it is known what its names stand for.
indirect enum ExpressionSyntax {
  case number(Double)
  case name(String, at: Int)
  case binary(String, ExpressionSyntax, ExpressionSyntax, at: Int)
  case negation(ExpressionSyntax)
  case not(ExpressionSyntax)
  case call(String, [ExpressionSyntax], at: Int)
  /// `list[0]`, or `jet[0, btag]` with the quantity that gives the order.
  case element(ExpressionSyntax, Int, order: (name: String, at: Int)?, at: Int)
  /// `jet[0].pt`.
  case member(ExpressionSyntax, String, at: Int)
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
///     [n] .name            behind a value
struct ExpressionParser {
  private let text: String
  private let tokens: [ExpressionToken]
  private var position = 0
  private var depth = 0

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

  mutating func parse() throws(ExpressionError) -> ExpressionSyntax {
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
    _ body: (inout ExpressionParser) throws(ExpressionError) -> ExpressionSyntax
  ) throws(ExpressionError) -> ExpressionSyntax {
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
    _ operand: (inout ExpressionParser) throws(ExpressionError) -> ExpressionSyntax
  ) throws(ExpressionError) -> ExpressionSyntax {
    var node = try operand(&self)
    while let found = take(symbols) {
      node = .binary(found.symbol, node, try operand(&self), at: found.column)
    }
    return node
  }

  private mutating func alternatives() throws(ExpressionError) -> ExpressionSyntax {
    try chain(["||"]) { parser throws(ExpressionError) in
      try parser.chain(["&&"]) { parser throws(ExpressionError) in try parser.denial() }
    }
  }

  private mutating func denial() throws(ExpressionError) -> ExpressionSyntax {
    guard take(["not"]) != nil else { return try comparison() }
    return .not(try nested { parser throws(ExpressionError) in try parser.denial() })
  }

  private mutating func comparison() throws(ExpressionError) -> ExpressionSyntax {
    let symbols = ["<", "<=", ">", ">=", "==", "!="]
    let first = try sum()
    guard let found = take(symbols) else { return first }
    let node = ExpressionSyntax.binary(found.symbol, first, try sum(), at: found.column)
    if case .symbol(let symbol) = token.kind, symbols.contains(symbol) {
      throw ExpressionError(
        .syntax, text, at: token.column,
        "comparisons cannot be chained. Write a < b && b < c instead of a < b < c.")
    }
    return node
  }

  private mutating func sum() throws(ExpressionError) -> ExpressionSyntax {
    try chain(["+", "-"]) { parser throws(ExpressionError) in
      try parser.chain(["*", "/", "%"]) { parser throws(ExpressionError) in try parser.signed() }
    }
  }

  private mutating func signed() throws(ExpressionError) -> ExpressionSyntax {
    guard let found = take(["-", "+", "!"]) else { return try power() }
    let operand = try nested { parser throws(ExpressionError) in try parser.signed() }
    switch found.symbol {
    case "-": return .negation(operand)
    case "!": return .not(operand)
    default: return operand
    }
  }

  private mutating func power() throws(ExpressionError) -> ExpressionSyntax {
    let base = try element()
    guard let found = take(["^"]) else { return base }
    let exponent = try nested { parser throws(ExpressionError) in try parser.signed() }
    return .binary("^", base, exponent, at: found.column)
  }

  /// Reads a value with the bracket and the member behind it.
  private mutating func element() throws(ExpressionError) -> ExpressionSyntax {
    var node = try value()
    guard let bracket = take(["["]) else { return node }
    node = try element(of: node, at: bracket.column)
    if case .name(let name) = token.kind, name.hasPrefix("."), name.count > 1 {
      node = .member(node, String(name.dropFirst()), at: token.column)
      position += 1
    }
    return node
  }

  private mutating func element(
    of list: ExpressionSyntax, at column: Int
  ) throws(ExpressionError) -> ExpressionSyntax {
    guard case .number(let value) = token.kind, let index = Int(exactly: value) else {
      throw unexpected("a whole number from 0, as in jet[0]")
    }
    position += 1
    var order: (name: String, at: Int)?
    if take([","]) != nil {
      guard case .name(let name) = token.kind else {
        throw unexpected("a quantity that gives the order, as in jet[0, btag]")
      }
      order = (name, token.column)
      position += 1
    }
    guard take(["]"]) != nil else { throw unexpected(order == nil ? "\",\" or \"]\"" : "\"]\"") }
    return .element(list, index, order: order, at: column)
  }

  private mutating func value() throws(ExpressionError) -> ExpressionSyntax {
    let start = token
    switch start.kind {
    case .number(let value):
      position += 1
      return .number(value)
    case .name(let name):
      position += 1
      if take(["("]) != nil { return try call(name, at: start.column) }
      return .name(name, at: start.column)
    case .symbol("("):
      position += 1
      let node = try nested { parser throws(ExpressionError) in try parser.alternatives() }
      guard take([")"]) != nil else { throw unexpected("\")\"") }
      return node
    default:
      throw unexpected("a number, a column, a function or \"(\"")
    }
  }

  private mutating func call(
    _ name: String, at column: Int
  ) throws(ExpressionError) -> ExpressionSyntax {
    var arguments: [ExpressionSyntax] = []
    if take([")"]) == nil {
      repeat {
        arguments.append(
          try nested { parser throws(ExpressionError) in try parser.alternatives() })
      } while take([","]) != nil
      guard take([")"]) != nil else { throw unexpected("\",\" or \")\"") }
    }
    return .call(name, arguments, at: column)
  }
}
