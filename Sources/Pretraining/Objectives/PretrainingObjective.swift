// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Torch

/// What an objective needs to know of a step beside its batch.
public struct ObjectiveContext {
  /// The seed of the run.
  public let seed: UInt64
  /// The epoch, which with the event's index is the key of what is hidden.
  public let epoch: Int
  /// The source of dropped values while training; `nil` in validation.
  public let dropout: Generator?
  /// The encoder's layers that the events go past; none in validation.
  public let skippedLayers: Set<Int>

  /// Describes a step.
  public init(
    seed: UInt64, epoch: Int, dropout: Generator? = nil, skippedLayers: Set<Int> = []
  ) {
    self.seed = seed
    self.epoch = epoch
    self.dropout = dropout
    self.skippedLayers = skippedLayers
  }
}

/// What a training makes small.
public protocol TrainingObjective {
  /// The name in configurations, reports and checkpoints.
  var name: String { get }
  /// The factor of its loss in the sum.
  var weight: Double { get }
  /// Whether it hides parts of events.
  ///
  /// Objectives that do share the events of a training step: each event is given to one of them.
  var hidesParts: Bool { get }

  /// Returns the mean loss of a batch, a scalar tensor.
  ///
  /// - Parameters:
  ///   - batch: The events, augmented.
  ///   - backbone: The encoder that is trained.
  ///   - context: The seed and epoch, which decide what is hidden and asked.
  /// - Returns: The loss.
  /// - Throws: What computing the loss of these events can meet.
  func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) throws -> Tensor
}

extension TrainingObjective {
  /// By default events are seen as they are.
  public var hidesParts: Bool { false }
}

/// A task that unlabeled events pose and answer themselves.
///
/// An objective owns the heads that it needs beside the backbone, and never sees a label.
public protocol PretrainingObjective: TrainingObjective, Module {}
