// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Configuration
import EventModel
import Events
import Runtime
import Torch

/// How a backbone is pre-trained: the section `pretraining` of a configuration.
public struct PretrainingConfiguration: Codable, Hashable, Sendable {
  /// The objectives and their settings; one that is `nil` is not used.
  public struct Objectives: Codable, Hashable, Sendable {
    /// Hide objects and predict them.
    public var maskedObjects: MaskedObjects.Settings?
    /// Ask the event about pairs of objects.
    public var kinematicInvariants: KinematicInvariants.Settings?
    /// Hide types and predict them: the published baseline.
    public var objectType: ObjectTypePrediction.Settings?

    /// Makes the default: masked objects and kinematic invariants together.
    public init() {
      maskedObjects = .init()
      kinematicInvariants = .init()
    }
  }

  /// The objectives.
  public var objectives = Objectives()
  /// The weight of each sample, by name; `nil` takes every event of every sample once in an epoch.
  ///
  /// Weights count relative to one another. An epoch has as many events as all samples have for
  /// training, whatever the weights.
  public var mixture: [String: Double]?
  /// Passes over the events, or with a mixture over as many.
  public var epochs = 20
  /// Events in a batch.
  public var batchSize = 512
  /// The largest learning rate.
  public var learningRate = 1e-3
  /// Steps over which the learning rate rises; then it falls as a cosine to zero.
  public var warmUpSteps = 100
  /// Decoupled weight decay of matrices.
  public var weightDecay = 0.01
  /// The gradient's norm is scaled down to this.
  public var gradientClip = 1.0
  /// Share of the events on which the loss is watched, not trained.
  public var validationFraction = 0.05
  /// The numbers in which products of matrices are computed.
  public var precision = Precision.float32
  /// The seed of weights, order, hiding and augmentation.
  public var seed: UInt64 = 1
  /// The transformations of the events.
  ///
  /// The section `pretraining.augmentation` changes what the section `augmentation` says.
  public var augmentation: AugmentationConfiguration

  /// Makes the defaults.
  public init(augmentation: AugmentationConfiguration = .init()) {
    self.augmentation = augmentation
  }

  /// Reads a section; what is not given keeps its value in the defaults.
  ///
  /// - Throws: `ConfigurationError` if a value is out of range or no objective is named.
  public init(_ node: ConfigurationNode?, defaults: PretrainingConfiguration) throws {
    self = defaults
    guard let node else { return }
    if node.contains("mixture") {
      var weights: [String: Double] = [:]
      for (name, value) in try node.entries("mixture") {
        weights[name] = try value.asDouble(in: .positive)
      }
      mixture = weights.isEmpty ? nil : weights
    }
    epochs = try node.int("epochs", default: epochs, in: 1...60_000)
    batchSize = try node.int("batchSize", default: batchSize, in: 1...1_000_000)
    learningRate = try node.double("learningRate", default: learningRate, in: 1e-8...1)
    warmUpSteps = try node.int("warmUpSteps", default: warmUpSteps, in: 0...1_000_000)
    weightDecay = try node.double("weightDecay", default: weightDecay, in: 0...10)
    gradientClip = try node.double("gradientClip", default: gradientClip, in: 1e-6...1e6)
    validationFraction = try node.double(
      "validationFraction", default: validationFraction, in: 0...0.9)
    precision = try node.choice("precision", default: precision)
    seed = UInt64(try node.int("seed", default: Int(seed), in: 0...Int.max))
    augmentation = try AugmentationConfiguration(
      node.node("augmentation"), defaults: augmentation)
    guard let list = try node.node("objectives") else { return }
    objectives.maskedObjects = try list.node("maskedObjects").map(MaskedObjects.Settings.init)
    objectives.kinematicInvariants = try list.node("kinematicInvariants")
      .map(KinematicInvariants.Settings.init)
    objectives.objectType = try list.node("objectType").map(ObjectTypePrediction.Settings.init)
    let all = [
      objectives.maskedObjects == nil, objectives.kinematicInvariants == nil,
      objectives.objectType == nil,
    ]
    if !all.contains(false) {
      throw node.fail(
        "objectives", found: "no objective",
        expected: "at least one of maskedObjects, kinematicInvariants, objectType",
        remedy: "Remove the key for the default, or name one, as in `maskedObjects: {}`.")
    }
  }
}
