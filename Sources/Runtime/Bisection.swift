// SPDX-License-Identifier: Apache-2.0

extension RandomAccessCollection where Index == Int {
  /// Returns the first index from which on all elements fulfill a condition, by bisection.
  ///
  /// - Parameter condition: Is fulfilled by no element, or by one and all behind it.
  /// - Returns: The end index if no element fulfills it.
  @inlinable
  package func firstIndexOfSorted(where condition: (Element) -> Bool) -> Int {
    var low = startIndex
    var high = endIndex
    while low < high {
      let middle = low + (high - low) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
