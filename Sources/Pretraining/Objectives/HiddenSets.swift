// SPDX-License-Identifier: Apache-2.0

import Configuration
import EventModel
import Events
import Runtime
import Torch

/// Takes objects out of an event and predicts them, as a set, from the vector of what is left.
///
/// Unlike in ``MaskedObjects`` the backbone is not told that something is missing, nor where. A
/// decoder (``SetDecoder``) makes `K` proposals of the event's vector, each a kind, "none" among them,
/// and momentum and features as bins. Hidden objects take the proposals that are cheapest in sum,
/// where the cost of a pair is -ln p of the kind plus the mean of -ln p of the quantities. The loss
/// is the mean cross-entropy of the kinds of all proposals, plus that of the quantities of all hidden
/// objects.
///
/// Source of the matching: N. Carion et al., "End-to-end object detection with Transformers",
/// arXiv:2005.12872.
public final class HiddenSets: PretrainingObjective {
  /// What can be set in a configuration.
  public struct Settings: ObjectiveSettings {
    /// The name in configurations.
    static let name = "hiddenSets"
    /// Factor of the loss in the sum of objectives.
    public var weight = 1.0
    /// Probability that an object is taken out.
    public var hiddenFraction = 0.3
    /// Proposals of the decoder, and the largest number of objects taken out, `K`.
    public var proposals = 6

    /// Makes the defaults.
    public init() {}

    /// Reads the settings; what is not given keeps its default.
    public init(_ node: ConfigurationNode) throws {
      weight = try node.double("weight", default: weight, in: 0...1000)
      hiddenFraction = try node.double("hiddenFraction", default: hiddenFraction, in: 0.01...0.99)
      proposals = try node.int("proposals", default: proposals, in: 1...100)
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
  private let decoder: SetDecoder

  /// Makes the objective with a random decoder.
  ///
  /// - Parameters:
  ///   - settings: The settings.
  ///   - bins: The targets' bins.
  ///   - layout: The input of the backbone.
  ///   - model: The size of the backbone.
  ///   - generator: Where the first weights come from.
  public init(
    settings: Settings, bins: QuantileBins, layout: InputLayout, model: ModelConfiguration,
    generator: inout some RandomNumberGenerator
  ) {
    self.settings = settings
    self.bins = bins
    self.layout = layout
    decoder = SetDecoder(
      proposals: settings.proposals, model: model,
      outputs: layout.schema.objectKinds.count + 1
        + layout.quantityCount * QuantileBins.binCount,
      generator: &generator)
  }

  /// The decoder.
  public var children: [(name: String, module: any Module)] { [("decoder", decoder)] }

  /// Returns the loss of the best assignment.
  public func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) -> Tensor {
    loss(
      batch: batch, hidden: hidden(in: batch, context: context), backbone: backbone,
      dropout: context.dropout)
  }

  /// Returns the loss of the best assignment, with these objects taken out.
  func loss(
    batch: EventBatch, hidden: [Bool], backbone: EventTransformer, dropout: Generator? = nil
  ) -> Tensor {
    let vectors = backbone.eventVectors(
      backbone.input(batch.removing(hidden)), dropout: dropout)
    // The mean of no cross-entropy would be NaN; it teaches nothing.
    guard batch.eventCount > 0, hidden.contains(true) else { return (vectors * 0).sum() }
    let outputs = decoder(vectors).to(dtype: .float32)  // [B K, kinds + 1 + quantities * bins]
    let device = outputs.device
    let kindCount = layout.schema.objectKinds.count
    let quantities = layout.quantityCount
    let rows = batch.eventCount * settings.proposals
    let kindLogits = outputs.narrowed(dimension: 1, start: 0, length: kindCount + 1)
    let binLogits = outputs.narrowed(
      dimension: 1, start: kindCount + 1, length: quantities * QuantileBins.binCount
    ).reshaped([rows * quantities, QuantileBins.binCount])
    let matches = matches(
      batch, hidden: hidden,
      kinds: kindLogits.detached().logSoftmax(dimension: 1).floats(),
      bins: binLogits.detached().logSoftmax(dimension: 1).floats())
    var kindTargets = [Int64](repeating: Int64(kindCount), count: rows)
    var binRows: [Int64] = []
    var binTargets: [Int64] = []
    for (object, row) in matches {
      kindTargets[row] = Int64(batch.kinds[object])
      for (column, bin) in targets(of: object, in: batch) {
        binRows.append(Int64(row * quantities + column))
        binTargets.append(Int64(bin))
      }
    }
    let loss = Tensor.crossEntropy(
      logits: kindLogits, targets: Tensor(kindTargets, device: device))
    guard !binRows.isEmpty else { return loss }
    return loss
      + Tensor.crossEntropy(
        logits: binLogits.indexSelected(dimension: 0, indices: Tensor(binRows, device: device)),
        targets: Tensor(binTargets, device: device))
  }

