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
    /// Take objects out and predict them as a set.
    public var hiddenSets: HiddenSets.Settings?
    /// Ask that views of an event agree.
    public var agreement: ViewAgreement.Settings?
    /// Predict high-level variables.
    public var variables: VariablePrediction.Settings?
    /// Tell simulated processes apart.
    public var process: ProcessClassification.Settings?

    /// Makes the default: masked objects, types of objects and variables together.
    public init() {
      maskedObjects = .init()
      objectType = .init()
      variables = .init()
    }

    private init(empty: Void) {}

    /// None, for those that are set one by one.
    public static var empty: Objectives { Objectives(empty: ()) }

    /// The published baseline: the types of objects alone.
    public static var baseline: Objectives {
      var objectives = empty
      objectives.objectType = .init()
      return objectives
    }

    /// Reads those that a list names.
    ///
    /// - Throws: `ConfigurationError` if there is none.
    init(_ node: ConfigurationNode) throws {
      var names: [String] = []
      func settings<Settings: ObjectiveSettings>() throws -> Settings? {
        names.append(Settings.name)
        return try node.node(Settings.name).map(Settings.init)
      }
      maskedObjects = try settings()
      kinematicInvariants = try settings()
      objectType = try settings()
      hiddenSets = try settings()
      agreement = try settings()
      variables = try settings()
      process = try settings()
      guard !used.isEmpty else {
        throw node.fail(
          found: "no objective", expected: "at least one of \(names.joined(separator: ", "))",
          remedy: "Remove the key for the default, or name one, as in `maskedObjects: {}`.")
      }
    }

    /// Those that are used, in the order in which they are made and computed.
    var used: [any ObjectiveSettings] {
      let all: [(any ObjectiveSettings)?] = [
        maskedObjects, kinematicInvariants, objectType, hiddenSets, agreement, variables,
        process,
      ]
      return all.compactMap { $0 }
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
    if let list = try node.node("objectives") { objectives = try Objectives(list) }
  }
}
