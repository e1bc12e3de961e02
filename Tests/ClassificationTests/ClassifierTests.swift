// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import Events
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ClassifierTests {
  private let source = ToyEvents.make(eventCount: 120)

  private func trained() throws -> (FineTuner, FineTuningConfiguration, FineTuningHistory) {
    var configuration = FineTuningConfiguration()
    configuration.steps = 10
    configuration.epochs = 1
    let tuner = try FineTuner(
      backbone: makeBackbone(), source: source, events: Array(0..<100),
      classNames: ["background", "signal"], configuration: configuration)
    return (tuner, configuration, try tuner.run())
  }

  @Test func `all classes are equally likely at first`() throws {
    let classifier = Classifier(backbone: makeBackbone(), classNames: ["a", "b", "c"])
    let scores = try classifier.scores(of: source, events: [0, 1])
    #expect(scores.count == 3)
    for score in scores.joined() { #expect(isClose(score, 1.0 / 3)) }
  }

  @Test func `scores do not depend on the batch size and follow the order asked for`() throws {
    let classifier = try trained().0.classifier
    let events = Array((0..<120).reversed())
    var done: [Int] = []
    let small = try classifier.scores(of: source, events: events, batchSize: 7) { done.append($0) }
    let large = try classifier.scores(of: source, events: Array(0..<120))
    #expect(worstDifference(small[1], Array(large[1].reversed()), absolute: 1e-6) == nil)
    #expect(done.last == 120 && done.count == 18)
    #expect(try classifier.scores(of: source, events: []) == [[], []])
  }

  @Test func `event vectors come with the same scores, those of the first member`() throws {
    let classifier = try trained().0.classifier
    let other = Classifier(backbone: makeBackbone(), classNames: classifier.classNames)
    let batch = try source.batch(events: Array(0..<40))
    for scorer in [Scorer(members: [classifier]), Scorer(members: [classifier, other])] {
      let (scores, embeddings) = try scorer.scoresAndEmbeddings(of: batch)
      #expect(try scores == scorer.scores(of: batch))
      #expect(embeddings == (try classifier.embeddings(of: batch).floats()))
      #expect(embeddings.count == 40 * scorer.embeddingWidth)
    }
    let nothing = try Scorer(members: [classifier])
      .scoresAndEmbeddings(of: source.batch(events: []))
    #expect(nothing.scores == [[], []] && nothing.embeddings.isEmpty)
  }

  @Test func `a saved classifier gives identical scores`() throws {
    let folder = try TemporaryFolder()
    let (tuner, configuration, history) = try trained()
    try ClassifierCheckpoint.save(
      Scorer(members: [tuner.classifier]), configuration: configuration, history: history,
      text: "name: toy\n",
      configurationFolder: "studies", to: folder.path)
    #expect(
      folder.contents == [
        "classifier.json", "configuration.yaml", "head.safetensors", "model.json",
        "model.safetensors",
      ])
    let loaded = try ClassifierCheckpoint.load(folder.path)
    #expect(loaded.classNames == ["background", "signal"])
    let events = Array(0..<120)
    #expect(
      try loaded.scores(of: source, events: events)
        == tuner.classifier.scores(of: source, events: events))
    let description = try ClassifierCheckpoint.read(folder.path)
    #expect(description.configuration == configuration && description.history == history)
    #expect(description.configurationFolder == "studies")
  }

  @Test func `a folder without a classifier is refused`() throws {
    let folder = try TemporaryFolder()
    let error = try #require(
      #expect(throws: ClassificationError.self) { try ClassifierCheckpoint.load(folder.path) })
    #expect(error.code == .notAClassifier)
    #expect(
      error.description
        == "cannot open the classifier \(folder.path): it has no classifier.json. Name the folder "
        + "that finetune wrote.")
  }

  @Test func `a classifier of one class is refused`() throws {
    let folder = try TemporaryFolder()
    let (tuner, configuration, history) = try trained()
    try ClassifierCheckpoint.save(
      Scorer(members: [tuner.classifier]), configuration: configuration, history: history, text: "",
      configurationFolder: "", to: folder.path)
    var description = try ClassifierCheckpoint.read(folder.path)
    description.classNames = ["signal"]
    try writeJSON(description, to: folder.file("classifier.json"))
    let error = try #require(
      #expect(throws: ClassificationError.self) { try ClassifierCheckpoint.load(folder.path) })
    #expect(
      error.description
        == "cannot open the classifier \(folder.path): classifier.json names 1 classes, expected "
        + "at least 2. The file was changed; take it from a backup, or fine-tune again.")
  }

  @Test func `a score that is not a number is refused`() throws {
    let classifier = try trained().0.classifier
    let token = try #require(classifier.backbone.ownParameters.first?.parameter)
    withoutGradients { token.value.copy(from: Tensor.full([8], value: Float.nan)) }
    let error = try #require(
      #expect(throws: ModelError.self) { _ = try classifier.scores(of: source, events: [5, 6]) })
    #expect(error.code == .nonFinite)
    #expect(
      error.description.wholeMatch(
        of:
          /the score of event 5 is -?nan\. The model's parameters are damaged; fine-tune again from an intact checkpoint\./
      ) != nil, "\(error)")
  }

  // MARK: - PyTorch

  @Test func `logits, loss and gradients equal those of PyTorch`() throws {
    let reference = try ModelReference.read()
    let source = ToyEvents(events: reference.batch)
    var normalization = InputNormalization()
    for (name, moments) in reference.moments {
      let own = InputNormalization.Moments(mean: moments.mean, deviation: moments.deviation)
      switch name {
      case "lnPt": normalization.lnPt = own
      case "eta": normalization.eta = own
      case "lnMass": normalization.lnMass = own
      case "npv": normalization.scalars[name] = own
      default: normalization.features[name] = own
      }
    }
    let backbone = EventTransformer(
      configuration: ModelConfiguration(
        width: reference.width, layers: reference.layers, heads: reference.heads,
        feedForwardFactor: reference.feedForwardFactor, pairwiseBias: false),
      schema: source.schema, normalization: normalization, seed: 1)
    let tuner = try FineTuner(
      backbone: backbone, source: source, events: Array(0..<source.eventCount),
      classNames: ["background", "signal"], configuration: FineTuningConfiguration())
    try tuner.classifier.load(
      ModelReference.tensors("initial").filter {
        $0.name.hasPrefix("backbone.") || $0.name.hasPrefix("head.")
      })
    let logits = try #require(
      ModelReference.tensors("output").first { $0.name == "logits" }?.tensor)
    #expect(
      ModelReference.difference(
        try withoutGradients { try tuner.classifier.logits(source.events) }, logits) == nil)
    let loss = try tuner.loss(source.events, dropout: nil)
    let expected = try #require(reference.losses["classification"])
    #expect(isClose(loss.item(), expected, relative: Double(ModelReference.tolerance)))
    loss.backward()
    let gradients = Dictionary(
      uniqueKeysWithValues: try ModelReference.tensors("gradient.classification"))
    let largest = gradients.values.flatMap { $0.floats() }.map { abs($0) }.max() ?? 0
    let parameters = tuner.classifier.namedParameters()
    #expect(parameters.count == gradients.count)
    for (name, parameter) in parameters {
      let own = try #require(parameter.value.gradient, "\(name)")
      let other = try #require(gradients[name], "\(name)")
      #expect(
        worstDifference(
          own.floats(), other.floats(), relative: 0, absolute: ModelReference.tolerance * largest)
          == nil, "\(name)")
    }
  }
}
