// SPDX-License-Identifier: Apache-2.0

import Classification
import Foundation
import Runtime
import TestSupport
import Testing
import Torch

@Suite struct LinearProbeTests {
  @Test(arguments: [2, 3])
  func `the gradient vanishes at what the probe finds`(classes: Int) {
    var generator = CounterBasedGenerator(seed: 1, purpose: .init(rawValue: 99))
    let count = 300
    let width = 4
    let penalty = 0.03
    var rows: [[Double]] = []
    var labels: [Int] = []
    var weights: [Double] = []
    for index in 0..<count {
      let label = index % classes
      rows.append((0..<width).map { Double(generator.normal()) * 3 + Double($0 == label ? 2 : 5) })
      labels.append(label)
      weights.append(0.5 + Double(generator.uniform()))
    }
    let head = LinearProbe.fit(
      LinearProbe.Events(
        embeddings: Tensor(rows.joined().map { Float($0) }, shape: [count, width]),
        labels: Tensor(labels.map(Int64.init)), weights: Tensor(weights.map { Float($0) }),
        classCount: classes), penalty: penalty)

    // The gradient of the penalized loss, in double precision, on standardized embeddings:
    // w' = w * deviation, so that d loss / d w' = (d loss / d w + b-terms) follows row by row.
    let mean = (0..<width).map { k in rows.map { $0[k] }.reduce(0, +) / Double(count) }
    let deviation = (0..<width).map { k in
      (rows.map { ($0[k] - mean[k]) * ($0[k] - mean[k]) }.reduce(0, +) / Double(count)).squareRoot()
        + 1e-3
    }
    var gradient = [[Double]](repeating: [Double](repeating: 0, count: width + 1), count: classes)
    for (index, row) in rows.enumerated() {
      let logits = (0..<classes).map { c in
        Double(head.bias[c])
          + (0..<width).map { Double(head.weight[c * width + $0]) * row[$0] }.reduce(0, +)
      }
      let sum = logits.map { exp($0) }.reduce(0, +)
      for c in 0..<classes {
        let error =
          (exp(logits[c]) / sum - (labels[index] == c ? 1 : 0)) * weights[index] / Double(count)
        for k in 0..<width { gradient[c][k] += error * (row[k] - mean[k]) / deviation[k] }
        gradient[c][width] += error
      }
    }
    for c in 0..<classes {
      for k in 0..<width {
        gradient[c][k] += penalty * Double(head.weight[c * width + k]) * deviation[k]
      }
    }
    let largest = gradient.joined().map { abs($0) }.max() ?? .infinity
    // At zero weights the gradient is of order 0.1.
    #expect(largest < 1e-4, "\(largest)")
  }

  /// Two classes whose means differ by a deviation in the first of 16 directions.
  private func events(count: Int, seed: UInt64) -> (LinearProbe.Events, labels: [Int]) {
    var generator = CounterBasedGenerator(seed: seed, purpose: .init(rawValue: 99))
    let width = 16
    var rows: [Float] = []
    for index in 0..<count {
      rows += (0..<width).map { generator.normal() + ($0 == 0 && index % 2 == 1 ? 1 : 0) }
    }
    let labels = (0..<count).map { $0 % 2 }
    return (
      LinearProbe.Events(
        embeddings: Tensor(rows, shape: [count, width]), labels: Tensor(labels.map(Int64.init)),
        weights: Tensor.ones([count]), classCount: 2),
      labels
    )
  }

  @Test func `the chosen penalty is the best of regressions that are fitted one by one`() {
    let count = 60
    let (events, labels) = events(count: count, seed: 3)
    let folds = (0..<count).map { $0 / 2 % 3 }
    let rows = events.embeddings.floats()
    // Standardized by all events, as the probe does, so that the parts need no scale of their own.
    var standardized = rows
    for column in 0..<16 {
      let values = stride(from: column, to: rows.count, by: 16).map { Double(rows[$0]) }
      let mean = values.reduce(0, +) / Double(count)
      let spread =
        (values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(count)).squareRoot() + 1e-3
      for row in 0..<count {
        standardized[16 * row + column] = Float((Double(rows[16 * row + column]) - mean) / spread)
      }
    }
    var losses: [Double] = []
    for penalty in LinearProbe.penalties {
      var loss = 0.0
      for fold in 0..<3 {
        let kept = (0..<count).filter { folds[$0] != fold }
        let head = descent(
          rows: kept.map { Array(standardized[16 * $0..<16 * ($0 + 1)]) },
          labels: kept.map { labels[$0] }, penalty: penalty)
        for event in 0..<count where folds[event] == fold {
          let margin =
            head[16]
            + (0..<16).map { head[$0] * Double(standardized[16 * event + $0]) }.reduce(0, +)
          loss += log1p(exp(labels[event] == 1 ? -margin : margin))
        }
      }
      losses.append(loss)
    }
    let best = LinearProbe.penalties[losses.firstIndex(of: losses.min() ?? 0) ?? 0]
    #expect(LinearProbe.penalty(for: events, folds: folds) == best)
    let heldOut = LinearProbe.heldOut(
      events, folds: folds, weights: events.weights.floats())
    #expect(heldOut.penalty == best)
  }

  @Test func `few events are held back more than many`() {
    let few = events(count: 40, seed: 1).0
    let many = events(count: 4000, seed: 1).0
    let penaltyOfFew = LinearProbe.penalty(for: few, folds: (0..<40).map { $0 / 2 % 5 })
    let penaltyOfMany = LinearProbe.penalty(for: many, folds: (0..<4000).map { $0 / 2 % 5 })
    #expect(penaltyOfFew > penaltyOfMany)
  }

  /// Fits the difference of two classes' weights, and a bias, by plain gradient descent in double
  /// precision: with both weights penalized, their difference has half the penalty.
  private func descent(rows: [[Float]], labels: [Int], penalty: Double) -> [Double] {
    var head = [Double](repeating: 0, count: 17)
    for _ in 0..<4000 {
      var gradient = head.map { $0 * penalty / 2 }
      gradient[16] = 0
      for (row, label) in zip(rows, labels) {
        let margin = head[16] + zip(head, row).map { $0 * Double($1) }.reduce(0, +)
        let error = (1 / (1 + exp(-margin)) - Double(label)) / Double(rows.count)
        for (column, value) in row.enumerated() { gradient[column] += error * Double(value) }
        gradient[16] += error
      }
      for index in head.indices { head[index] -= 0.5 * gradient[index] }
    }
    return head
  }
}
