// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// Numbers of many entries: one for each entry, or a list for each.
struct ColumnData: Sendable {
  /// The numbers, entry by entry. NaN stays NaN.
  var values: [Double]
  /// Where the list of each entry begins; `nil` where every entry has one number.
  var offsets: [Int]?

  /// Number of entries.
  var entryCount: Int { offsets.map { $0.count - 1 } ?? values.count }
}

/// A selection, a variable or a weight: an expression over columns, computed for many entries at
/// once.
///
///     let selection = try Expression("nMuon >= 1 && max(Muon_pt) > 26")
///
/// Truth is 1 and falsehood 0. A number of the event meets a list element by element; lists meet
/// only if their lengths agree in every entry. `sum`, `max`, `min`, `count`, `any`, `all` and
/// `length` make one number of a list; `max` and `min` of an empty list are NaN, and comparisons
/// with NaN are false.
public struct Expression: Sendable {
  /// The text as written.
  public let text: String
  let node: ExpressionNode

  /// Parses an expression.
  ///
  /// - Throws: ``ExpressionError`` with code `syntax`, `unknownName` or `wrongArguments`.
  public init(_ text: String) throws(ExpressionError) {
    self.text = text
    node = try ExpressionParser.parse(text)
    try check(node)
  }

  init(node: ExpressionNode, text: String) {
    self.text = text
    self.node = node
  }

  /// The columns that are needed, in the order of their first use.
  public var columns: [String] {
    var result: [String] = []
    func visit(_ node: ExpressionNode) {
      switch node {
      case .number: break
      case .column(let name, _): if !result.contains(name) { result.append(name) }
      case .unary(_, let operand): visit(operand)
      case .binary(_, let left, let right, _):
        visit(left)
        visit(right)
      case .call(_, let arguments, _): arguments.forEach(visit)
      }
    }
    visit(node)
    return result
  }

  /// The value of an expression that is a number and nothing else, as in `0.10566` or `-999`.
  var constant: Double? {
    switch node {
    case .number(let value): value
    case .unary("-", .number(let value)): -value
    default: nil
    }
  }

  /// Functions of one number.
  static let functions: [String: @Sendable (Double) -> Double] = [
    "abs": { abs($0) }, "sqrt": { $0.squareRoot() }, "log": { log($0) }, "log10": { log10($0) },
    "exp": { exp($0) }, "sin": { sin($0) }, "cos": { cos($0) }, "tan": { tan($0) },
    "sinh": { sinh($0) }, "cosh": { cosh($0) }, "tanh": { tanh($0) }, "asinh": { asinh($0) },
    "floor": { floor($0) },
  ]
  /// Functions of two numbers. `deltaPhi` is in (−π, π].
  static let pairFunctions: [String: @Sendable (Double, Double) -> Double] = [
    "pow": { pow($0, $1) }, "atan2": { atan2($0, $1) },
    "deltaPhi": { first, second in
      let turned = remainder(first - second, 2 * .pi)
      return turned <= -.pi ? .pi : turned
    },
  ]
  /// Functions that make one number of a list.
  static let listFunctions: Set<String> = ["sum", "max", "min", "count", "any", "all", "length"]

  private func check(_ node: ExpressionNode) throws(ExpressionError) {
    switch node {
    case .number, .column: return
    case .unary(_, let operand): try check(operand)
    case .binary(_, let left, let right, _):
      try check(left)
      try check(right)
    case .call(let name, let arguments, let place):
      for argument in arguments { try check(argument) }
      let counts: ClosedRange<Int>
      if Self.functions[name] != nil {
        counts = 1...1
      } else if Self.pairFunctions[name] != nil {
        counts = 2...2
      } else if Self.listFunctions.contains(name) {
        counts = name == "max" || name == "min" ? 1...2 : 1...1
      } else if name == "deltaR" {
        counts = 4...4
      } else {
        let all =
          Array(Self.functions.keys) + Array(Self.pairFunctions.keys) + Array(Self.listFunctions)
          + ["deltaR"]
        throw ExpressionError(
          code: .unknownName, text: text, column: place,
          statement: "there is no function \(name)." + nearestNamesHint(for: name, among: all))
      }
      guard counts.contains(arguments.count) else {
        let expected =
          counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound) or \(counts.upperBound)"
        throw ExpressionError(
          code: .wrongArguments, text: text, column: place,
          statement: "\(name) was given \(arguments.count) arguments, expected \(expected)."
            + (name == "deltaR" ? " Write deltaR(eta1, phi1, eta2, phi2)." : ""))
      }
    }
  }
}
