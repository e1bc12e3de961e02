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
/// equally populated bins (``QuantileBins``), or where `targets` says so, continuous ones as mixtures
/// of normal distributions (``MixtureDensities``); the loss is the mean of -ln p over all quantities
/// of all hidden objects plus `kindWeight` times that of the kind where it was hidden.
///
/// Source of the idea: J. Devlin et al., arXiv:1810.04805; for sets of particles T. Golling et
/// al., "Masked particle modeling on sets", arXiv:2401.13537.
public final class MaskedObjects: PretrainingObjective {
  /// How a continuous quantity is predicted.
  public enum Targets: String, Codable, CaseIterable, Sendable {
    /// As one of equally populated bins.
    case bins
    /// As a mixture of normal distributions.
    case mixtures
  }

  /// What can be set in a configuration.
  public struct Settings: ObjectiveSettings {
    /// The name in configurations.
    static let name = "maskedObjects"
    /// Factor of the loss in the sum of objectives.
    public var weight = 1.0
    /// Probability that an object is hidden.
    public var hiddenFraction = 0.4
    /// Probability that a hidden object's kind is hidden too.
    public var hiddenKindFraction = 0.5
    /// Factor of the kind's cross-entropy.
    public var kindWeight = 0.3
    /// How continuous quantities are predicted; discrete ones, such as charges, have bins always.
    public var targets = Targets.bins
    /// Components of a mixture.
    public var components = 8

    /// Makes the defaults.
    public init() {}

    /// Reads the settings; what is not given keeps its default.
    public init(_ node: ConfigurationNode) throws {
      weight = try node.double("weight", default: weight, in: 0...1000)
      hiddenFraction = try node.double("hiddenFraction", default: hiddenFraction, in: 0.01...0.99)
      hiddenKindFraction = try node.double(
        "hiddenKindFraction", default: hiddenKindFraction, in: 0...1)
      kindWeight = try node.double("kindWeight", default: kindWeight, in: 0...1000)
      targets = try node.choice("targets", default: targets)
      components = try node.int("components", default: components, in: 1...100)
    }
  }

  /// The name in configurations.
  public var name: String { Settings.name }
  /// The factor of the loss.
  public var weight: Double { settings.weight }
  /// Each event is asked by one objective that hides.
  public var hidesParts: Bool { true }
  private let settings: Settings
  private let bins: QuantileBins
  private let layout: InputLayout
  private let head: PredictionHead
  /// The densities of continuous quantities and the layer that gives them; `nil` where all have bins.
  private let mixtures: (densities: MixtureDensities, output: Linear)?

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
      layout.quantityCount * QuantileBins.binCount + layout.schema.objectKinds.count
    head = PredictionHead(width: width, outputs: outputs, generator: &generator)
    guard settings.targets == .mixtures else {
      mixtures = nil
      return
    }
    let densities = MixtureDensities(bins: bins, componentCount: settings.components)
    mixtures = (
      densities,
      Linear(
        inputWidth: width,
        outputWidth: layout.quantityCount * densities.outputCount, generator: &generator)
    )
  }

  /// The layers of the head.
  public var children: [(name: String, module: any Module)] {
    head.children + (mixtures.map { [("mixtures", $0.output)] } ?? [])
  }

  /// Returns the mean of -ln p of what was hidden.
  public func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) -> Tensor {
    loss(
      batch: batch, mask: mask(for: batch, context: context), backbone: backbone,
      dropout: context.dropout)
  }

  /// Returns the mean of -ln p of what a mask hides.
  package func loss(
    batch: EventBatch, mask: ObjectMask, backbone: EventTransformer, dropout: Generator? = nil
  ) -> Tensor {
    let chosen = mask.hidesMomentum.indices.filter { mask.hidesMomentum[$0] }
    let objects = backbone.vectors(
      ofObjects: chosen, of: backbone.input(batch, mask: mask), dropout: dropout)  // [hidden, D]
    let device = objects.device
    let inner = head.inner(objects)
    let outputs = head.predictions(inner: inner)
    let quantities = layout.quantityCount
    let binned = quantities * QuantileBins.binCount

    // The bins of all quantities of all hidden objects as rows; those that exist are selected.
    var rows: [Int64] = []
    var targets: [Int64] = []
    var kindRows: [Int64] = []
    var kindTargets: [Int64] = []
    var densityRows: [Int64] = []
    var densityTargets: [Float] = []
    var isAzimuth: [Float] = []
    for (row, object) in chosen.enumerated() {
      let kind = Int(batch.kinds[object])
      for quantity in layout.quantities(ofKind: kind) {
        let column = layout.column(ofQuantity: quantity, kind: kind)
        if let target = mixtures?.densities.target(of: quantity, object: object, in: batch) {
          densityRows.append(Int64(row * quantities + column))
          densityTargets.append(target.value)
          isAzimuth.append(target.isAzimuth ? 1 : 0)
          continue
        }
        guard let bin = bins.bin(of: quantity, object: object, in: batch) else { continue }
        rows.append(Int64(row * quantities + column))
        targets.append(Int64(bin))
      }
      if mask.hidesKind[object] {
        kindRows.append(Int64(row))
        kindTargets.append(Int64(kind))
      }
    }
    let count = rows.count + densityRows.count
    // The mean of nothing would be NaN; it teaches nothing.
    guard count > 0 else { return (objects * 0).sum() }
    var loss = (objects * 0).sum()
    if !rows.isEmpty {
      let mean = Tensor.crossEntropy(
        logits: outputs.narrowed(dimension: 1, start: 0, length: binned)
          .reshaped([chosen.count * quantities, QuantileBins.binCount])
          .indexSelected(dimension: 0, indices: Tensor(rows, device: device)),
        targets: Tensor(targets, device: device))
      loss = rows.count == count ? mean : mean * (Double(rows.count) / Double(count))
    }
    if let mixtures, !densityRows.isEmpty {
      let mean = mixtures.densities.negativeLogDensity(
        outputs: mixtures.output(inner)
          .reshaped([chosen.count * quantities, mixtures.densities.outputCount])
          .indexSelected(dimension: 0, indices: Tensor(densityRows, device: device)),
        targets: densityTargets, isAzimuth: isAzimuth)
      loss = loss + mean * (Double(densityRows.count) / Double(count))
    }
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

extension MaskedObjects.Settings {
  func objective(
    _ parts: ObjectiveParts, generator: inout CounterBasedGenerator
  ) throws -> any PretrainingObjective {
    MaskedObjects(
      settings: self, bins: try QuantileBins(store: parts.source, indices: parts.trainingEvents),
      layout: parts.layout, width: parts.model.width, generator: &generator)
  }
}
