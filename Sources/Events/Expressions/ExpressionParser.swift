// SPDX-License-Identifier: Apache-2.0

/// A node of a parsed expression.
indirect enum ExpressionNode: Equatable, Sendable {
  case number(Double)
  case column(String, place: Int)
  case unary(String, ExpressionNode)
  case binary(String, ExpressionNode, ExpressionNode, place: Int)
  case call(String, [ExpressionNode], place: Int)
}

/// Reads expressions by recursive descent; lower lines bind tighter.
///
///     ||  or
///     &&  and
///     !   not
///     < <= > >= == !=
///     + -
///     * / %
///     -x +x
///     ^ **                right-associative
///     number  name  f(x, ...)  (x)
struct ExpressionParser {
  private struct Token {
    enum Kind { case number, name, symbol, end }
    var kind: Kind
    var text: String
    var place: Int
  }

  private let text: String
  private var tokens: [Token] = []
  private var position = 0
  private var depth = 0
  /// Nesting beyond this is refused: no analysis needs it, and the stack is finite.
  private static let largestDepth = 200

  /// Parses a text.
  ///
  /// - Throws: ``ExpressionError`` with code `syntax`, which points at the place.
  static func parse(_ text: String) throws(ExpressionError) -> ExpressionNode {
    var parser = ExpressionParser(text: text)
    try parser.tokenize()
    let node = try parser.disjunction()
    guard parser.current.kind == .end else {
      throw parser.unexpected("an operator or the end")
    }
    return node
  }

  private init(text: String) { self.text = text }

  private var current: Token { tokens[position] }

  private func unexpected(_ expected: String) -> ExpressionError {
    let found = current.kind == .end ? "the end" : "\"\(current.text)\""
    return ExpressionError(
      code: .syntax, text: text, column: current.place,
      statement: "found \(found), expected \(expected).")
  }

  // MARK: - Tokens

  private mutating func tokenize() throws(ExpressionError) {
    let characters = Array(text)
    var index = 0
    while index < characters.count {
      let character = characters[index]
      let start = index
      if character.isWhitespace {
        index += 1
      } else if character.isASCII, character.isLetter || character == "_" {
        // A dot belongs to a name: split branches are called "Jet.pt" or "Jet.fPt".
        while index < characters.count,
          characters[index].isASCII,
          characters[index].isLetter || characters[index].isNumber || "_.".contains(characters[index])
        { index += 1 }
        tokens.append(Token(kind: .name, text: String(characters[start..<index]), place: start + 1))
      } else if character.isASCII && character.isNumber || character == "." {
        index = Self.endOfNumber(characters, from: index)
        let word = String(characters[start..<index])
        guard Double(word) != nil else {
          throw ExpressionError(
            code: .syntax, text: text, column: start + 1,
            statement: "found \"\(word)\", expected a number.")
        }
        tokens.append(Token(kind: .number, text: word, place: start + 1))
      } else {
        let pair = String(characters[index..<min(index + 2, characters.count)])
        let isPair = ["&&", "||", "<=", ">=", "==", "!=", "**"].contains(pair)
        let symbol = isPair ? pair : String(character)
        guard isPair || "+-*/%^<>!(),".contains(character) else {
          throw ExpressionError(
            code: .syntax, text: text, column: start + 1,
            statement: "found \"\(symbol)\", which is not part of any expression."
              + (character == "=" ? " Equality is written ==." : "")
              + (character == "&" ? " And is written &&." : "")
              + (character == "|" ? " Or is written ||." : ""))
        }
        tokens.append(Token(kind: .symbol, text: symbol, place: start + 1))
        index += symbol.count
      }
    }
    tokens.append(Token(kind: .end, text: "", place: characters.count + 1))
  }

  private static func endOfNumber(_ characters: [Character], from start: Int) -> Int {
    var index = start
    while index < characters.count, characters[index].isNumber || characters[index] == "." {
      index += 1
    }
    if index < characters.count, "eE".contains(characters[index]) {
      var next = index + 1
      if next < characters.count, "+-".contains(characters[next]) { next += 1 }
      if next < characters.count, characters[next].isNumber {
        while next < characters.count, characters[next].isNumber { next += 1 }
        index = next
      }
    }
    return index
  }

  private mutating func accept(_ symbols: String...) -> Token? {
    guard current.kind != .number, symbols.contains(current.text) else { return nil }
    defer { position += 1 }
    return current
  }

  // MARK: - Levels

  private mutating func disjunction() throws(ExpressionError) -> ExpressionNode {
    var node = try conjunction()
    while let token = accept("||", "or") {
      node = .binary("||", node, try conjunction(), place: token.place)
    }
    return node
  }

  private mutating func conjunction() throws(ExpressionError) -> ExpressionNode {
    var node = try negation()
    while let token = accept("&&", "and") {
      node = .binary("&&", node, try negation(), place: token.place)
    }
    return node
  }

  private mutating func negation() throws(ExpressionError) -> ExpressionNode {
    if accept("!", "not") != nil { return .unary("!", try nested { p throws(ExpressionError) in try p.negation() }) }
    return try comparison()
  }

  private mutating func comparison() throws(ExpressionError) -> ExpressionNode {
    let left = try sum()
    guard let token = accept("<", "<=", ">", ">=", "==", "!=") else { return left }
    let node = ExpressionNode.binary(token.text, left, try sum(), place: token.place)
    if accept("<", "<=", ">", ">=", "==", "!=") != nil {
      position -= 1
      throw unexpected("&& between two comparisons")
    }
    return node
  }

  private mutating func sum() throws(ExpressionError) -> ExpressionNode {
    var node = try product()
    while let token = accept("+", "-") {
      node = .binary(token.text, node, try product(), place: token.place)
    }
    return node
  }

  private mutating func product() throws(ExpressionError) -> ExpressionNode {
    var node = try sign()
    while let token = accept("*", "/", "%") {
      node = .binary(token.text, node, try sign(), place: token.place)
    }
    return node
  }

  private mutating func sign() throws(ExpressionError) -> ExpressionNode {
    if accept("-") != nil { return .unary("-", try nested { p throws(ExpressionError) in try p.sign() }) }
    if accept("+") != nil { return try nested { p throws(ExpressionError) in try p.sign() } }
    let base = try atom()
    guard let token = accept("^", "**") else { return base }
    return .binary("^", base, try nested { p throws(ExpressionError) in try p.sign() }, place: token.place)
  }

  private mutating func atom() throws(ExpressionError) -> ExpressionNode {
    let token = current
    switch token.kind {
    case .number:
      position += 1
      return .number(Double(token.text) ?? .nan)
    case .name where !["and", "or", "not"].contains(token.text):
      position += 1
      if accept("(") == nil { return .column(token.text, place: token.place) }
      var arguments: [ExpressionNode] = []
      if accept(")") == nil {
        repeat {
          arguments.append(try nested { p throws(ExpressionError) in try p.disjunction() })
        } while accept(",") != nil
        guard accept(")") != nil else { throw unexpected("\",\" or \")\"") }
      }
      return .call(token.text, arguments, place: token.place)
    default:
      guard accept("(") != nil else { throw unexpected("a number, a column or \"(\"") }
      let node = try nested { p throws(ExpressionError) in try p.disjunction() }
      guard accept(")") != nil else { throw unexpected("\")\"") }
      return node
    }
  }

  private mutating func nested(
    _ body: (inout ExpressionParser) throws(ExpressionError) -> ExpressionNode
  ) throws(ExpressionError) -> ExpressionNode {
    guard depth < Self.largestDepth else {
      throw unexpected("at most \(Self.largestDepth) levels of nesting")
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }
}
