// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Computes the tree of an expression for some consecutive entries or events.
struct ExpressionEvaluator {
  /// The expression as written, for errors.
  let text: String
  /// The number of the first entry, for errors.
  let firstEntry: Int
  /// What an entry is called in errors.
  var entryWord = "entry"
  /// Returns the values of a column.
  let column: (String) throws -> ExpressionValue
  /// Returns the values of a function of objects.
  let objects: (ObjectFunction, [ObjectReference]) -> ExpressionValue

  /// Computes a tree.
  ///
  /// - Throws: ``ExpressionError``, and what ``column`` throws.
  func evaluate(_ node: ExpressionNode) throws -> ExpressionValue {
    switch node {
    case .number(let value): return .constant(value)
    case .column(let name, _): return try column(name)
    case .negation(let operand): return try evaluate(operand).map { -$0 }
    case .not(let operand):
      return try evaluate(operand).map { isTrue($0) ? 0 : 1 }
    case .binary: return try evaluate(chain: node)
    case .call(let name, let function, let arguments, let position):
      let values = try arguments.map { try evaluate($0) }
      switch function {
      case .unary(let body): return values[0].map(body)
      case .binary(let body): return try combine(values, arguments, position, body)
      case .elementwise(let body):
        return try combineAll(values, arguments, position, body)
      case .reduction(let body):
        let (list, offsets) = try list(values[0], "\(name)(...)", position)
        return .flat(zip(offsets, offsets.dropFirst()).map { body(list[$0..<$1]) })
      case .choice(let body):
        let (list, offsets) = try list(values[0], "\(name)(...)", position)
        let count = offsets.count - 1
        let targets: [Double]
        switch values[1] {
        case .constant(let value): targets = Array(repeating: value, count: count)
        case .flat(let numbers): targets = numbers
        case .jagged:
          throw ExpressionError(
            .wrongShape, text, at: position,
            "\(name)(list, value) needs one value per event behind the list, and was given a list.")
        }
        return .flat((0..<count).map { body(list[offsets[$0]..<offsets[$0 + 1]], targets[$0]) })
      }
    case .element(let operand, let index, let position):
      let (list, offsets) = try list(evaluate(operand), "[\(index)]", position)
      return .flat(
        zip(offsets, offsets.dropFirst()).map { index < $1 - $0 ? list[$0 + index] : .nan })
    case .objects(_, let function, let references, _):
      return objects(function, references)
    }
  }

  /// Computes a chain as a + b - c from the left, in a loop: it may be longer than the stack is deep.
  private func evaluate(chain: ExpressionNode) throws -> ExpressionValue {
    var links: [(node: ExpressionNode, first: ExpressionNode)] = []
    var first = chain
    while case .binary(_, let before, _, _) = first {
      links.append((first, before))
      first = before
    }
    var value = try evaluate(first)
    for link in links.reversed() {
      guard case .binary(let symbol, _, let second, let position) = link.node else { continue }
      value = try combine(
        [value, evaluate(second)], [link.first, second], position, Self.operation(symbol))
    }
    return value
  }

  private func list(
    _ value: ExpressionValue, _ name: String, _ position: Int
  ) throws(ExpressionError) -> (values: [Double], offsets: [Int]) {
    guard case .jagged(let values, let offsets) = value else {
      throw ExpressionError(
        .wrongShape, text, at: position,
        "\(name) needs a list per event, and was given one value per event.")
    }
    return (values, offsets)
  }

  private func combine(
    _ values: [ExpressionValue], _ nodes: [ExpressionNode], _ position: Int,
    _ body: (Double, Double) -> Double
  ) throws(ExpressionError) -> ExpressionValue {
    switch (values[0], values[1]) {
    case (.constant(let first), let second): return second.map { body(first, $0) }
    case (let first, .constant(let second)): return first.map { body($0, second) }
    case (.flat(let first), .flat(let second)): return .flat(zip(first, second).map(body))
    default:
      let offsets = try commonOffsets(values, nodes, position)
      let first = values[0].spread(over: offsets)
      let second = values[1].spread(over: offsets)
      return .jagged(zip(first, second).map(body), offsets: offsets)
    }
  }

  private func combineAll(
    _ values: [ExpressionValue], _ nodes: [ExpressionNode], _ position: Int,
    _ body: ([Double]) -> Double
  ) throws(ExpressionError) -> ExpressionValue {
    if values.allSatisfy({ if case .constant = $0 { true } else { false } }) {
      return .constant(body(values.map { $0.values[0] }))
    }
    let offsets = try commonOffsets(values, nodes, position)
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
    _ values: [ExpressionValue], _ nodes: [ExpressionNode], _ position: Int
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
          + "lengths, \(first) and \(second) in \(entryWord) \(firstEntry + entry - 1).")
    }
    return result?.offsets ?? Array(0...entryCount)
  }

  /// Returns the names of the columns and functions that make the lists below a node.
  private static func names(_ node: ExpressionNode) -> String {
    func collect(_ node: ExpressionNode) -> [String] {
      switch node {
      case .number: []
      case .column(let name, _): [name]
      case .negation(let operand), .not(let operand): collect(operand)
      case .binary(_, let first, let second, _): collect(first) + collect(second)
      case .call(_, .reduction, _, _), .call(_, .choice, _, _), .element: []
      case .objects(let name, _, let references, _):
        references.count == 1 && name.contains(".") ? [name] : ["\(name)(...)"]
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
