// SPDX-License-Identifier: Apache-2.0

import ROOTIO
import Runtime

/// What an expression is worth for some consecutive entries.
package enum ExpressionValue: Sendable {
  /// The same number everywhere.
  case constant(Double)
  /// One number per entry.
  case flat([Double])
  /// A list per entry: entry `i` has the values from `offsets[i]` to before `offsets[i + 1]`.
  case jagged([Double], offsets: [Int])

  /// Makes the value of a column of numbers.
  init(_ column: Column) {
    let values = column.doubles()
    self = column.offsets.map { .jagged(values, offsets: $0) } ?? .flat(values)
  }

  /// All numbers, entry after entry.
  package var values: [Double] {
    switch self {
    case .constant(let value): [value]
    case .flat(let values), .jagged(let values, _): values
    }
  }

  /// Returns the entry that a position among ``values`` belongs to.
  func entry(ofPosition position: Int) -> Int {
    guard case .jagged(_, let offsets) = self else { return position }
    return offsets.dropLast().firstIndexOfSorted { $0 > position } - 1
  }

  /// Returns the values computed element by element.
  func map(_ body: (Double) -> Double) -> ExpressionValue {
    switch self {
    case .constant(let value): .constant(body(value))
    case .flat(let values): .flat(values.map(body))
    case .jagged(let values, let offsets): .jagged(values.map(body), offsets: offsets)
    }
  }

  /// Returns the values repeated for every element of a list.
  func spread(over offsets: [Int]) -> [Double] {
    switch self {
    case .constant(let value): Array(repeating: value, count: offsets.last ?? 0)
    case .jagged(let values, _): values
    case .flat(let values):
      zip(values, zip(offsets, offsets.dropFirst())).flatMap { value, range in
        repeatElement(value, count: range.1 - range.0)
      }
    }
  }
}
