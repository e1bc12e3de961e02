// SPDX-License-Identifier: Apache-2.0

/// Whether two numbers agree within a relative tolerance, or an absolute one near zero.
///
/// - Parameters:
///   - value: One number.
///   - expected: The other.
///   - relative: The largest difference, in units of the larger magnitude.
///   - absolute: The largest difference that counts as equal in any case.
/// - Returns: `true` where they agree; two undefined numbers do.
public func isClose<T: BinaryFloatingPoint>(
  _ value: T, _ expected: T, relative: T = 1e-5, absolute: T = 0
) -> Bool {
  if value.isNaN || expected.isNaN { return value.isNaN && expected.isNaN }
  if value == expected { return true }
  return abs(value - expected) <= max(absolute, relative * max(abs(value), abs(expected)))
}

/// Returns a sentence about the pair of elements that differs most, or `nil` where all are close.
///
///     #expect(worstDifference(scores, expected) == nil)
///
/// - Parameters:
///   - values: The numbers to check.
///   - expected: What they should be.
///   - relative: See ``isClose(_:_:relative:absolute:)``.
///   - absolute: See ``isClose(_:_:relative:absolute:)``.
/// - Returns: The sentence.
public func worstDifference<T: BinaryFloatingPoint>(
  _ values: [T], _ expected: [T], relative: T = 1e-5, absolute: T = 0
) -> String? {
  guard values.count == expected.count else {
    return "\(values.count) values, expected \(expected.count)"
  }
  var worst: (index: Int, difference: T)?
  for index in values.indices
  where !isClose(values[index], expected[index], relative: relative, absolute: absolute) {
    let difference = abs(values[index] - expected[index])
    if let current = worst, !(difference > current.difference) { continue }
    worst = (index, difference)
  }
  return worst.map { "element \($0.index) is \(values[$0.index]), expected \(expected[$0.index])" }
}
