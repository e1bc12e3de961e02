// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import Torch

@Suite struct WorkersTests {
  private struct Failure: Error, Equatable { var index: Int }

  @Test(arguments: [1, 2, 5]) func `every job is done once`(width: Int) throws {
    let done = Mutex<[Int]>([])
    try runInParallel(count: 40, width: width) { index in done.withLock { $0.append(index) } }
    #expect(done.withLock { $0.sorted() } == Array(0..<40))
    try runInParallel(count: 0, width: width) { _ in Issue.record("There is no job.") }
  }

  @Test func `workers are used again, with one LibTorch thread each`() throws {
    let workers = Workers(count: 3)
    for count in [1, 2, 3, 50, 0, 7] {
      let done = Mutex<[Int]>([])
      try workers.run(count: count) { index in
        if count > 1 { #expect(Threads.count == 1) }
        done.withLock { $0.append(index) }
      }
      #expect(done.withLock { $0.sorted() } == Array(0..<count))
    }
    #expect(throws: Failure(index: 1)) {
      try workers.run(count: 2) { if $0 == 1 { throw Failure(index: 1) } }
    }
    let after = Mutex(0)
    try workers.run(count: 4) { _ in after.withLock { $0 += 1 } }
    #expect(after.withLock { $0 } == 4)
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
