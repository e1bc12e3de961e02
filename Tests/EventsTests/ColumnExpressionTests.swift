// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Testing

@Suite struct ColumnExpressionTests {
  /// Three entries: two numbers each, and lists of 2, 0 and 1 elements.
  static let columns: [String: ExpressionValue] = [
    "x": .flat([1, 2, 3]), "y": .flat([-1, 0.5, 4]), "missing": .flat([.nan, 1, 2]),
    "pt": .jagged([50, 20, 40], offsets: [0, 2, 2, 3]),
    "eta": .jagged([-1, 2, 0.5], offsets: [0, 2, 2, 3]),
    "other": .jagged([1, 2, 3], offsets: [0, 2, 3, 3]), "a/b c": .flat([7, 8, 9]),
  ]

  private func evaluate(_ text: String) throws -> ExpressionValue {
    try ColumnExpression(text).evaluate(firstEntry: 100) { name in
      try #require(Self.columns[name])
    }
  }

  @Test(arguments: [
    ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9), ("2 ^ 3 ^ 2", 512), ("2 ** 3", 8), ("-2 ^ 2", -4),
    ("2 ^ -1", 0.5), ("7 % 4", 3), ("10 - 4 - 3", 3), ("8 / 4 / 2", 1), ("1 < 2", 1),
    ("1 + 1 == 2 && 3 > 2", 1), ("1 || 0 && 0", 1), ("!0 + 1", 2), ("not 0 + 1", 0),
    ("not 1 == 2 and true", 1), ("false or 3 != 3", 0), ("1e3 + .5 + 2.E-1", 1000.7),
    ("min(3, max(1, 2))", 2), ("abs(-3) + sqrt(16)", 7), ("log(exp(2))", 2), ("log10(1000)", 3),
    ("pow(2, 10)", 1024), ("atan2(1, 1) * 4", Double.pi), ("sin(0) + cos(0) + tan(0)", 1),
    ("sinh(0) + cosh(0) + tanh(0)", 1), ("asinh(sinh(2))", 2),
    ("deltaPhi(3, -3)", 6 - 2 * Double.pi), ("floor(2.7)", 2),
    ("deltaR(1, 3, 4, -1 + 2 * 3.141592653589793)", hypot(3, 4 - 2 * Double.pi)),
  ])
  func `arithmetic follows the usual rules`(text: String, expected: Double) throws {
    guard case .constant(let value) = try evaluate(text) else {
      Issue.record("\(text) is not a constant")
      return
    }
    #expect(abs(value - expected) < 1e-12)
  }

  @Test(arguments: [
    ("x + y", [0, 2.5, 7]), ("x > 1 && y < 1", [0, 1, 0]), ("-x", [-1, -2, -3]),
    ("sum(pt)", [70, 0, 40]), ("max(pt) > 30", [1, 0, 1]), ("min(eta) < 0", [1, 0, 0]),
    ("count(pt > 30)", [1, 0, 1]), ("any(abs(eta) > 1.5)", [1, 0, 0]), ("all(pt > 30)", [0, 1, 1]),
    ("length(pt)", [2, 0, 1]), ("sum(pt * x)", [70, 0, 120]),
    ("sum(pt > 30 && eta < 0)", [1, 0, 0]),
    ("max(x, y)", [1, 2, 4]), ("missing > 0", [0, 1, 1]), ("`a/b c` + 1", [8, 9, 10]),
    ("deltaR(x, 0, y, 0)", [2, 1.5, 1]), ("sum(deltaR(eta, 0, x, 0))", [3, 0, 2.5]),
  ])
  func `columns are computed entry by entry`(text: String, expected: [Double]) throws {
    guard case .flat(let values) = try evaluate(text) else {
      Issue.record("\(text) is not one value per entry")
      return
    }
    #expect(values == expected)
  }

  @Test func `lists meet lists and single values element by element`() throws {
    for (text, expected) in [
      ("pt + eta", [49, 22, 40.5]), ("pt + x", [51, 21, 43]), ("2 * pt", [100, 40, 80]),
      ("min(pt, 30)", [30, 20, 30]),
    ] {
      guard case .jagged(let values, let offsets) = try evaluate(text) else {
        Issue.record("\(text) is not a list")
        continue
      }
      #expect(values == expected)
      #expect(offsets == [0, 2, 2, 3])
    }
  }

  @Test func `the columns are listed in order of appearance`() throws {
    #expect(
      try ColumnExpression("b > 1 && a + b < c(d)".replacing("c(d)", with: "sum(d)")).columns == [
        "b", "a", "d",
      ])
    #expect(try ColumnExpression("not `not` and `true`").columns == ["not", "true"])
    #expect(
      try ColumnExpression("Events.x_1 and HLT_IsoMu24").columns == ["Events.x_1", "HLT_IsoMu24"])
  }

  @Test(arguments: [
    ("x >", 4, "found the end, expected a number, a column, a function or \"(\"."),
    ("(x > 1", 7, "found the end, expected \")\"."),
    ("x y", 3, "found y, expected an operator or the end."),
    ("x = 1", 3, "\"=\" is no part of the language. Write == to compare."),
    ("x & y", 3, "\"&\" is no part of the language. Write &&."),
    ("1.2.3", 1, "1.2.3 is not a number."),
    ("2x", 1, "2x is not a number."),
    ("1 < x < 3", 7, "comparisons cannot be chained. Write a < b && b < c instead of a < b < c."),
    ("`x", 1, "a name between backquotes does not end, or is empty."),
    ("sqrtt(x)", 1, "there is no function sqrtt. Did you mean sqrt?"),
    ("atan2(x)", 1, "atan2 was given 1 argument. Write atan2(x, y)."),
    ("sum(x, y)", 1, "sum was given 2 arguments. Write sum(list)."),
    ("max(x, y, 1)", 1, "max was given 3 arguments. Write max(list) or max(x, y)."),
    ("", 1, "found the end, expected a number, a column, a function or \"(\"."),
  ])
  func `what is not an expression is an error with its place`(
    text: String, column: Int, statement: String
  ) throws {
    let error = try #require(
      #expect(throws: ExpressionError.self) { _ = try ColumnExpression(text) })
    #expect(error.statement == statement)
    #expect(error.column == column)
    #expect(error.description == "in the expression \"\(text)\", column \(column): \(statement)")
    #expect(error.caret == "    \(text)\n    \(String(repeating: " ", count: column - 1))^")
  }

  @Test func `lists of different lengths are named with their entry`() throws {
    let error = #expect(throws: ExpressionError.self) { try evaluate("x + (pt > 2 * other)") }
    #expect(error?.code == .countMismatch)
    #expect(
      error?.statement
        == "pt and other have lists of different lengths, 0 and 1 in entry 101.")
  }

  @Test func `a function of lists refuses single values`() throws {
    let error = #expect(throws: ExpressionError.self) { try evaluate("sum(x)") }
    #expect(
      error?.statement == "sum(...) needs a list per event, and was given one value per event.")
  }

  @Test func `nesting without end is an error, not a crash`() throws {
    for text in [
      String(repeating: "(", count: 100_000), String(repeating: "-", count: 4000) + "x",
      String(repeating: "not ", count: 4000) + "x", "1" + String(repeating: "+1", count: 5000),
      String(repeating: "abs(", count: 500) + "x",
    ] {
      #expect(throws: ExpressionError.self) { _ = try ColumnExpression(text) }
    }
    let long = try ColumnExpression("1" + String(repeating: "+1", count: 2000))
    guard case .constant(2001) = try long.evaluate(column: { _ in .constant(0) }) else {
      Issue.record("a long sum is wrong")
      return
    }
  }
}
