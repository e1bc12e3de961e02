// SPDX-License-Identifier: Apache-2.0

import Configuration
import EventModel
import Events
import Runtime
import Torch

/// Hides objects and predicts their kind, momentum and features from the rest of the event.
///
/// A hidden object keeps its rank in pT within its kind, so that two of them are not
/// interchangeable, and half of them keep their kind. Every quantity is predicted as one of 32
/// equally populated bins (``QuantileBins``); the loss is the mean cross-entropy over all
/// quantities of all hidden objects plus `kindWeight` times that of the kind where it was hidden.
///
/// Source of the idea: J. Devlin et al., arXiv:1810.04805; for sets of particles T. Golling et
/// al., "Masked particle modeling on sets", arXiv:2401.13537.
public final class MaskedObjects: PretrainingObjective {
  /// What can be set in a configuration.
  public struct Settings: Codable, Hashable, Sendable {
    /// Factor of the loss in the sum of objectives.
    public var weight = 1.0
    /// Probability that an object is hidden.
    public var hiddenFraction = 0.4
    /// Probability that a hidden object's kind is hidden too.
    public var hiddenKindFraction = 0.5
    /// Factor of the kind's cross-entropy.
    public var kindWeight = 0.3

    /// Makes the defaults.
    public init() {}

    /// Reads the settings; what is not given keeps its default.
    public init(_ node: ConfigurationNode) throws {
      weight = try node.double("weight", default: weight, in: 0...1000)
      hiddenFraction = try node.double("hiddenFraction", default: hiddenFraction, in: 0.01...0.99)
      hiddenKindFraction = try node.double(
        "hiddenKindFraction", default: hiddenKindFraction, in: 0...1)
      kindWeight = try node.double("kindWeight", default: kindWeight, in: 0...1000)
    }
  }

  /// The name in configurations.
  public let name = "maskedObjects"
  /// The factor of the loss.
  public var weight: Double { settings.weight }
  private let settings: Settings
  private let bins: QuantileBins
  private let layout: InputLayout
  private let hidden: Linear
  private let output: Linear

  /// Makes the objective with random heads.
  ///
  /// - Parameters:
  ///   - settings: The settings.
  ///   - bins: The targets' bins.
  ///   - layout: The input of the backbone.
  ///   - width: The width of the backbone, `D`.
  ///   - generator: Where the first weights come from.
  public init(
    settings: Settings, bins: QuantileBins, layout: InputLayout, width: Int,
    generator: inout some RandomNumberGenerator
  ) {
    self.settings = settings
    self.bins = bins
    self.layout = layout
    let outputs =
      (4 + layout.featureCount) * QuantileBins.binCount + layout.schema.objectKinds.count
    hidden = Linear(inputWidth: width, outputWidth: width, generator: &generator)
    output = Linear(inputWidth: width, outputWidth: outputs, generator: &generator)
  }

  /// The objective has no parameters beside those of its heads.
  public var ownParameters: [(name: String, parameter: Parameter)] { [] }

  /// The two layers of the head.
  public var children: [(name: String, module: any Module)] {
    [("hidden", hidden), ("output", output)]
  }

  /// Returns the mean cross-entropy of what was hidden.
  public func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) -> Tensor {
    loss(
      batch: batch, mask: mask(for: batch, context: context), backbone: backbone,
      dropout: context.dropout)
  }

  /// Returns the mean cross-entropy of what a mask hides.
  package func loss(
    batch: EventBatch, mask: ObjectMask, backbone: EventTransformer, dropout: Generator? = nil
  ) -> Tensor {
    let chosen = mask.hidesMomentum.indices.filter { mask.hidesMomentum[$0] }
    let objects = backbone.vectors(
      ofObjects: chosen, of: backbone.input(batch, mask: mask), dropout: dropout)  // [hidden, D]
    let device = objects.device
    let outputs = output(hidden(objects).gelu())
    let quantities = 4 + layout.featureCount
    let binned = quantities * QuantileBins.binCount

    // The bins of all quantities of all hidden objects as rows; those that exist are selected.
    var rows: [Int64] = []
    var targets: [Int64] = []
    var kindRows: [Int64] = []
    var kindTargets: [Int64] = []
    for (row, object) in chosen.enumerated() {
      let kind = Int(batch.kinds[object])
      for quantity in 0..<4 + layout.schema.objectKinds[kind].features.count {
        guard let bin = bins.bin(of: quantity, object: object, in: batch) else { continue }
        let column = quantity < 4 ? quantity : quantity + layout.firstFeature[kind]
        rows.append(Int64(row * quantities + column))
        targets.append(Int64(bin))
      }
      if mask.hidesKind[object] {
        kindRows.append(Int64(row))
        kindTargets.append(Int64(kind))
      }
    }
    // The mean of no cross-entropy would be NaN; it teaches nothing.
    guard !rows.isEmpty else { return (objects * 0).sum() }
    var loss = Tensor.crossEntropy(
      logits: outputs.narrowed(dimension: 1, start: 0, length: binned)
        .reshaped([chosen.count * quantities, QuantileBins.binCount])
        .indexSelected(dimension: 0, indices: Tensor(rows, device: device)),
      targets: Tensor(targets, device: device))
    if !kindRows.isEmpty, settings.kindWeight > 0 {
      let logits = outputs.narrowed(
        dimension: 1, start: binned, length: layout.schema.objectKinds.count
      ).indexSelected(dimension: 0, indices: Tensor(kindRows, device: device))
      loss =
        loss + Tensor.crossEntropy(logits: logits, targets: Tensor(kindTargets, device: device))
        * settings.kindWeight
    }
    return loss
  }

  /// Chooses what is hidden: each object on its own, at least one and not all of an event.
  package func mask(for batch: EventBatch, context: ObjectiveContext) -> ObjectMask {
    var mask = ObjectMask(objectCount: batch.objectCount)
    for event in 0..<batch.eventCount {
      let range = batch.range(of: event)
      guard range.count > 1 else { continue }
      var generator = CounterBasedGenerator(
        seed: context.seed, epoch: context.epoch, event: batch.eventIndices[event],
        purpose: .masking)
      var hiddenCount = 0
      for object in range {
        let isHidden = Double(generator.uniform()) < settings.hiddenFraction
        let hidesKind = Double(generator.uniform()) < settings.hiddenKindFraction
        mask.hidesMomentum[object] = isHidden
        mask.hidesKind[object] = isHidden && hidesKind
        if isHidden { hiddenCount += 1 }
      }
      let lucky = range.lowerBound + Int(generator.next() % UInt64(range.count))
      if hiddenCount == 0 { mask.hidesMomentum[lucky] = true }
      if hiddenCount == range.count {
        mask.hidesMomentum[lucky] = false
        mask.hidesKind[lucky] = false
      }
    }
    // Without any event of two objects there is nothing to learn; one object keeps the loss defined.
    if !mask.hidesMomentum.contains(true), batch.objectCount > 0 { mask.hidesMomentum[0] = true }
    return mask
  }
}
