// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import TestSupport
import Testing
import Torch

/// Scores by other means than the CPU's kernels: LibTorch's operations, and a GPU where there is one.
extension FineTunerTests {
  /// Float32 sums in another order, on probabilities.
  private static let tolerance = 2e-5

  private func trained(
    on device: Device, precision: Precision = .float32
  ) throws -> (classifier: Classifier, history: FineTuningHistory) {
    let source = ToyEvents.make(eventCount: 200)
    let backbone = makeBackbone()
    backbone.place(on: device)
    let tuner = try FineTuner(
      backbone: backbone, source: source, events: Array(0..<200),
      classNames: ["background", "signal"],
      configuration: configuration {
        $0.mode = .scratch
        $0.scratchSteps = 100
        $0.scratchLearningRate = 1e-2
        $0.precision = precision
      })
    let history = try tuner.run()
    return (tuner.classifier, history)
  }

  /// Scores of 100 events, which are half of them near 0 and half near 1.
  private func scores(_ classifier: Classifier, on device: Device) throws -> [Double] {
    classifier.backbone.place(on: device)
    classifier.move(to: device)
    let test = ToyEvents.make(eventCount: 100, seed: 9)
    return try classifier.scores(of: test, events: Array(0..<100), batchSize: 32)[1]
  }

  @Test func `LibTorch's operations agree with the kernels in scores`() throws {
    let classifier = try trained(on: .cpu).classifier
    let expected = try scores(classifier, on: .cpu)
    let found = try Kernels.none.using { try scores(classifier, on: .cpu) }
    #expect(worstDifference(found, expected, relative: 0, absolute: Self.tolerance) == nil)
  }

  @Test(.enabled(if: Device.isCUDAAvailable))
  func `a GPU agrees with the CPU in scores`() throws {
    let classifier = try trained(on: .cpu).classifier
    let expected = try scores(classifier, on: .cpu)
    let found = try scores(classifier, on: .cuda())
    #expect(worstDifference(found, expected, relative: 0, absolute: Self.tolerance) == nil)
  }

  @Test(.enabled(if: Device.isCUDAAvailable), arguments: Precision.allCases)
  func `a GPU learns a separable problem`(precision: Precision) throws {
    let history = try trained(on: .cuda(), precision: precision).history
    #expect(try #require(history.looks.map(\.validationLoss).min()) < 0.6)
  }
}
