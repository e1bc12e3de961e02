// SPDX-License-Identifier: Apache-2.0

import Foundation
import Study
import Synchronization
import Testing

@Suite struct ParallelJobsTests {
  private struct Failure: Error, Equatable { var index: Int }

  @Test(arguments: [1, 2, 5]) func `every job is done once`(width: Int) throws {
    let done = Mutex<[Int]>([])
    try runInParallel(count: 40, width: width) { index in done.withLock { $0.append(index) } }
    #expect(done.withLock { $0.sorted() } == Array(0..<40))
    try runInParallel(count: 0, width: width) { _ in Issue.record("There is no job.") }
  }

  @Test(arguments: [1, 3]) func `a failure is thrown and ends the work`(width: Int) {
    let begun = Mutex(0)
    #expect(throws: Failure(index: 3)) {
      try runInParallel(count: 1000, width: width) { index in
        begun.withLock { $0 += 1 }
        if index == 3 { throw Failure(index: index) }
        // Time for the failure to be seen: empty jobs may all be done before.
        Thread.sleep(forTimeInterval: 0.002)
      }
    }
    #expect(begun.withLock { $0 } < 1000)
  }
}