  /// Chooses what is taken out: each object on its own, at least one, not all of an event, and no
  /// more than there are proposals.
  func hidden(in batch: EventBatch, context: ObjectiveContext) -> [Bool] {
    var hidden = [Bool](repeating: false, count: batch.objectCount)
    for event in 0..<batch.eventCount {
      let range = batch.range(of: event)
      guard range.count > 1 else { continue }
      var generator = CounterBasedGenerator(
        seed: context.seed, epoch: context.epoch, event: batch.eventIndices[event],
        purpose: .masking)
      let wanted = range.filter { _ in Double(generator.uniform()) < settings.hiddenFraction }.count
      let count = max(1, min(wanted, range.count - 1, settings.proposals))
      for object in range.shuffled(using: &generator).prefix(count) { hidden[object] = true }
    }
    return hidden
  }

  /// The columns and bins of an object's quantities.
  private func targets(of object: Int, in batch: EventBatch) -> [(column: Int, bin: Int)] {
    let kind = Int(batch.kinds[object])
    return layout.quantities(ofKind: kind).compactMap { quantity in
      bins.bin(of: quantity, object: object, in: batch).map {
        (layout.column(ofQuantity: quantity, kind: kind), $0)
      }
    }
  }

  /// Gives each hidden object a proposal: the row of the decoder's outputs.
  ///
  /// - Parameters:
  ///   - batch: The events.
  ///   - hidden: For each object, whether it is taken out. Shape `[T]`.
  ///   - kinds: The logarithms of the kinds' probabilities. Shape `[B K, kinds + 1]`.
  ///   - bins: Those of the bins. Shape `[B K quantities, bins]`.
  /// - Returns: The hidden objects with their rows.
  private func matches(
    _ batch: EventBatch, hidden: [Bool], kinds: [Float], bins: [Float]
  ) -> [(object: Int, row: Int)] {
    let kindCount = layout.schema.objectKinds.count + 1
    let quantities = layout.quantityCount
    let proposals = settings.proposals
    var matches: [(object: Int, row: Int)] = []
    for event in 0..<batch.eventCount {
      let objects = batch.range(of: event).filter { hidden[$0] }
      var cost: [Double] = []
      for object in objects {
        let targets = targets(of: object, in: batch)
        for row in event * proposals..<(event + 1) * proposals {
          let kind = kinds[row * kindCount + Int(batch.kinds[object])]
          var sum: Float = 0
          for (column, bin) in targets {
            sum += bins[(row * quantities + column) * QuantileBins.binCount + bin]
          }
          cost.append(-Double(kind) - Double(sum) / Double(max(1, targets.count)))
        }
      }
      let columns = cheapestAssignment(cost: cost, rows: objects.count, columns: proposals)
      for (object, column) in zip(objects, columns) {
        matches.append((object, event * proposals + column))
      }
    }
    return matches
  }
}

extension HiddenSets.Settings {
  func objective(
    _ parts: ObjectiveParts, generator: inout CounterBasedGenerator
  ) throws -> any PretrainingObjective {
    HiddenSets(
      settings: self, bins: try QuantileBins(store: parts.source, indices: parts.trainingEvents),
      layout: parts.layout, model: parts.model, generator: &generator)
  }
}

extension EventBatch {
  /// Returns the events without some of their objects.
  ///
  /// - Parameter isRemoved: For each object, whether it goes. Shape `[T]`.
  /// - Returns: As many events.
  func removing(_ isRemoved: [Bool]) -> EventBatch {
    var result = self
    let width = schema.featureWidth
    result.offsets = [0]
    result.kinds.removeAll(keepingCapacity: true)
    result.momenta.removeAll(keepingCapacity: true)
    result.features.removeAll(keepingCapacity: true)
    for event in 0..<eventCount {
      for object in range(of: event) where !isRemoved[object] {
        result.kinds.append(kinds[object])
        result.momenta += momenta[4 * object..<4 * (object + 1)]
        result.features += features[width * object..<width * (object + 1)]
      }
      result.offsets.append(result.kinds.count)
    }
    return result
  }
}
