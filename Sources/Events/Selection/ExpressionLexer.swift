// SPDX-License-Identifier: Apache-2.0

/// A word of an expression.
struct ExpressionToken {
  enum Kind: Equatable {
    case number(Double)
    case name(String)
    /// An operator, parenthesis, bracket or comma.
    case symbol(String)
    case end
  }

  let kind: Kind
  /// Where it begins, in characters from 1.
  let column: Int

  /// How it is called in an error.
  var words: String {
    switch kind {
    case .number(let value): "the number \(value)"
    case .name(let name): name
    case .symbol(let symbol): "\"\(symbol)\""
    case .end: "the end"
    }
  }
}

/// Divides an expression into words.
///
/// Names hold letters, digits, `_` and `.`; any other name is written between backquotes.
func expressionTokens(_ text: String) throws(ExpressionError) -> [ExpressionToken] {
  let characters = Array(text)
  var tokens: [ExpressionToken] = []
  var index = 0
  func isDigit(_ position: Int) -> Bool {
    position < characters.count && characters[position].isASCII && characters[position].isNumber
  }
  func isNamePart(_ position: Int) -> Bool {
    position < characters.count
      && (characters[position] == "_" || characters[position] == "."
        || (characters[position].isASCII
          && (characters[position].isLetter || characters[position].isNumber)))
  }
  while index < characters.count {
    let start = index
    let character = characters[index]
    if character.isWhitespace {
      index += 1
      continue
    }
    if isDigit(index) || (character == "." && isDigit(index + 1)) {
      while isDigit(index) || (index < characters.count && characters[index] == ".") { index += 1 }
      if index < characters.count, characters[index] == "e" || characters[index] == "E" {
        let sign = index + 1 < characters.count && "+-".contains(characters[index + 1]) ? 1 : 0
        if isDigit(index + 1 + sign) {
          index += 1 + sign
          while isDigit(index) { index += 1 }
        }
      }
      while isNamePart(index) { index += 1 }
      let word = String(characters[start..<index])
      guard let value = Double(word), value.isFinite else {
        throw ExpressionError(.syntax, text, at: start + 1, "\(word) is not a number.")
      }
      tokens.append(.init(kind: .number(value), column: start + 1))
    } else if isNamePart(index) {
      while isNamePart(index) { index += 1 }
      let word = String(characters[start..<index])
      // Between backquotes these words are names.
      let kind: ExpressionToken.Kind =
        switch word {
        case "and": .symbol("&&")
        case "or": .symbol("||")
        case "not": .symbol("not")
        case "true": .number(1)
        case "false": .number(0)
        default: .name(word)
        }
      tokens.append(.init(kind: kind, column: start + 1))
    } else if character == "`" {
      guard let end = characters[(index + 1)...].firstIndex(of: "`"), end > index + 1 else {
        throw ExpressionError(
          .syntax, text, at: start + 1, "a name between backquotes does not end, or is empty.")
      }
      tokens.append(
        .init(kind: .name(String(characters[index + 1..<end])), column: start + 1))
      index = end + 1
    } else {
      let pair = String(characters[index..<min(index + 2, characters.count)])
      let symbol =
        ["&&", "||", "==", "!=", "<=", ">=", "**"].contains(pair) ? pair : String(character)
      guard symbol.count == 2 || "+-*/%^<>!(),[]".contains(character) else {
        let hint =
          ["=": " Write == to compare.", "&": " Write &&.", "|": " Write ||."][symbol] ?? ""
        throw ExpressionError(
          .syntax, text, at: start + 1, "\"\(symbol)\" is no part of the language.\(hint)")
      }
      tokens.append(.init(kind: .symbol(symbol == "**" ? "^" : symbol), column: start + 1))
      index += symbol.count
    }
  }
  tokens.append(.init(kind: .end, column: characters.count + 1))
  return tokens
}
