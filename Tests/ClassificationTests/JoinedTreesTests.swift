// SPDX-License-Identifier: Apache-2.0

import BoostedTrees
import Classification
import EventModel
import Events
import Foundation
import TestSupport
import Testing
import Torch

/// Boosted trees whose logits are averaged with a classifier's.
@Suite struct JoinedTreesTests {
  private let source = ToyEvents.make(eventCount: 120)
  private let events = Array(0..<120)

  private func trees(_ texts: [String] = ["jet[0].btag", "muon[0].pt"]) throws -> JoinedTrees {
    var configuration = TreeConfiguration()
    configuration.rounds = 10
    let variables = EventVariables(
      names: texts, expressions: try texts.map { try EventExpression($0, schema: source.schema) })
    return try JoinedTrees(
      .init(variables: variables, configuration: configuration, expectedShare: 0.5), source: source,
      training: TreeEvents(
        events, labels: source.labels(), weights: [Float](repeating: 1, count: 120)), seed: 1)
  }

  private func classifier() -> Classifier {
    Classifier(backbone: makeBackbone(), classNames: ["background", "signal"])
  }

  @Test func `scores are those of the mean logits`() throws {
    // A head of zeros leaves half of the trees' logit.
    let scorer = Scorer(members: [classifier(), classifier()], trees: try trees())
    let scores = try scorer.scores(of: source, events: events)
    let labels = source.labels()
    for event in events {
      #expect(isClose(scores[0][event] + scores[1][event], 1, absolute: 1e-12))
      #expect((scores[1][event] > 0.5) == (labels[event] == 1))
    }
    let values = events.map { Float(labels[$0] == 1 ? 0.9 : 0.1) }
    let again = try TreeClassifier(
      training: values, width: 1, labels: labels.map(Float.init),
      weights: [Float](repeating: 1, count: 120), configuration: TreeConfiguration(), seed: 1)
    let logits = try again.logits(of: values)
    for (score, logit) in zip(try again.scores(of: values), logits) {
      #expect(isClose(Double(score), 1 / (1 + exp(-Double(logit))), absolute: 1e-6))
    }
    let only = try scorer.scoresAndEmbeddings(of: source.events).scores
    #expect(only[1] == scores[1])
  }

  @Test func `a checkpoint keeps trees`() throws {
    let folder = try TemporaryFolder()
    let scorer = Scorer(
      members: [classifier()], trees: try trees(), treeShare: TreeShare(share: 0.7, scale: 2))
    func save(_ scorer: Scorer) throws {
      try ClassifierCheckpoint.save(
        scorer, configuration: FineTuningConfiguration(),
        history: FineTuningHistory(rounds: 1, trainingCount: 1, seconds: 0), text: "",
        configurationFolder: "", to: folder.path)
    }
    try save(scorer)
    let loaded = try ClassifierCheckpoint.load(folder.path)
    #expect(loaded.treeShare == scorer.treeShare)
    #expect(loaded.trees?.variables.names == ["jet[0].btag", "muon[0].pt"])
    #expect(
      try loaded.scores(of: source, events: events) == scorer.scores(of: source, events: events))

    var damaged = try ClassifierCheckpoint.read(folder.path)
    damaged.trees?.variables.removeLast()
    let path = folder.file("classifier.json")
    try JSONEncoder().encode(damaged).write(to: URL(fileURLWithPath: path))
    let error = try #require(
      #expect(throws: ClassificationError.self) { try ClassifierCheckpoint.load(folder.path) })
    #expect("\(error)".contains("they have 2 inputs") && "\(error)".contains("names 1"))

    // Trained again without, into the same folder.
    try save(Scorer(members: scorer.members))
    #expect(try ClassifierCheckpoint.load(folder.path).trees == nil)
  }

  @Test func `threads may score at the same time`() throws {
    let scorer = Scorer(members: [classifier()], trees: try trees())
    let whole = try scorer.scores(of: source.events)
    let parts = try scorer.scores(of: source, events: events, batchSize: 7)
    for (first, second) in zip(whole[1], parts[1]) {
      #expect(isClose(first, second, absolute: 1e-6))
    }
  }

  /// Logits of 400 events; those of the first kind are right in nine of ten, the others at random.
  private func logits() -> (good: [Double], bad: [Double], isSignal: [Bool]) {
    let isSignal = (0..<400).map { $0 % 2 == 0 }
    let good = isSignal.enumerated().map { ($1 == ($0 % 10 != 3) ? 1 : -1) * 2.0 }
    let bad = (0..<400).map { $0 / 2 % 2 == 0 ? 3.0 : -3 }
    return (good, bad, isSignal)
  }

  @Test func `the better of both counts more, and who is too sure is scaled down`() {
    let (good, bad, isSignal) = logits()
    let weights = [Double](repeating: 2, count: 400)
    let trees = TreeShare(
      trees: good, classifier: bad, isSignal: isSignal, weights: weights,
      expected: 0.6)
    #expect(trees.share >= 0.7)
    let classifier = TreeShare(
      trees: bad, classifier: good, isSignal: isSignal, weights: weights,
      expected: 0.6)
    #expect(classifier.share <= 0.3)
    let loud = good.map { 4 * $0 }
    let tamed = TreeShare(
      trees: loud, classifier: loud, isSignal: isSignal, weights: weights,
      expected: 0.6)
    #expect(tamed.share == 0.6 && tamed.scale == 0.25)
  }

  @Test(arguments: [0.4, 0.6])
  func `few events leave the share as it is expected`(expected: Double) {
    let (good, bad, isSignal) = logits()
    let few = TreeShare(
      trees: Array(good[..<6]), classifier: Array(bad[..<6]), isSignal: Array(isSignal[..<6]),
      weights: [Double](repeating: 1, count: 6), expected: expected)
    #expect(abs(few.share - expected) < 0.21)
    let none = TreeShare(
      trees: [], classifier: [], isSignal: [], weights: [], expected: expected)
    #expect(none == TreeShare())
  }

  @Test func `members choose how much trees count`() throws {
    var configuration = FineTuningConfiguration(augmentation: .init())
    configuration.steps = 2
    configuration.epochs = 1
    configuration.members = 3
    let text = "jet[0].btag"
    let plan = JoinedTrees.Plan(
      variables: EventVariables(
        names: [text], expressions: [try EventExpression(text, schema: source.schema)]),
      configuration: TreeConfiguration(), expectedShare: 0.4)
    let (scorer, _) = try FineTuner.trainMembers(
      source: source, events: events, classNames: ["a", "b"], configuration: configuration,
      trees: plan, backbone: { _ in makeBackbone() })
    #expect(scorer.trees != nil && scorer.treeShare != TreeShare())
  }
}
