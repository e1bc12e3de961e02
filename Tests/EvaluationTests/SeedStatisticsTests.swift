// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Testing

@Suite struct SeedStatisticsTests {
  @Test func `a summary holds mean, deviation and standard error`() throws {
    let summary = SampleSummary([2, 4, 6])
    #expect(summary.mean == 4)
    #expect(summary.standardDeviation == 2)
    #expect(summary.standardError == 2 / 3.0.squareRoot())
    // Student's t for two degrees of freedom.
    #expect(summary.confidenceHalfWidth == 4.303 * 2 / 3.0.squareRoot())
    #expect(SampleSummary([0.76]).standardError == nil)
    #expect(SampleSummary([0.76]).areaText == "0.760")
    #expect(SampleSummary([0.75, 0.77]).areaText == "0.760 ± 0.010")
  }

  @Test func `differences are taken seed by seed`() throws {
    let pair = try #require(
      PairedDifference(
        labelsPerClass: 50, areas: [1: 0.7, 2: 0.8, 3: 0.9], reference: [2: 0.75, 3: 0.80, 4: 1]))
    #expect(pair.difference.count == 2)
    #expect(abs(pair.difference.mean - 0.075) < 1e-12)
    #expect(pair.winCount == 2)
    #expect(pair.text == "+0.075 ± 0.025")
    #expect(pair.verdict == .undecided)
    #expect(PairedDifference(labelsPerClass: 50, areas: [1: 0.7], reference: [2: 0.7]) == nil)
  }

  @Test(arguments: [
    ([0.01, 0.011, 0.012], PairedDifference.Verdict.better),
    ([-0.01, -0.011, -0.012], .worse), ([0.01, -0.02, 0.03], .undecided), ([0.5], .singleSeed),
  ])
  func `a verdict needs 95 % confidence`(
    differences: [Double], expected: PairedDifference.Verdict
  ) throws {
    var areas: [UInt64: Double] = [:]
    var reference: [UInt64: Double] = [:]
    for (seed, difference) in differences.enumerated() {
      areas[UInt64(seed)] = 0.7 + difference
      reference[UInt64(seed)] = 0.7
    }
    let pair = try #require(
      PairedDifference(labelsPerClass: 50, areas: areas, reference: reference))
    #expect(pair.verdict == expected)
  }

  private let reference = LearningCurve(areas: [
    10: [0.6], 100: [0.7], 1000: [0.8], 400: [],
  ])

  @Test func `labels needed are interpolated in their logarithm`() throws {
    guard case .exactly(let labels)? = reference.labelsNeeded(forArea: 0.65) else {
      Issue.record("not between two points")
      return
    }
    #expect(abs(labels - 10 * 10.0.squareRoot()) < 1e-9)
    #expect(reference.labelsNeeded(forArea: 0.6) == .exactly(10))
    #expect(reference.labelsNeeded(forArea: 0.81) == .moreThan(1000))
    #expect(reference.labelsNeeded(forArea: 0.5) == .fewerThan(10))
    #expect(LearningCurve(areas: [:]).labelsNeeded(forArea: 0.5) == nil)
  }

  @Test func `the first crossing of a curve that dips counts`() throws {
    let dipping = LearningCurve(areas: [10: [0.6], 20: [0.8], 40: [0.7], 80: [0.9]])
    guard case .exactly(let labels)? = dipping.labelsNeeded(forArea: 0.75) else {
      Issue.record("not between two points")
      return
    }
    #expect(labels > 10 && labels < 20)
  }

  @Test func `label efficiency says when the reference never gets there`() {
    let curve = LearningCurve(areas: [10: [0.7], 100: [0.85], 1000: [0.55]])
    func efficiency(_ labels: Int) -> String? {
      curve.labelEfficiency(labelsPerClass: labels, reference: reference)?.description
    }
    #expect(efficiency(10) == "10")
    #expect(efficiency(100) == "> 10")
    #expect(efficiency(1000) == "< 0.01")
    #expect(efficiency(20) == nil)
    #expect(LabelEfficiency.factor(3.14).description == "3.1")
  }
}
