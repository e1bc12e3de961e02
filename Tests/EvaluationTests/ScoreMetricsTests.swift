// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Testing

@Suite struct ScoreMetricsTests {
  @Test func `accuracy counts scores at the threshold as signal`() throws {
    let events = try LabeledScores(
      scores: [0.5, 0.4, 0.6, 0.1], labels: [true, true, false, false], weights: [3, 1, 1, 1])
    #expect(events.accuracy() == 4.0 / 6)
  }

  @Test func `the log loss of certain and wrong answers is finite`() throws {
    let events = try LabeledScores(scores: [0.0, 0.5], labels: [true, false])
    let expected = (23 * log(2.0) + log(2.0)) / 2
    #expect(abs(try events.logLoss() - expected) < 1e-12)
  }

  @Test func `the calibration error is the weighted distance from the diagonal`() throws {
    // Bin 0.2...0.3: mean score 0.25, no signal of 2. Bin 0.7...0.8: mean 0.75, 2 signal of 2.
    let events = try LabeledScores(
      scores: [0.25, 0.25, 0.75, 0.75], labels: [false, false, true, true])
    #expect(abs(try events.calibrationError() - 0.25) < 1e-15)
  }

  @Test func `a histogram keeps all weight, the upper end included`() throws {
    let events = try LabeledScores(
      scores: [0.0, 0.3, 1.0, 0.5], labels: [false, true, true, false], weights: [1, 1, 3, 1])
    let histogram = try ScoreHistogram(events, binCount: 4)
    #expect(histogram.signal == [0, 0.25, 0, 0.75])
    #expect(histogram.background == [0.5, 0, 0.5, 0])
    #expect(histogram.binWidth == 0.25)
  }

  /// Values of the formula with 50 digits (Python's `decimal`).
  @Test(arguments: [
    (10.0, 100.0, 0.983991644756940611), (5, 1, 3.391329183481995752),
    (100, 1000, 3.111654796007213281), (1, 1e6, 0.000999999833333402778),
    (0.0009, 1, 0.000899865050599803218), (0.0011, 1, 0.001099798425707668947),
    (3, 0.5, 2.760683075506348870),
  ])
  func `the Asimov significance is the formula's`(
    signal: Double, background: Double, expected: Double
  ) {
    let value = asimovSignificance(signalYield: signal, backgroundYield: background)
    // The cancellation just above the switch to the series costs seven of sixteen digits at most.
    #expect(abs(value / expected - 1) < 1e-9)
  }

  @Test func `no signal is never significant, signal without background always`() {
    #expect(asimovSignificance(signalYield: 0, backgroundYield: 0) == 0)
    #expect(asimovSignificance(signalYield: 0, backgroundYield: 5) == 0)
    #expect(asimovSignificance(signalYield: 1, backgroundYield: 0) == .infinity)
  }

  @Test func `the scan adds up what passes each threshold`() throws {
    let events = try LabeledScores(
      scores: [0.9, 0.8, 0.8, 0.2], labels: [true, true, false, false], weights: [5, 5, 2, 8])
    let scan = events.significanceScan()
    #expect(scan.map(\.threshold) == [0.9, 0.8, 0.2])
    #expect(scan.map(\.signalYield) == [5, 10, 10])
    #expect(scan.map(\.backgroundYield) == [0, 2, 10])
    #expect(scan[0].significance == nil)
    #expect(
      scan[1].significance == asimovSignificance(signalYield: 10, backgroundYield: 2))
    #expect(events.bestThreshold(minimumBackgroundCount: 1)?.threshold == 0.8)
    #expect(events.bestThreshold(minimumBackgroundCount: 2)?.threshold == 0.2)
    #expect(events.bestThreshold(minimumBackgroundCount: 3) == nil)
  }

  @Test func `bins add in quadrature`() throws {
    let events = try LabeledScores(
      scores: [0.2, 0.2, 0.8, 0.8], labels: [true, false, true, false], weights: [2, 9, 4, 3])
    let low = asimovSignificance(signalYield: 2, backgroundYield: 9)
    let high = asimovSignificance(signalYield: 4, backgroundYield: 3)
    let expected = (low * low + high * high).squareRoot()
    #expect(abs(try events.binnedSignificance(binCount: 2) - expected) < 1e-12)
  }
}
