// SPDX-License-Identifier: Apache-2.0

import Augmentation
import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import Torch

/// What a fine-tuning recorded.
public struct FineTuningHistory: Codable, Hashable, Sendable {
  /// A look at the validation split.
  public struct Look: Codable, Hashable, Sendable {
    /// Training steps done.
    public var step: Int
    /// Mean training loss since the look before.
    public var trainingLoss: Double
    /// Weighted cross-entropy on the validation split.
    public var validationLoss: Double
  }

  /// The looks, in order.
  public var looks: [Look] = []
  /// The step whose parameters were kept; 0 is the head's warm-up.
  public var bestStep = 0
  /// The penalty of the head's warm-up, given or chosen; `nil` without a warm-up.
  public var headPenalty: Double?
  /// Passes over the training events.
  public var epochs = 0.0
  /// Time of the whole fine-tuning, seconds.
  public var seconds = 0.0
  /// Numbers of training and validation events.
  public var trainingCount = 0
  /// Number of validation events.
  public var validationCount = 0
  /// As how many labeled background events collisions counted; `nil` where none did.
  public var collisionWorth: Double?
}

/// Trains a classifier on labeled events.
///
///     head warm-up (linear probe) → all parameters, learning rates by depth → the best step on
///     the validation split
///
/// The validation split is part of the labeled events that are given; nothing else is looked at.
public final class FineTuner {
  /// The classifier, after ``run(report:)`` with the parameters of the best step.
  public let classifier: Classifier
  let source: any EventSource
  let configuration: FineTuningConfiguration
  let seed: UInt64
  let trainingEvents: [Int]
  let validationEvents: [Int]
  let labels: [Int32]
  let eventWeights: [Float]
  /// The same without collisions.
  let labeledWeights: [Float]
  /// Collisions that count as background beside the training events.
  let collisions: BackgroundCollisions?
  let augmenter: Augmenter?
  /// Steps that may be begun before the loss of one is read.
  let stepsAhead: Int
  var history = FineTuningHistory()

  /// Prepares a fine-tuning.
  ///
  /// - Parameters:
  ///   - backbone: The backbone, which is changed unless it is frozen.
  ///   - source: The labeled events.
  ///   - events: Which of them may be used, validation included.
  ///   - classNames: The names of the classes, by label.
  ///   - configuration: How to train.
  ///   - variables: High-level variables that the head reads beside the event vector; `nil` for
  ///     none.
  ///   - collisions: Collisions of the source that count as background; `nil` for none.
  ///   - member: Which member of several this is, from 0: each has another seed and validates on
  ///     other events.
  ///   - stepsAhead: Steps that may be begun before the loss of one is read, as in pre-training;
  ///     `nil` takes 0 on the CPU, and 1 elsewhere. It does not change the numbers.
  /// - Throws: ``ClassificationError`` if a class is empty, a label has no name, or there are too
  ///   few events for a validation split.
  public init(
    backbone: EventTransformer, source: any EventSource, events: [Int], classNames: [String],
    configuration: FineTuningConfiguration, variables: VariableInputs? = nil,
    collisions: BackgroundCollisions? = nil, member: Int = 0, stepsAhead: Int? = nil
  ) throws {
    self.source = source
    self.stepsAhead = stepsAhead ?? (backbone.device == .cpu ? 0 : 1)
    self.configuration = configuration
    seed = Self.seed(ofMember: member, configuration)
    self.collisions = collisions
    labels = collisions?.labels(of: source) ?? source.labels()
    classifier = Classifier(backbone: backbone, classNames: classNames, variables: variables)
    (trainingEvents, validationEvents) = try Self.stratifiedSplit(
      events, labels: labels, classNames: classNames,
      fraction: configuration.validationFraction, seed: configuration.seed, part: member)
    labeledWeights = try Self.lossWeights(
      source: source, events: trainingEvents + validationEvents, labels: labels,
      classCount: classNames.count, configuration: configuration)
    eventWeights =
      collisions?.weights(
        beside: labeledWeights, of: trainingEvents, labels: labels,
        balancesClasses: configuration.balancesClasses, as: .drawn) ?? labeledWeights
    augmenter = try configuration.augmentation.map { [seed] in
      try Augmenter(configuration: $0, schema: source.schema, seed: seed)
    }
    history.trainingCount = trainingEvents.count
    history.validationCount = validationEvents.count
    history.collisionWorth = collisions?.worth
  }

  /// Trains and keeps the parameters of the best validation loss.
  ///
  /// - Parameter report: Is told steps done and steps at most.
  /// - Returns: The losses by look.
  /// - Throws: `InterruptedError` on Ctrl-C; `ModelError` with code `nonFinite` if the loss is not
  ///   a number; what the source throws for damaged events.
  public func run(report: (Int, Int) -> Void = { _, _ in }) throws -> FineTuningHistory {
    let start = ProcessInfo.processInfo.systemUptime
    if canStartWithHead, configuration.headWarmUpPenalty != 0 {
      try warmUpHead(penalty: configuration.headWarmUpPenalty)
    }
    try trainAll(report: report)
    history.seconds = ProcessInfo.processInfo.systemUptime - start
    return history
  }

  /// Whether a head alone may be of use: random event vectors are no start for it, variables are.
  var canStartWithHead: Bool { configuration.mode != .scratch || classifier.variables != nil }

  /// Returns the weighted cross-entropy of a batch.
  ///
  /// - Throws: `ExpressionError` if a variable cannot be computed.
  package func loss(
    _ batch: EventBatch, dropout: Generator?, skippedLayers: Set<Int> = []
  ) throws -> Tensor {
    let device = classifier.backbone.device
    let targets = Tensor(batch.eventIndices.map { Int64(labels[$0]) }, device: device)
    let weights = Tensor(batch.eventIndices.map { eventWeights[$0] }, device: device)
    // A frozen backbone needs no way back through it, most of a step's time.
    let logits =
      configuration.mode == .frozen
      ? try classifier.headLogits(batch, dropout: dropout)
      : try classifier.logits(batch, dropout: dropout, skippedLayers: skippedLayers)
    return (Tensor.crossEntropy(logits: logits, targets: targets, reduction: .none) * weights)
      .mean()
  }
}
