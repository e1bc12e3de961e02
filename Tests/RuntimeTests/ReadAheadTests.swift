// SPDX-License-Identifier: Apache-2.0

import Runtime
import Synchronization
import Testing

@Suite struct ReadAheadTests {
  private struct Failure: Error {}

  @Test(arguments: [0, 1, 5]) func `values come in order`(ahead: Int) throws {
    let values = ReadAhead(count: 20, ahead: ahead) { $0 * $0 }
    var taken: [Int] = []
    try values.consume {
      taken.append($0)
      return true
    }
    #expect(taken == (0..<20).map { $0 * $0 })
  }

  @Test(arguments: [0, 2]) func `no more is made than is asked for and ahead`(ahead: Int) throws {
    let made = Mutex(0)
    let values = ReadAhead(count: 20, ahead: ahead) { index in
      made.withLock { $0 = index + 1 }
      return index
    }
    try values.consume { $0 < 3 }
    // Four were taken; the thread may not have come to those ahead.
    let most = 4 + ahead
    #expect((4...most).contains(made.withLock { $0 }))
  }

  @Test func `an error comes where its value would`() throws {
    let values = ReadAhead(count: 5, ahead: 3) { index in
      if index == 2 { throw Failure() }
      return index
    }
    var taken: [Int] = []
    #expect(throws: Failure.self) {
      try values.consume {
        taken.append($0)
        return true
      }
    }
    #expect(taken == [0, 1])
  }
}
