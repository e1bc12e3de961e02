// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation

/// A small study with made-up numbers that grow with labels, for tests of tables and pages.
enum StudyFixture {
  /// Two arms, two numbers of labels, three seeds; areas chosen so that means are round.
  static func small() -> StudyResults {
    var results = StudyResults(
      name: "Tau pairs",
      arms: [
        StudyResults.Arm(name: "scratch", title: "From scratch", description: "No pre-training."),
        StudyResults.Arm(
          name: "pretrained", title: "Pre-trained on real data", description: "Two objectives."),
      ], mainArm: "pretrained", referenceArm: "scratch",
      environment: StudyResults.Environment(
        version: "0.1.0", machine: "x86_64", cores: 2, seed: 7, date: "2025-01-01T00:00:00Z"))
    let areas: [(String, Int, [Double])] = [
      ("scratch", 50, [0.67, 0.68, 0.69]), ("scratch", 200, [0.77, 0.78, 0.79]),
      ("pretrained", 50, [0.725, 0.73, 0.735]), ("pretrained", 200, [0.78, 0.80, 0.79]),
    ]
    for (arm, labels, values) in areas {
      for (seed, area) in values.enumerated() {
        results.runs.append(
          StudyResults.Run(
            arm: arm, labelsPerClass: labels, seed: UInt64(seed), auc: area,
            rejection30: BackgroundRejection(value: 10 + Double(seed)),
            rejection50: BackgroundRejection(value: 4, isLowerBound: arm == "pretrained")))
      }
    }
    return results
  }

  /// Adds an arm with one run, of 50 labels.
  static func add(_ arm: StudyResults.Arm, area: Double, to results: inout StudyResults) {
    results.arms.append(arm)
    results.runs.append(
      StudyResults.Run(
        arm: arm.name, labelsPerClass: 50, seed: 0, auc: area,
        rejection30: BackgroundRejection(value: 8), rejection50: BackgroundRejection(value: 3)))
  }

  /// The small study with everything else that a report can hold, and text that needs escaping.
  static func complete() throws -> StudyResults {
    var results = small()
    results.name = "Tau pairs: <few> labels & \"much\" data's worth"
    add(
      StudyResults.Arm(name: "x_1", title: "It's {x_1} `date` \\ @a\nb", description: "<b>&amp;"),
      area: 0.61, to: &results)
    results.dataDescription = ["Real data: 34,744 events", "Simulation < 8 TeV>"]
    for (index, arm) in results.arms.enumerated() {
      for labels in [50, 200] {
        let events = try scores(separation: 0.6 + 0.4 * Double(index) + Double(labels) / 400)
        let curve = ROCCurve(events)
        results.rocCurves.append(
          StudyResults.ArmROC(arm: arm.name, labelsPerClass: labels, points: curve.resampled()))
        results.scoreHistograms.append(
          StudyResults.ArmScores(
            arm: arm.name, labelsPerClass: labels, histogram: try ScoreHistogram(events)))
      }
      results.costs.append(
        StudyResults.ArmCost(
          arm: arm.name, parameters: 1_204_345, eventsPerSecond: 5210, seconds: 754))
    }
    results.pretrainingCurves = ["masked + invariants", "masked"].map { name in
      StudyResults.PretrainingCurve(
        name: name,
        points: (1...20).map { epoch in
          let loss = 2 + 3 / Double(epoch)
          return StudyResults.PretrainingCurve.Point(
            position: Double(epoch), trainingLoss: loss, validationLoss: loss + 0.1,
            objectives: ["masked objects": loss / 2, "kinematic invariants": loss / 3])
        })
    }
    results.scaling = [
      .init(arm: "x_1", unlabeledEvents: 1000), .init(arm: "pretrained", unlabeledEvents: 34_744),
    ]
    results.configuration = "study:\n  seeds: 3 # <three>\n"
    results.command = "lorentz study Configurations/demo.yaml -o results/demo"
    return results
  }

  /// Scores of 200 signal and 300 background events on a grid, without randomness.
  static func scores(separation: Double) throws -> LabeledScores {
    var scores: [Double] = []
    var labels: [Bool] = []
    for index in 0..<500 {
      let isSignal = index < 200
      let position = (Double(isSignal ? index : index - 200) + 0.5) / (isSignal ? 200 : 300)
      // The quantiles of a logistic distribution, shifted for signal.
      let logit = log(position / (1 - position)) + (isSignal ? separation : -separation)
      scores.append(1 / (1 + exp(-logit)))
      labels.append(isSignal)
    }
    return try LabeledScores(scores: scores, labels: labels)
  }

  /// Runs a body with a new folder that is removed afterwards.
  static func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("lorentz-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }
}
