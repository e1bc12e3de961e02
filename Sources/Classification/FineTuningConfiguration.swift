// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Configuration
import Torch

/// How a classifier is made from a backbone: the section `finetuning` of a configuration.
public struct FineTuningConfiguration: Codable, Hashable, Sendable {
  /// Where the backbone comes from and what of it is trained.
  public enum Mode: String, Codable, CaseIterable, Sendable {
    /// The pre-trained backbone is trained with the head.
    case full
    /// The pre-trained backbone stays as it is; only the head is trained.
    case frozen
    /// The backbone starts from random weights.
    case scratch
  }

  /// Where the backbone comes from and what of it is trained.
  public var mode = Mode.full
  /// Smallest number of training steps of a pre-trained backbone.
  public var steps = 400
  /// Smallest number of training steps from scratch.
  ///
  /// With some hundred labels the smallest validation loss comes within the first few hundred
  /// steps, and looks that are far apart miss it: 600 steps are better there (`cms-tau-2012.yaml`).
  public var scratchSteps = 1500
  /// Smallest number of passes over the training events; the larger of both counts.
  public var epochs = 8
  /// Events in a batch.
  public var batchSize = 64
  /// Learning rate of the head and the last layer of a pre-trained backbone.
  public var learningRate = 3e-4
  /// Learning rate of all parameters of a backbone from scratch.
  public var scratchLearningRate = 1e-3
  /// Factor of the learning rate from a layer to the one before it.
  public var depthDecay = 0.7
  /// Decoupled weight decay of matrices.
  public var weightDecay = 0.05
  /// L2 penalty of the head's warm-up on standardized embeddings; 0 switches the warm-up off.
  public var headWarmUpPenalty = 0.03
  /// The gradient's norm is scaled down to this.
  public var gradientClip = 1.0
  /// Share of the labeled events on which training is watched.
  public var validationFraction = 0.2
  /// Looks at the validation loss without improvement before training stops.
  public var patience = 8
  /// Whether the classes count alike in the loss, whatever their sums of weights.
  public var balancesClasses = true
  /// Whether the events' weights count in the loss.
  public var usesEventWeights = true
  /// Whether a backbone of another schema is given new input columns.
  public var growSchema = false
  /// The numbers in which products of matrices are computed; scores are always `float32`.
  public var precision = Precision.float32
  /// The seed of splits, order, weights and augmentation.
  public var seed: UInt64 = 1
  /// The transformations of the training events; `nil` switches them off.
  ///
  /// The section `finetuning.augmentation` changes what the section `augmentation` says.
  public var augmentation: AugmentationConfiguration?

  /// Makes the defaults.
  public init(augmentation: AugmentationConfiguration? = nil) {
    self.augmentation = augmentation
  }

  /// Reads a section; what is not given keeps its value in the defaults.
  ///
  /// - Throws: `ConfigurationError` if a value is out of range.
  public init(_ node: ConfigurationNode?, defaults: FineTuningConfiguration) throws {
    self = defaults
    guard let node else { return }
    mode = try node.choice("mode", default: mode)
    steps = try node.int("steps", default: steps, in: 0...10_000_000)
    scratchSteps = try node.int("scratchSteps", default: scratchSteps, in: 0...10_000_000)
    epochs = try node.int("epochs", default: epochs, in: 0...60_000)
    batchSize = try node.int("batchSize", default: batchSize, in: 1...1_000_000)
    learningRate = try node.double("learningRate", default: learningRate, in: 1e-8...1)
    scratchLearningRate = try node.double(
      "scratchLearningRate", default: scratchLearningRate, in: 1e-8...1)
    depthDecay = try node.double("depthDecay", default: depthDecay, in: 0.01...1)
    weightDecay = try node.double("weightDecay", default: weightDecay, in: 0...10)
    headWarmUpPenalty = try node.double(
      "headWarmUpPenalty", default: headWarmUpPenalty, in: 0...1000)
    gradientClip = try node.double("gradientClip", default: gradientClip, in: 1e-6...1e6)
    validationFraction = try node.double(
      "validationFraction", default: validationFraction, in: 0.01...0.9)
    patience = try node.int("patience", default: patience, in: 1...1_000_000)
    balancesClasses = try node.bool("balancesClasses", default: balancesClasses)
    usesEventWeights = try node.bool("usesEventWeights", default: usesEventWeights)
    growSchema = try node.bool("growSchema", default: growSchema)
    precision = try node.choice("precision", default: precision)
    seed = UInt64(try node.int("seed", default: Int(seed), in: 0...Int.max))
    if let section = try node.node("augmentation") {
      augmentation = try AugmentationConfiguration(
        section, defaults: augmentation ?? AugmentationConfiguration())
    }
  }
}
