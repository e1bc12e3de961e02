// SPDX-License-Identifier: Apache-2.0

import Classification
import Evaluation
import Events
import Foundation
import Pretraining
import Torch

extension StudyRunner {
  /// Collects what was measured for tables, plots and the report.
  func results(
    stores: [String: EventStore], split: TestSplit, labeled: EventUnion,
    histories: [(name: String, history: PretrainingHistory)], runs: [StudyRun]
  ) throws -> StudyResults {
    var results = StudyResults(
      name: configuration.name,
      arms: configuration.arms.map {
        .init(name: $0.name, title: $0.title, description: $0.description)
      },
      mainArm: configuration.mainArm, referenceArm: configuration.referenceArm,
      environment: environment)
    results.furtherReferences = configuration.furtherReferences
    if !configuration.scaling.isEmpty { results.scaling = try scalingPoints(stores: stores) }
    results.dataDescription = configuration.dataDescription + dataLines(stores, split: split)
    results.configuration = configuration.text
    results.command = command
    let labels = labeled.labels()
    let weights = labeled.weights()
    var curves: [String: [ROCCurve]] = [:]
    for run in runs {
      let scores = try labeledScores(run, labels: labels, weights: weights)
      let curve = ROCCurve(scores)
      var result = StudyResults.Run(
        arm: run.plan.arm.name, labelsPerClass: run.plan.labelsPerClass, seed: run.plan.seed,
        curve: curve, logLoss: try scores.logLoss(), epochs: Int(run.history.epochs.rounded()),
        bestEpoch: run.bestEpoch, seconds: run.history.seconds)
      // Of arms that join others each says its own.
      if run.plan.arm.joins.isEmpty { result.collisionWorth = run.history.collisionWorth }
      results.runs.append(result)
      let key = "\(run.plan.arm.name) \(run.plan.labelsPerClass)"
      curves[key, default: []].append(curve)
      if run.plan.seed == configuration.seed {
        results.scoreHistograms.append(
          .init(
            arm: run.plan.arm.name, labelsPerClass: run.plan.labelsPerClass,
            histogram: try ScoreHistogram(scores)))
      }
    }
    for arm in configuration.arms {
      for count in configuration.labels {
        guard let own = curves["\(arm.name) \(count)"] else { continue }
        results.rocCurves.append(
          .init(arm: arm.name, labelsPerClass: count, points: ROCCurve.averaged(own)))
      }
    }
    results.pretrainingCurves = histories.map(Self.curve)
    results.costs = configuration.arms.map { arm in
      let own = runs.filter { $0.plan.arm.name == arm.name }
      let seconds = own.map(\.history.seconds).reduce(0, +)
      let events = own.map { $0.history.epochs * Double($0.history.trainingCount) }.reduce(0, +)
      return .init(
        arm: arm.name, parameters: own.first?.parameterCount ?? 0,
        eventsPerSecond: seconds > 0 ? events / seconds : 0, seconds: seconds)
    }
    return results
  }

  private func scalingPoints(
    stores: [String: EventStore]
  ) throws -> [StudyResults.ScalingPoint] {
    try configuration.scaling.map { name in
      let origin = configuration.arms.first { $0.name == name }?.pretraining
      let samples = configuration.pretrainings.first { $0.name == origin }?.samples ?? []
      return .init(
        arm: name,
        unlabeledEvents: try pretrainingSource(samples, stores: stores).eventCount)
    }.sorted { $0.unlabeledEvents < $1.unlabeledEvents }
  }

  private func labeledScores(
    _ run: StudyRun, labels: [Int32], weights: [Float]
  ) throws -> LabeledScores {
    try LabeledScores(
      scores: run.scores, labels: run.testEvents.map { labels[$0] == 1 },
      weights: configuration.usesEventWeights ? run.testEvents.map { Double(weights[$0]) } : nil)
  }

  private func dataLines(_ stores: [String: EventStore], split: TestSplit) -> [String] {
    let samples = configuration.samples.compactMap { sample in
      stores[sample.name].map { store in
        let role =
          sample.label.map { "label \(configuration.classNames[$0])" } ?? "without labels"
        return "\(sample.name): \(store.eventCount) events, \(role)."
      }
    }
    let test = zip(configuration.classNames, split.test).map { "\($1.count) \($0)" }
    let tested = test.joined(separator: " and ")
    let role =
      configuration.isDevelopment
      ? "Development: tested on \(tested) events that are not the test events of the real study"
      : "Tested on \(tested) events that no training and no choice saw"
    let weighting =
      configuration.usesEventWeights ? ", with their weights." : ", each counting once."
    return samples + [role + weighting]
  }

  private static func curve(
    _ pretraining: (name: String, history: PretrainingHistory)
  ) -> StudyResults.PretrainingCurve {
    let history = pretraining.history
    func total(_ losses: [Double]) -> Double {
      zip(losses, history.weights).map { $0 * $1 }.reduce(0, +)
    }
    return .init(
      name: pretraining.name,
      points: history.epochs.enumerated().map { index, epoch in
        let own = epoch.validation.isEmpty ? epoch.training : epoch.validation
        return .init(
          position: Double(index + 1), trainingLoss: total(epoch.training),
          validationLoss: epoch.validation.isEmpty ? nil : total(epoch.validation),
          objectives: Dictionary(zip(history.objectives, own), uniquingKeysWith: { $1 }))
      })
  }

  private var environment: StudyResults.Environment {
    let formatter = ISO8601DateFormatter()
    return .init(
      version: programVersion, machine: Self.processor,
      cores: ProcessInfo.processInfo.activeProcessorCount, seed: configuration.seed,
      date: formatter.string(from: Date()))
  }

  /// The processor's name as the operating system gives it.
  private static var processor: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    return (name ?? "unknown processor") + ", LibTorch \(LibTorch.version)"
  }
}

/// The version of the program, as in reports and manifests.
public let programVersion = "0.1.0"

extension StudyRun {
  /// The epoch whose parameters were kept, rounded.
  fileprivate var bestEpoch: Int {
    if plan.arm.trees != nil { return history.bestStep }
    let steps = history.looks.last?.step ?? 0
    return steps == 0
      ? 0 : Int((history.epochs * Double(history.bestStep) / Double(steps)).rounded())
  }
}
