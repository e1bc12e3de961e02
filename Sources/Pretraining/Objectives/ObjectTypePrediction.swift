// SPDX-License-Identifier: Apache-2.0

import Configuration
import EventModel
import Events
import Runtime
import Torch

/// Hides the types of objects and predicts the type of every object: the published baseline.
///
/// Each object's one-hot kind is hidden with probability 0.65, and with it what only its kind has
/// (mass and features), which would give it away; the four-momentum's pT, eta and phi stay. The
/// loss is the mean cross-entropy of the kind of all objects.
///
/// Source: "Pretrained event classification for high energy physics", arXiv:2312.06909.
public final class ObjectTypePrediction: PretrainingObjective {
  /// What can be set in a configuration.
  public struct Settings: ObjectiveSettings {
    /// The name in configurations.
    static let name = "objectType"
    /// Factor of the loss in the sum of objectives.
    public var weight = 1.0
    /// Probability that an object's kind is hidden.
    public var hiddenFraction = 0.65

    /// Makes the defaults.
    public init() {}

    /// Reads the settings; what is not given keeps its default.
    public init(_ node: ConfigurationNode) throws {
      weight = try node.double("weight", default: weight, in: 0...1000)
      hiddenFraction = try node.double("hiddenFraction", default: hiddenFraction, in: 0.01...1)
    }
  }

  /// The name in configurations.
  public var name: String { Settings.name }
  /// The factor of the loss.
  public var weight: Double { settings.weight }
  /// Each event is asked by one objective that hides.
  public var hidesParts: Bool { true }
  private let settings: Settings
  private let head: PredictionHead

  /// Makes the objective with a random head.
  ///
  /// - Parameters:
  ///   - settings: The settings.
  ///   - layout: The input of the backbone.
  ///   - width: The width of the backbone, `D`.
  ///   - generator: Where the first weights come from.
  public init(
    settings: Settings, layout: InputLayout, width: Int,
    generator: inout some RandomNumberGenerator
  ) {
    self.settings = settings
    head = PredictionHead(
      width: width, outputs: layout.schema.objectKinds.count, generator: &generator)
  }

  /// The two layers of the head.
  public var children: [(name: String, module: any Module)] { head.children }

  /// Returns the mean cross-entropy of the kind of all objects.
  public func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) -> Tensor {
    loss(
      batch: batch, mask: mask(for: batch, context: context), backbone: backbone,
      dropout: context.dropout)
  }

  /// Returns the mean cross-entropy of the kind of all objects, a mask hiding some.
  package func loss(
    batch: EventBatch, mask: ObjectMask, backbone: EventTransformer, dropout: Generator? = nil
  ) -> Tensor {
    let encoding = backbone(backbone.input(batch, mask: mask), dropout: dropout)
    // The mean of no cross-entropy would be NaN; it teaches nothing.
    guard batch.objectCount > 0 else { return (encoding.events * 0).sum() }
    return Tensor.crossEntropy(
      logits: head(encoding.objects),
      targets: Tensor(batch.kinds.map(Int64.init), device: encoding.objects.device))
  }

  /// Chooses whose kind is hidden: each object on its own.
  package func mask(for batch: EventBatch, context: ObjectiveContext) -> ObjectMask {
    var mask = ObjectMask(objectCount: batch.objectCount)
    for event in 0..<batch.eventCount {
      var generator = CounterBasedGenerator(
        seed: context.seed, epoch: context.epoch, event: batch.eventIndices[event],
        purpose: .masking)
      for object in batch.range(of: event) {
        mask.hidesKind[object] = Double(generator.uniform()) < settings.hiddenFraction
      }
    }
    return mask
  }
}

extension ObjectTypePrediction.Settings {
  func objective(
    _ parts: ObjectiveParts, generator: inout CounterBasedGenerator
  ) throws -> any PretrainingObjective {
    ObjectTypePrediction(
      settings: self, layout: parts.layout, width: parts.model.width, generator: &generator)
  }
}
