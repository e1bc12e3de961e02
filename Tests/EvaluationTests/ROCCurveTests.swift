// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Testing

@Suite struct ROCCurveTests {
  @Test func `perfect, reversed and constant scores have areas 1, 0 and one half`() throws {
    let labels = [true, true, false, false]
    #expect(try ROCCurve(scores: [4.0, 3, 2, 1], labels: labels).areaUnderCurve == 1)
    #expect(try ROCCurve(scores: [1.0, 2, 3, 4], labels: labels).areaUnderCurve == 0)
    #expect(try ROCCurve(scores: [5.0, 5, 5, 5], labels: labels).areaUnderCurve == 0.5)
  }

  @Test func `equal scores enter together`() throws {
    // Pairs: (0.9, 0.5) and (0.9, 0.1) right, (0.5, 0.5) half, (0.5, 0.1) right: 3.5 of 4.
    let curve = try ROCCurve(
      scores: [0.9, 0.5, 0.5, 0.1], labels: [true, true, false, false])
    #expect(curve.areaUnderCurve == 0.875)
    #expect(curve.thresholds == [.infinity, 0.9, 0.5, 0.1])
    #expect(
      curve.points == [
        ROCPoint(signalEfficiency: 0, backgroundEfficiency: 0),
        ROCPoint(signalEfficiency: 0.5, backgroundEfficiency: 0),
        ROCPoint(signalEfficiency: 1, backgroundEfficiency: 0.5),
        ROCPoint(signalEfficiency: 1, backgroundEfficiency: 1),
      ])
  }

  @Test func `a weight of two is an event that is there twice`() throws {
    let weighted = try ROCCurve(
      scores: [0.9, 0.6, 0.6, 0.4, 0.2], labels: [true, false, true, true, false],
      weights: [1, 2, 1, 2, 1])
    let repeated = try ROCCurve(
      scores: [0.9, 0.6, 0.6, 0.6, 0.4, 0.4, 0.2],
      labels: [true, false, false, true, true, true, false])
    #expect(abs(weighted.areaUnderCurve - repeated.areaUnderCurve) < 1e-15)
    #expect(weighted.points == repeated.points)
  }

  @Test func `a pair of opposite weights changes nothing`() throws {
    let scores = [0.9, 0.7, 0.5, 0.3, 0.1]
    let labels = [true, false, true, false, false]
    let plain = try ROCCurve(scores: scores, labels: labels)
    let padded = try ROCCurve(
      scores: scores + [0.6, 0.6], labels: labels + [false, false],
      weights: [1, 1, 1, 1, 1, 3, -3])
    #expect(abs(plain.areaUnderCurve - padded.areaUnderCurve) < 1e-15)
  }

  @Test func `single-precision scores are accepted`() throws {
    let scores: [Float] = [0.75, 0.25]
    #expect(try ROCCurve(scores: scores, labels: [true, false]).areaUnderCurve == 1)
  }

  @Test func `the standard error is absent where a class has one event`() throws {
    let curve = try ROCCurve(scores: [3.0, 2, 1], labels: [true, false, false])
    #expect(curve.areaStandardError == nil)
  }

  @Test func `the efficiency is interpolated between corners`() throws {
    let curve = try ROCCurve(
      scores: [0.9, 0.5, 0.5, 0.1], labels: [true, true, false, false])
    #expect(curve.backgroundEfficiency(atSignalEfficiency: 0) == 0)
    #expect(curve.backgroundEfficiency(atSignalEfficiency: 0.5) == 0)
    #expect(curve.backgroundEfficiency(atSignalEfficiency: 0.75) == 0.25)
    #expect(curve.backgroundEfficiency(atSignalEfficiency: 1) == 0.5)
  }

  @Test func `the rejection is one over the efficiency, or a bound by the number of events`() throws
  {
    let curve = try ROCCurve(
      scores: [0.9, 0.8, 0.5, 0.5, 0.4, 0.3, 0.1],
      labels: [true, true, true, false, false, false, false])
    // At 100 % one of four background events passes; at 50 % none.
    #expect(curve.backgroundRejection(atSignalEfficiency: 1) == BackgroundRejection(value: 4))
    #expect(
      curve.backgroundRejection(atSignalEfficiency: 0.5)
        == BackgroundRejection(value: 4, isLowerBound: true))
  }

  @Test func `the average of two curves is the mean background efficiency`() throws {
    let labels = [true, true, false, false]
    let good = try ROCCurve(scores: [4.0, 3, 2, 1], labels: labels)
    let flat = try ROCCurve(scores: [5.0, 5, 5, 5], labels: labels)
    let average = ROCCurve.averaged([good, flat], count: 4)
    #expect(average.map(\.signalEfficiency) == [0, 0.5, 1, 1])
    #expect(average.map(\.backgroundEfficiency) == [0, 0.25, 0.5, 1])
    #expect(good.resampled(count: 200).count == 200)
  }

  struct Reference: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var scores: [Double]
    var labels: [Bool]
    var weights: [Double]
    var area: Double
    var accuracy: Double?
    var logLoss: Double?
    var backgroundEfficiencies: [Double]?
    var standardError: Double?
    var testDescription: String { name }
  }

  static func references() throws -> [Reference] {
    struct File: Decodable { var cases: [Reference] }
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/roc_reference.json")
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: path)).cases
  }

  // Sums of less than a hundred terms of order one: rounding stays far below 1e-12.
  @Test(arguments: try references())
  func `areas, errors and losses are those of scikit-learn`(reference: Reference) throws {
    let events = try LabeledScores(
      scores: reference.scores, labels: reference.labels, weights: reference.weights)
    let curve = ROCCurve(events)
    #expect(abs(curve.areaUnderCurve - reference.area) < 1e-12)
    if let expected = reference.accuracy { #expect(abs(events.accuracy() - expected) < 1e-12) }
    if let expected = reference.logLoss { #expect(abs(try events.logLoss() - expected) < 1e-12) }
    if let expected = reference.standardError {
      #expect(abs(try #require(curve.areaStandardError) - expected) < 1e-12)
    }
    for (efficiency, expected) in zip([0.3, 0.5, 0.8], reference.backgroundEfficiencies ?? []) {
      #expect(abs(curve.backgroundEfficiency(atSignalEfficiency: efficiency) - expected) < 1e-12)
    }
  }

  @Test func `the references hold every kind of case`() throws {
    #expect(try Self.references().count == 5)
  }
}
