// SPDX-License-Identifier: Apache-2.0

import Augmentation
import EventModel
import Events
import Foundation
import Runtime
import TestSupport
import Testing
import Torch

@testable import Pretraining

@Suite struct ViewAgreementTests {
  private func objective(_ change: (inout ViewAgreement.Settings) -> Void = { _ in }) throws
    -> ViewAgreement
  {
    var settings = ViewAgreement.Settings()
    settings.projectionWidth = 4
    change(&settings)
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    return ViewAgreement(
      settings: settings,
      augmenter: try Augmenter(configuration: .init(), schema: TinyEvents.schema, seed: 99),
      width: 8, generator: &generator)
  }

  private let backbone = EventTransformer(
    configuration: ModelConfiguration(width: 8, layers: 1, heads: 2, feedForwardFactor: 2),
    schema: TinyEvents.schema, normalization: InputNormalization(), seed: 1)

  @Test func `the loss is that of the paper`() throws {
    var generator = CounterBasedGenerator(seed: 3, purpose: .initialization)
    let (events, columns) = (6, 3)
    let views = (0..<2).map { _ in (0..<events * columns).map { _ in 0.8 * generator.normal() } }
    var expected = 0.0
    for (first, second) in zip(views[0], views[1]) {
      expected += 2 * pow(Double(first - second), 2) / Double(events * columns)
    }
    for view in views {
      func column(_ index: Int) -> [Double] {
        (0..<events).map { Double(view[$0 * columns + index]) }
      }
      func covariance(_ a: [Double], _ b: [Double]) -> Double {
        let (meanA, meanB) = (a.reduce(0, +) / Double(events), b.reduce(0, +) / Double(events))
        return zip(a, b).map { ($0 - meanA) * ($1 - meanB) }.reduce(0, +) / Double(events - 1)
      }
      for first in 0..<columns {
        let deviation = (covariance(column(first), column(first)) + 1e-4).squareRoot()
        expected += 3 * max(0, 1 - deviation) / Double(columns)
        for second in 0..<columns where second != first {
          expected += 0.5 * pow(covariance(column(first), column(second)), 2) / Double(columns)
        }
      }
    }
    let own = try objective {
      $0.invariance = 2
      $0.variance = 3
      $0.covariance = 0.5
    }
    let loss = own.loss(
      Tensor(views[0], shape: [events, columns]), Tensor(views[1], shape: [events, columns]))
    #expect(isClose(loss.item(), expected, absolute: 1e-4))
  }

  @Test func `vectors that say nothing cost more than any that differ`() throws {
    let own = try objective()
    // All alike: the views agree, and both terms of the variance are 0.99.
    let same = Tensor.ones([50, 4])
    #expect(isClose(own.loss(same, same).item(), 1.98, absolute: 1e-3))
  }

  @Test func `a batch of one event asks for agreement alone`() throws {
    let own = try objective()
    let views: [[Float]] = [[1, 2, 3, 4], [1, 2, 3, 6]]
    let loss = own.loss(Tensor(views[0], shape: [1, 4]), Tensor(views[1], shape: [1, 4]))
    #expect(loss.item() == 1)
    let one = TinyEvents.batch(eventCount: 1)
    #expect(
      own.loss(batch: one, backbone: backbone, context: .init(seed: 1, epoch: 0)).item().isFinite)
  }

  @Test func `views differ, and depend on seed, epoch and event alone`() throws {
    let batch = TinyEvents.batch(eventCount: 200)
    let own = try objective { $0.hiddenFraction = 0.3 }
    func loss(_ epoch: Int) -> Double {
      own.loss(batch: batch, backbone: backbone, context: .init(seed: 1, epoch: epoch)).item()
    }
    #expect(loss(0) == loss(0) && loss(0) != loss(1))
    let first = own.mask(for: batch, seed: 1, epoch: 0)
    let second = own.mask(for: batch, seed: 99, epoch: 0)
    #expect(first.hidesMomentum != second.hidesMomentum)
    let share = Double(first.hidesMomentum.filter { $0 }.count) / Double(batch.objectCount)
    #expect(isClose(share, 0.3, absolute: 0.06))
    for event in 0..<batch.eventCount {
      #expect(batch.range(of: event).contains { !first.hidesMomentum[$0] })
    }
    // Without hiding, only the transformation tells the views apart.
    let plain = try objective {
      $0.hiddenFraction = 0
      $0.variance = 0
      $0.covariance = 0
    }
    #expect(plain.loss(batch: batch, backbone: backbone, context: context).item() > 1e-6)
  }

  private let context = ObjectiveContext(seed: 1, epoch: 0)
}
