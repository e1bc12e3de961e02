// SPDX-License-Identifier: Apache-2.0

import Runtime
import Testing

@Suite struct BisectionTests {
  @Test func `the first of those that fulfill a condition is found, as by looking at all`() {
    for values in [[], [4], [1, 1, 3], [2, 2, 2, 2], Array(0..<17), [0, 5, 5, 5, 9, 9, 12]] {
      for bound in -1...18 {
        let expected = values.firstIndex { $0 >= bound } ?? values.endIndex
        #expect(values.firstIndexOfSorted { $0 >= bound } == expected)
      }
    }
  }

  @Test func `a slice has the indices of its whole`() {
    let values = [9, 1, 2, 3, 0]
    #expect(values[1...3].firstIndexOfSorted { $0 >= 2 } == 2)
    #expect(values[1...3].firstIndexOfSorted { $0 > 3 } == 4)
    #expect(values[2..<2].firstIndexOfSorted { $0 > 0 } == 2)
  }
}
