// SPDX-License-Identifier: Apache-2.0

import BoostedTrees
import Configuration
import Foundation
import Runtime
import TestSupport
import Testing
import Torch

@Suite struct TreeClassifierTests {
  /// One tree with one cut and all events, whose leaves can be computed by hand.
  private var stump: TreeConfiguration {
    var configuration = TreeConfiguration()
    configuration.rounds = 1
    configuration.depth = 1
    configuration.learningRate = 0.5
    configuration.minimumChildWeight = 0
    configuration.subsample = 1
    configuration.columnSample = 1
    configuration.l2 = 1
    return configuration
  }

  /// Random inputs, with an input in ten missing, and labels that the first two decide.
  private func sample(_ count: Int, seed: UInt64) -> (values: [Float], labels: [Float]) {
    var generator = CounterBasedGenerator(seed: seed, purpose: .initialization)
    var values: [Float] = []
    var labels: [Float] = []
    for _ in 0..<count {
      let row = (0..<4).map { _ in generator.normal() }
      labels.append(row[0] * row[1] > 0 ? 1 : 0)
      values += row.map { generator.uniform() < 0.1 ? .nan : $0 }
    }
    return (values, labels)
  }

  private func logistic(_ margin: Double) -> Float { Float(1 / (1 + exp(-margin))) }

  @Test(arguments: TreeConfiguration.Method.allCases)
  func `a stump has the leaves of the paper's equation 5`(_ method: TreeConfiguration.Method) throws
  {
    var configuration = stump
    configuration.method = method
    // At first p = 1/2, so g = w (1/2 - y) and h = w / 4; a leaf is -rate * G / (H + l2).
    // The cut between 2 and 3 has the largest gain; the second input does not help.
    let trees = try TreeClassifier(
      training: [1, 7, 2, 7, 3, 7, 4, 7], width: 2, labels: [0, 0, 1, 1], weights: [1, 3, 2, 2],
      configuration: configuration, seed: 1)
    let below = logistic(-0.5 * (0.5 * 4) / (4 / 4.0 + 1))
    let above = logistic(-0.5 * (-0.5 * 4) / (4 / 4.0 + 1))
    let scores = try trees.scores(of: [0, 0, 2, 0, 3, 0, 99, 0])
    #expect(worstDifference(scores, [below, below, above, above], relative: 1e-6) == nil)
    #expect(try trees.leafCount() == 2)
    #expect(trees.width == 2)
  }

  @Test func `missing inputs go to the side that suits the training events`() throws {
    for (label, side) in [(Float(1), 1), (0, 0)] {
      let trees = try TreeClassifier(
        training: [1, 2, 3, 4, .nan, .nan], width: 1, labels: [0, 0, 1, 1, label, label],
        weights: [1, 1, 1, 1, 1, 1], configuration: stump, seed: 1)
      let scores = try trees.scores(of: [1, 4, .nan])
      #expect(scores[0] < scores[1])
      #expect(scores[2] == scores[side])
    }
  }

  @Test func `many trees learn what a single cut cannot, the same way every time`() throws {
    let training = sample(2000, seed: 1)
    let test = sample(1000, seed: 2)
    let ones = [Float](repeating: 1, count: 2000)
    func train(seed: UInt64) throws -> TreeClassifier {
      try TreeClassifier(
        training: training.values, width: 4, labels: training.labels, weights: ones,
        configuration: TreeConfiguration(), seed: seed)
    }
    let trees = try train(seed: 1)
    let scores = try trees.scores(of: test.values)
    let right = zip(scores, test.labels).count { ($0 > 0.5) == ($1 > 0.5) }
    // Of the events 19 % lack one of the two inputs and are told by chance.
    #expect(right > 800)
    #expect(try train(seed: 1).scores(of: test.values) == scores)
    #expect(try train(seed: 2).scores(of: test.values) != scores)
  }

  @Test func `weights count like copies of an event`() throws {
    let twice = try TreeClassifier(
      training: [1, 1, 2, 3, 4], width: 1, labels: [0, 0, 1, 1, 0], weights: [1, 1, 1, 1, 1],
      configuration: stump, seed: 1)
    let weighted = try TreeClassifier(
      training: [1, 2, 3, 4], width: 1, labels: [0, 1, 1, 0], weights: [2, 1, 1, 1],
      configuration: stump, seed: 1)
    #expect(try twice.scores(of: [0, 2, 5]) == weighted.scores(of: [0, 2, 5]))
  }

