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

  /// Which parameters of a training are kept.
  public enum Keeping: String, Codable, CaseIterable, Sendable {
    /// Those of the smallest validation loss; training stops when it does not fall any more.
    case best
    /// Those of the last step; the validation events only watch.
    case last
  }

  /// How members become one classifier.
  public enum Joining: String, Codable, CaseIterable, Sendable {
    /// By the mean of their parameters: one model, as fast as one.
    ///
    /// Members that start from one backbone stay close enough for that.
    /// Source: M. Wortsman et al., "Model soups", arXiv:2203.05482.
    case weights
    /// By the mean of their logits.
    case logits
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
  public var learningRate = 6e-4
  /// Learning rate of all parameters of a backbone from scratch.
  public var scratchLearningRate = 1e-3
  /// Factor of the learning rate from a layer to the one before it.
  public var depthDecay = 0.85
  /// Steps over which a pre-trained backbone's learning rate catches up with the head's; 0 lets
  /// both rise together.
  public var catchUpSteps = 0
  /// How much of the parameters' running mean stays at a step; 0 for no mean.
  ///
  /// The mean is what is validated and kept. It forgets within about `1 / (1 - averageDecay)` steps.
  public var averageDecay = 0.98
  /// Probability that the events of a shard go past a layer of the encoder while training.
  ///
  /// Source: A. Fan et al., "Reducing Transformer depth on demand", arXiv:1909.11556.
  public var layerDrop = 0.0
  /// Decoupled weight decay of matrices.
  public var weightDecay = 0.05
  /// L2 penalty of the head's warm-up on standardized embeddings; 0 switches the warm-up off, and
  /// `nil`, the default, chooses by cross-validation on the training events.
  public var headWarmUpPenalty: Double?
  /// The gradient's norm is scaled down to this.
  public var gradientClip = 1.0
  /// Share of the labeled events on which training is watched.
  public var validationFraction = 0.2
  /// Which parameters are kept.
  public var keeps = Keeping.best
  /// Looks at the validation loss without improvement before training stops.
  public var patience = 8
  /// Classifiers that are trained, each validated on another part of the labeled events, and joined
  /// as ``joining`` says.
  public var members = 5
  /// How members are joined; members from scratch are always joined by their logits.
  public var joining = Joining.weights
  /// Views of an event whose logits are averaged when it is scored: the event, and others that are
  /// rotated and reflected as ``augmentation`` allows.
  public var scoreViews = 1
  /// Whether the classes count alike in the loss, whatever their sums of weights.
  public var balancesClasses = true
  /// Whether the events' weights count in the loss.
  public var usesEventWeights = true
  /// Whether the head reads high-level variables beside the event vector: those of the section
  /// `variables`, or automatic ones where there is none, see `EventVariables.init(automaticFor:)`.
  ///
  /// The `finetune` command does so by default.
  public var variables = false
  /// Whether boosted trees on the same variables are joined, see ``TreeShare``; `nil` for wherever no event has a negative weight, which trees cannot take.
  ///
  /// Of the `finetune` command; arms of a study say so by `joins`.
  public var trees: Bool?
  /// Collisions without labels that count as background beside the labeled events; `nil` for none.
  ///
  /// The `finetune` command takes them from the samples of the pre-training by default.
  public var collisions: CollisionConfiguration?
  /// Whether a backbone of another schema is accepted, its inputs being matched by name.
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
    catchUpSteps = try node.int("catchUpSteps", default: catchUpSteps, in: 0...10_000_000)
    averageDecay = try node.double("averageDecay", default: averageDecay, in: 0...0.9999)
    layerDrop = try node.double("layerDrop", default: layerDrop, in: 0...0.9)
    weightDecay = try node.double("weightDecay", default: weightDecay, in: 0...10)
    headWarmUpPenalty =
      try node.optionalDouble("headWarmUpPenalty", in: 0...1000) ?? headWarmUpPenalty
    gradientClip = try node.double("gradientClip", default: gradientClip, in: 1e-6...1e6)
    validationFraction = try node.double(
      "validationFraction", default: validationFraction, in: 0.01...0.9)
    keeps = try node.choice("keeps", default: keeps)
    patience = try node.int("patience", default: patience, in: 1...1_000_000)
    members = try node.int("members", default: members, in: 1...100)
    joining = try node.choice("joining", default: joining)
    scoreViews = try node.int("scoreViews", default: scoreViews, in: 1...1000)
    balancesClasses = try node.bool("balancesClasses", default: balancesClasses)
    usesEventWeights = try node.bool("usesEventWeights", default: usesEventWeights)
    variables = try node.bool("variables", default: variables)
    if node.contains("trees") { trees = try node.bool("trees", default: false) }
    if let section = try node.node("collisions") {
      let own = try CollisionConfiguration(
        section, defaults: collisions ?? CollisionConfiguration())
      collisions = own.events == 0 ? nil : own
    }
    growSchema = try node.bool("growSchema", default: growSchema)
    precision = try node.choice("precision", default: precision)
    seed = UInt64(try node.int("seed", default: Int(seed), in: 0...Int.max))
    if let section = try node.node("augmentation") {
      augmentation = try AugmentationConfiguration(
        section, defaults: augmentation ?? AugmentationConfiguration())
    }
  }
}
