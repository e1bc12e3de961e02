// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Configuration
import EventModel
import Events
import Runtime
import Torch

/// Asks that two views of an event have the same vector, and that the vectors of events differ.
///
/// The second view is the first one transformed once more by what the run augments with; in each,
/// some objects are hidden. A head makes `z [B, P]` of the vectors of one view and `z' [B, P]` of the
/// other. The loss is
///
///     invariance · mean (z − z')²
///     + variance · mean over columns of max(0, 1 − √(var + 10⁻⁴)), of both views
///     + covariance / P · sum over pairs of different columns of cov², of both views
///
/// In a batch of one event only the first term is defined.
///
/// Source: A. Bardes, J. Ponce, Y. LeCun, "VICReg", arXiv:2105.04906.
public final class ViewAgreement: PretrainingObjective {
  /// What can be set in a configuration.
  public struct Settings: ObjectiveSettings {
    /// The name in configurations.
    static let name = "agreement"
    /// Factor of the loss in the sum of objectives.
    public var weight = 1.0
    /// Probability that an object of a view is hidden.
    public var hiddenFraction = 0.2
    /// Columns of what is compared, `P`.
    public var projectionWidth = 128
    /// Factor of the views' distance.
    public var invariance = 1.0
    /// Factor of the lack of variance.
    public var variance = 1.0
    /// Factor of the covariance.
    public var covariance = 0.04

    /// Makes the defaults: the factors of the source, divided by 25.
    public init() {}

    /// Reads the settings; what is not given keeps its default.
    public init(_ node: ConfigurationNode) throws {
      weight = try node.double("weight", default: weight, in: 0...1000)
      hiddenFraction = try node.double("hiddenFraction", default: hiddenFraction, in: 0...0.99)
      projectionWidth = try node.int("projectionWidth", default: projectionWidth, in: 1...65_536)
      invariance = try node.double("invariance", default: invariance, in: 0...1000)
      variance = try node.double("variance", default: variance, in: 0...1000)
      covariance = try node.double("covariance", default: covariance, in: 0...1000)
    }
  }

  /// The name in configurations.
  public var name: String { Settings.name }
  /// The factor of the loss.
  public var weight: Double { settings.weight }
  private let settings: Settings
  private let augmenter: Augmenter
  private let head: PredictionHead

  /// Makes the objective with a random head.
  ///
  /// - Parameters:
  ///   - settings: The settings.
  ///   - augmenter: What makes the second view of the first, with a seed that is not the run's.
  ///   - width: The width of the backbone, `D`.
  ///   - generator: Where the first weights come from.
  public init(
    settings: Settings, augmenter: Augmenter, width: Int,
    generator: inout some RandomNumberGenerator
  ) {
    self.settings = settings
    self.augmenter = augmenter
    head = PredictionHead(
      width: width, hiddenWidth: settings.projectionWidth, outputs: settings.projectionWidth,
      generator: &generator)
  }

  /// The two layers of the head.
  public var children: [(name: String, module: any Module)] { head.children }

  /// Returns the loss of two views of each event.
  public func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) -> Tensor {
    let other = augmenter.apply(to: batch, epoch: context.epoch)
    let views = [(batch, context.seed), (other, augmenter.seed)].map { view, seed in
      let input = backbone.input(view, mask: mask(for: view, seed: seed, epoch: context.epoch))
      let vectors = backbone.eventVectors(input, dropout: context.dropout)
      return head(vectors).to(dtype: .float32)
    }
    return loss(views[0], views[1])
  }

  /// Returns the loss of two views.
  ///
  /// Shapes `[B, P]`.
  func loss(_ first: Tensor, _ second: Tensor) -> Tensor {
    var loss = (first - second).square().mean() * settings.invariance
    guard first.size(0) > 1 else { return loss }
    for view in [first, second] {
      let (events, columns) = (Double(view.size(0)), Double(view.size(1)))
      let centered = view - view.mean(dimensions: [0], keepDimensions: true)
      let variance = centered.square().sum(dimensions: [0]) / (events - 1)
      let lack = (1 - (variance + 1e-4).sqrt()).relu().mean()
      let covariance = centered.transposed(0, 1).matmul(centered) / (events - 1)
      let offDiagonal = covariance.square().sum() - variance.square().sum()
      loss =
        loss + lack * settings.variance + offDiagonal * (settings.covariance / columns)
    }
    return loss
  }

  /// Chooses what is hidden in a view: each object on its own, but not all of an event.
  func mask(for batch: EventBatch, seed: UInt64, epoch: Int) -> ObjectMask {
    var mask = ObjectMask(objectCount: batch.objectCount)
    for event in 0..<batch.eventCount {
      let range = batch.range(of: event)
      var generator = CounterBasedGenerator(
        seed: seed, epoch: epoch, event: batch.eventIndices[event], purpose: .masking)
      for object in range {
        mask.hidesMomentum[object] = Double(generator.uniform()) < settings.hiddenFraction
      }
      if let first = range.first, range.allSatisfy({ mask.hidesMomentum[$0] }) {
        mask.hidesMomentum[first + Int(generator.next() % UInt64(range.count))] = false
      }
    }
    return mask
  }
}

extension ViewAgreement.Settings {
  func objective(
    _ parts: ObjectiveParts, generator: inout CounterBasedGenerator
  ) throws -> any PretrainingObjective {
    // The run's own seed would draw the transformation that the first view has already.
    ViewAgreement(
      settings: self,
      augmenter: try Augmenter(
        configuration: parts.configuration.augmentation, schema: parts.layout.schema,
        seed: ~parts.configuration.seed),
      width: parts.model.width, generator: &generator)
  }
}
