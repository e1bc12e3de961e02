// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

extension Expression {
  /// Computes the expression for many entries.
  ///
  /// - Parameters:
  ///   - columns: The columns by name; all of the same number of entries.
  ///   - entryCount: Number of entries.
  ///   - firstEntry: The first entry's place in its file, for messages.
  /// - Throws: ``ExpressionError`` with code `unknownName` or `shapeMismatch`.
  func evaluate(
    _ columns: [String: ColumnData], entryCount: Int, firstEntry: Int = 0
  ) throws(ExpressionError) -> ColumnData {
    try evaluate(node, columns, entryCount, firstEntry)
  }

  private func evaluate(
    _ node: ExpressionNode, _ columns: [String: ColumnData], _ count: Int, _ first: Int
  ) throws(ExpressionError) -> ColumnData {
    switch node {
    case .number(let value):
      return ColumnData(values: [Double](repeating: value, count: count))
    case .column(let name, let place):
      guard let data = columns[name] else {
        throw ExpressionError(
          code: .unknownName, text: text, column: place,
          statement: "there is no column \(name)."
            + nearestNamesHint(for: name, among: columns.keys))
      }
      return data
    case .unary(let symbol, let operand):
      var data = try evaluate(operand, columns, count, first)
      for index in data.values.indices {
        data.values[index] =
          symbol == "-" ? -data.values[index] : (data.values[index] != 0 ? 0 : 1)
      }
      return data
    case .binary(let symbol, let left, let right, let place):
      return try combine(
        try evaluate(left, columns, count, first), try evaluate(right, columns, count, first),
        place: place, firstEntry: first, by: Self.operation(symbol))
    case .call(let name, let arguments, let place):
      var data: [ColumnData] = []
      for argument in arguments { data.append(try evaluate(argument, columns, count, first)) }
      return try call(name, data, place: place, firstEntry: first)
    }
  }

  private func call(
    _ name: String, _ arguments: [ColumnData], place: Int, firstEntry: Int
  ) throws(ExpressionError) -> ColumnData {
    if let function = Self.functions[name] {
      return ColumnData(values: arguments[0].values.map(function), offsets: arguments[0].offsets)
    }
    if let function = Self.pairFunctions[name] {
      return try combine(
        arguments[0], arguments[1], place: place, firstEntry: firstEntry, by: function)
    }
    if name == "deltaR" {
      let eta = try combine(
        arguments[0], arguments[2], place: place, firstEntry: firstEntry, by: -)
      let phi = try call(
        "deltaPhi", [arguments[1], arguments[3]], place: place, firstEntry: firstEntry)
      return try combine(eta, phi, place: place, firstEntry: firstEntry) { hypot($0, $1) }
    }
    if arguments.count == 2 {
      return try combine(arguments[0], arguments[1], place: place, firstEntry: firstEntry) {
        name == "max" ? max($0, $1) : min($0, $1)
      }
    }
    guard let offsets = arguments[0].offsets else {
      throw ExpressionError(
        code: .shapeMismatch, text: text, column: place,
        statement: "\(name) makes one number of a list, and was given one number per event. "
          + "Leave it out, or name a column of a collection.")
    }
    return ColumnData(values: reduce(name, arguments[0].values, offsets))
  }

  private func reduce(_ name: String, _ values: [Double], _ offsets: [Int]) -> [Double] {
    (0..<offsets.count - 1).map { entry -> Double in
      let list = values[offsets[entry]..<offsets[entry + 1]]
      switch name {
      case "sum": return list.reduce(0, +)
      case "max": return list.max() ?? .nan
      case "min": return list.min() ?? .nan
      case "count": return Double(list.count { $0 != 0 })
      case "any": return list.contains { $0 != 0 } ? 1 : 0
      case "all": return list.contains(0) ? 0 : 1
      default: return Double(list.count)
      }
    }
  }

  private func combine(
    _ left: ColumnData, _ right: ColumnData, place: Int, firstEntry: Int,
    by operation: (Double, Double) -> Double
  ) throws(ExpressionError) -> ColumnData {
    switch (left.offsets, right.offsets) {
    case (nil, nil):
      return ColumnData(values: zip(left.values, right.values).map(operation))
    case (let lists?, nil):
      let others = spread(right.values, over: lists)
      return ColumnData(values: zip(left.values, others).map(operation), offsets: lists)
    case (nil, let lists?):
      let others = spread(left.values, over: lists)
      return ColumnData(values: zip(others, right.values).map(operation), offsets: lists)
    case (let lists?, let others?):
      if lists != others {
        for entry in 0..<lists.count - 1 {
          let own = lists[entry + 1] - lists[entry]
          let other = others[entry + 1] - others[entry]
          guard own != other else { continue }
          throw ExpressionError(
            code: .shapeMismatch, text: text, column: place,
            statement: """
              lists of different collections meet: in entry \(firstEntry + entry) the left one \
              has \(own) elements, the right one \(other). Make one number of each first, as \
              with max(...) or sum(...).
              """)
        }
      }
      return ColumnData(values: zip(left.values, right.values).map(operation), offsets: lists)
    }
  }

  private func spread(_ values: [Double], over offsets: [Int]) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(offsets.last ?? 0)
    for entry in values.indices {
      result += repeatElement(values[entry], count: offsets[entry + 1] - offsets[entry])
    }
    return result
  }

  private static func operation(_ symbol: String) -> (Double, Double) -> Double {
    guard let operation = operations[symbol] else {
      preconditionFailure("The parser made an operator \(symbol) that has no meaning.")
    }
    return operation
  }

  private typealias Operation = @Sendable (Double, Double) -> Double

  private static func truth(_ isTrue: Bool) -> Double { isTrue ? 1 : 0 }

  private static let operations: [String: Operation] = {
    var table: [String: Operation] = [:]
    table["+"] = { $0 + $1 }
    table["-"] = { $0 - $1 }
    table["*"] = { $0 * $1 }
    table["/"] = { $0 / $1 }
    table["%"] = { fmod($0, $1) }
    table["^"] = { pow($0, $1) }
    table["<"] = { truth($0 < $1) }
    table["<="] = { truth($0 <= $1) }
    table[">"] = { truth($0 > $1) }
    table[">="] = { truth($0 >= $1) }
    table["=="] = { truth($0 == $1) }
    table["!="] = { truth($0 != $1) }
    table["&&"] = { truth($0 != 0 && $1 != 0) }
    table["||"] = { truth($0 != 0 || $1 != 0) }
    return table
  }()
}
