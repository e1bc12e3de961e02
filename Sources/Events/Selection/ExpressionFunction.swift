// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kinematics

/// What a name followed by arguments computes.
enum ExpressionFunction: Sendable {
  /// Element by element, of one argument.
  case unary(@Sendable (Double) -> Double)
  /// Element by element, of two arguments.
  case binary(@Sendable (Double, Double) -> Double)
  /// Element by element, of more.
  case elementwise(@Sendable ([Double]) -> Double)
  /// One value per event from a list; the list may be empty.
  case reduction(@Sendable (ArraySlice<Double>) -> Double)
  /// One value per event from a list and a value; the list may be empty.
  case choice(@Sendable (ArraySlice<Double>, Double) -> Double)

  /// Returns the function of a name and number of arguments, or `nil`.
  ///
  /// `min` and `max` of two arguments work element by element, of one on a list.
  static func named(_ name: String, argumentCount: Int) -> ExpressionFunction? {
    if argumentCount == 1, let function = unary[name] { return .unary(function) }
    if argumentCount == 2, let function = binary[name] { return .binary(function) }
    if argumentCount == 4, name == "deltaR" {
      return .elementwise { hypot($0[0] - $0[2], angle($0[1], $0[3])) }
    }
    if argumentCount == 1, let function = reductions[name] { return .reduction(function) }
    if argumentCount == 2, name == "nearest" { return .choice(nearest) }
    return nil
  }

  /// Returns how a function is called, or `nil` where none has the name.
  static func usage(of name: String) -> String? {
    var forms: [String] = []
    if reductions[name] != nil { forms.append("\(name)(list)") }
    if unary[name] != nil { forms.append("\(name)(x)") }
    if binary[name] != nil { forms.append("\(name)(x, y)") }
    if name == "nearest" { forms.append("nearest(list, value)") }
    if name == "deltaR" { forms.append("deltaR(eta1, phi1, eta2, phi2)") }
    return forms.isEmpty ? nil : forms.joined(separator: " or ")
  }

  /// The names of all functions, in alphabetic order.
  static var names: [String] {
    Set(unary.keys).union(binary.keys).union(reductions.keys).union(["deltaR", "nearest"]).sorted()
  }

  private static let unary: [String: @Sendable (Double) -> Double] = [
    "abs": { abs($0) }, "sqrt": { $0.squareRoot() }, "log": { log($0) }, "log10": { log10($0) },
    "exp": { exp($0) }, "sin": { sin($0) }, "cos": { cos($0) }, "tan": { tan($0) },
    "sinh": { sinh($0) }, "cosh": { cosh($0) }, "tanh": { tanh($0) }, "asinh": { asinh($0) },
    "floor": { floor($0) },
  ]

  private static let binary: [String: @Sendable (Double, Double) -> Double] = [
    // A missing argument makes the result missing, which Swift's own min and max do not promise.
    "min": { $0.isNaN || $1.isNaN ? .nan : min($0, $1) },
    "max": { $0.isNaN || $1.isNaN ? .nan : max($0, $1) },
    "pow": { pow($0, $1) }, "atan2": { atan2($0, $1) }, "deltaPhi": { angle($0, $1) },
  ]

  /// Missing elements count as false, and are left out of sums and extremes.
  private static let reductions: [String: @Sendable (ArraySlice<Double>) -> Double] = [
    "sum": { $0.reduce(0) { $1.isNaN ? $0 : $0 + $1 } },
    "min": { $0.filter { !$0.isNaN }.min() ?? .nan },
    "max": { $0.filter { !$0.isNaN }.max() ?? .nan },
    "any": { $0.contains { isTrue($0) } ? 1 : 0 },
    "all": { $0.allSatisfy { isTrue($0) } ? 1 : 0 },
    "count": { Double($0.count { isTrue($0) }) },
    "length": { Double($0.count) },
  ]

  /// The first of the closest elements, where several are.
  @Sendable private static func nearest(_ list: ArraySlice<Double>, _ value: Double) -> Double {
    guard !value.isNaN else { return .nan }
    return list.filter { !$0.isNaN }.min { abs($0 - value) < abs($1 - value) } ?? .nan
  }

  private static func angle(_ first: Double, _ second: Double) -> Double {
    let difference = first - second
    return difference.isFinite ? wrappedPhi(difference) : .nan
  }
}

/// Whether a number counts as true: neither 0 nor missing.
func isTrue(_ value: Double) -> Bool { value != 0 && !value.isNaN }
