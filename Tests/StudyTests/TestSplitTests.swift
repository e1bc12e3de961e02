// SPDX-License-Identifier: Apache-2.0

import Classification
import Configuration
import Study
import Testing

@Suite struct TestSplitTests {
  private let labels: [Int32] = (0..<1000).map { $0 % 10 == 0 ? -1 : Int32($0 % 2) }

  private func configuration(_ study: String) throws -> StudyConfiguration {
    try smallStudy("study: {\(study)}")
  }

  private func split(_ study: String, needed: Int = 4) throws -> TestSplit {
    try TestSplit(labels: labels, configuration: configuration(study), needed: needed)
  }

  @Test func `no test event is ever drawn and every label is right`() throws {
    let split = try split("testFraction: 0.4")
    // Of 1000 events each tenth has no label; these are even: 400 of class 0, 500 of class 1.
    #expect(split.test.map(\.count) == [160, 200])
    #expect(split.pool.map(\.count) == [240, 300])
    let test = Set(split.allTestEvents)
    #expect(test.count == 360)
    for seed in 0..<5 {
      let drawn = split.draw(labelsPerClass: 50, seed: UInt64(seed))
      #expect(drawn.count == 100 && Set(drawn).count == 100 && drawn == drawn.sorted())
      #expect(test.isDisjoint(with: drawn))
      #expect(drawn.filter { labels[$0] == 1 }.count == 50)
      #expect(drawn.filter { labels[$0] == 0 }.count == 50)
    }
    for label in 0..<2 {
      #expect(split.test[label].allSatisfy { labels[$0] == Int32(label) })
      #expect(split.pool[label].allSatisfy { labels[$0] == Int32(label) })
    }
  }

  @Test func `fewer labels are a part of more of the same seed`() throws {
    let split = try split("testFraction: 0.4")
    let few = Set(split.draw(labelsPerClass: 10, seed: 3))
    #expect(few.isSubset(of: split.draw(labelsPerClass: 100, seed: 3)))
    #expect(few != Set(split.draw(labelsPerClass: 10, seed: 4)))
    #expect(split.draw(labelsPerClass: .max, seed: 3).count == 540)
  }

  @Test func `the study's seed decides the split and a limit does not leak test events`() throws {
    let first = try split("testFraction: 0.4")
    #expect(try split("testFraction: 0.4").test == first.test)
    #expect(try split("testFraction: 0.4, seed: 2").test != first.test)
    let limited = try split("testFraction: 0.4, maximumTestEvents: 50")
    #expect(limited.test.map(\.count) == [50, 50])
    #expect(limited.pool == first.pool)
  }

  @Test func `too few events are refused`() throws {
    let error = try #require(
      #expect(throws: ClassificationError.self) {
        _ = try split("testFraction: 0.4", needed: 241)
      })
    #expect(error.code == .tooFewEvents)
    #expect(
      error.description
        == "class background has 400 events, of which 160 are for the test; 240 are left, and 241 "
        + "are needed. Ask for fewer labels, lower study.testFraction, or add files.")
  }
}