  @Test func `trees are the same after writing and reading`() throws {
    let folder = try TemporaryFolder()
    let training = sample(500, seed: 3)
    let trees = try TreeClassifier(
      training: training.values, width: 4, labels: training.labels,
      weights: [Float](repeating: 1, count: 500), configuration: TreeConfiguration(), seed: 1)
    try trees.save(to: folder.file("trees.json"))
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("trees.json")))
    #expect(try JSONSerialization.jsonObject(with: data) is [String: Any])
    let read = try TreeClassifier(contentsOf: folder.file("trees.json"))
    #expect(read.width == 4)
    #expect(try read.leafCount() == trees.leafCount())
    #expect(try read.scores(of: training.values) == trees.scores(of: training.values))
  }

  @Test func `what cannot be is an error with XGBoost's own words`() throws {
    func error(
      _ values: [Float] = [1, 2], labels: [Float] = [0, 1], weights: [Float] = [1, 1]
    ) -> BoostedTreesError? {
      #expect(throws: BoostedTreesError.self) {
        _ = try TreeClassifier(
          training: values, width: 1, labels: labels, weights: weights, configuration: stump,
          seed: 1)
      }
    }
    let infinite = error([1, .infinity])
    #expect(infinite?.code == .invalidData)
    #expect(
      infinite?.description
        == "cannot take 1 inputs of 2 events: XGBoost says \"Check failed: valid: Input data "
        + "contains `inf` or `nan`\". Every input has to be a finite number, or missing.")
    #expect(
      error(labels: [0, 2])?.description
        == "cannot train trees on 2 events: XGBoost says \"label must be in [0,1] for logistic "
        + "regression\". Labels are 0 and 1.")
    #expect(
      error(weights: [1, -1])?.description
        == "cannot set the weight of 2 events: XGBoost says \"Check failed: valid: Weights must be "
        + "positive values.\". Train without the events' weights.")
    let folder = try TemporaryFolder()
    let path = try folder.write("{\"learner\": 3}", to: "bad.json")
    let bad = #expect(throws: BoostedTreesError.self) { try TreeClassifier(contentsOf: path) }
    #expect(bad?.code == .invalidModel)
    #expect(
      bad?.description
        == "cannot read the trees of \(path): XGBoost says \"Invalid cast, from Integer to "
        + "Object\". The file was changed, or another program wrote it; train again.")
    #expect(throws: FileSystemError.self) {
      try TreeClassifier(contentsOf: folder.file("none.json"))
    }
  }

  @Test func `settings are read and checked`() throws {
    let node = try ConfigurationNode(
      text: "{depth: 2, rounds: 50, columnSample: 0.3, method: hist}", name: "trees.yaml")
    var expected = TreeConfiguration()
    expected.depth = 2
    expected.rounds = 50
    expected.columnSample = 0.3
    expected.method = .hist
    #expect(try TreeConfiguration(node, defaults: TreeConfiguration()) == expected)
    try node.finish()
    let error = #expect(throws: ConfigurationError.self) {
      _ = try TreeConfiguration(
        ConfigurationNode(text: "{subsample: 2}", name: "trees.yaml"),
        defaults: TreeConfiguration())
    }
    #expect(
      error?.description
        == "trees.yaml:1:13: subsample is 2; expected a number from 0.01 to 1.")
  }

  @Test func `trees leave LibTorch's threads and numbers alone`() throws {
    let threads = Threads.count
    let first = Tensor([1, 2, 3, 4], shape: [2, 2])
    let before = first.matmul(first).floats()
    let training = sample(500, seed: 4)
    _ = try TreeClassifier(
      training: training.values, width: 4, labels: training.labels,
      weights: [Float](repeating: 1, count: 500), configuration: TreeConfiguration(), seed: 1)
    #expect(Threads.count == threads)
    #expect(first.matmul(first).floats() == before)
  }
}
