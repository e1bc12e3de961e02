// SPDX-License-Identifier: Apache-2.0

import Configuration
import EventModel
import Events
import Runtime
import Torch

/// Asks the event token about pairs of objects and predicts their kinematic invariants.
///
/// A pair is named by the kinds and pT ranks of its two objects, so the answer must be in the
/// event's own vector, which is what a classifier reads later. The loss is the mean squared error
/// of the standardized quantities of ``PairInvariants``; those that are undefined do not count.
public final class KinematicInvariants: PretrainingObjective {
  /// What can be set in a configuration.
  public struct Settings: ObjectiveSettings {
    /// The name in configurations.
    static let name = "kinematicInvariants"
    /// Factor of the loss in the sum of objectives.
    public var weight = 2.0
    /// Largest number of pairs asked about in an event; more are drawn from all pairs.
    public var maximumPairs = 16

    /// Makes the defaults.
    public init() {}

    /// Reads the settings; what is not given keeps its default.
    public init(_ node: ConfigurationNode) throws {
      weight = try node.double("weight", default: weight, in: 0...1000)
      maximumPairs = try node.int("maximumPairs", default: maximumPairs, in: 1...1000)
    }
  }

  /// The name in configurations.
  public var name: String { Settings.name }
  /// The factor of the loss.
  public var weight: Double { settings.weight }
  private let settings: Settings
  private let moments: [InputNormalization.Moments]
  private let chargeFeatures: [Int?]
  private let objectQuery: Embedding
  private let pairProjection: Linear
  private let eventProjection: Linear
  private let output: Linear

  /// Makes the objective with random heads.
  ///
  /// - Parameters:
  ///   - settings: The settings.
  ///   - moments: Mean and deviation of each quantity, see ``PairInvariants``.
  ///   - schema: The objects of the events.
  ///   - width: The width of the backbone, `D`.
  ///   - generator: Where the first weights come from.
  public init(
    settings: Settings, moments: [InputNormalization.Moments], schema: EventSchema, width: Int,
    generator: inout some RandomNumberGenerator
  ) {
    self.settings = settings
    self.moments = moments
    chargeFeatures = schema.chargeFeatures
    objectQuery = Embedding(
      count: schema.objectKinds.count * InputLayout.rankCount, width: width, generator: &generator)
    pairProjection = Linear(inputWidth: 2 * width, outputWidth: 2 * width, generator: &generator)
    eventProjection = Linear(inputWidth: width, outputWidth: 2 * width, generator: &generator)
    output = Linear(
      inputWidth: 2 * width, outputWidth: PairInvariants.count, generator: &generator)
  }

  /// The question's embedding and the layers of the head.
  public var children: [(name: String, module: any Module)] {
    [
      ("objectQuery", objectQuery), ("pairProjection", pairProjection),
      ("eventProjection", eventProjection), ("output", output),
    ]
  }

  /// Returns the mean squared error of the standardized quantities.
  public func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) -> Tensor {
    let questions = questions(for: batch, context: context)
    let vectors = backbone.eventVectors(backbone.input(batch), dropout: context.dropout)
    let device = vectors.device
    guard questions.definedCount > 0 else { return (vectors * 0).sum() }
    // The first layer acts on a pair's question and on the event's vector; it is linear, so it is
    // applied to each event and each pair once and the results are added.
    // Gradients of an event's pairs are added, in float32.
    let events = eventProjection(vectors).to(dtype: .float32)
      .indexSelected(dimension: 0, indices: Tensor(questions.events, device: device))
    let pairs = pairProjection(
      Tensor.concatenate(
        [
          objectQuery(Tensor(questions.first, device: device)),
          objectQuery(Tensor(questions.second, device: device)),
        ], dimension: 1))
    let predicted = output((events + pairs).gelu())  // [pairs, 6]
    let shape = [questions.events.count, PairInvariants.count]
    let difference =
      (predicted - Tensor(questions.targets, shape: shape, device: device))
      * Tensor(questions.isDefined, shape: shape, device: device)
    return difference.square().sum() / Double(questions.definedCount)
  }

  /// The pairs that are asked about in a batch.
  struct Questions {
    /// The event of each pair.
    var events: [Int64] = []
    /// Kind and rank of its first object: kind * rankCount + rank.
    var first: [Int64] = []
    /// Kind and rank of its second object.
    var second: [Int64] = []
    /// Standardized quantities, 0 where undefined.
    ///
    /// Shape `[pairs, 6]`.
    var targets: [Float] = []
    /// 1 where a quantity is defined, else 0.
    ///
    /// Shape `[pairs, 6]`.
    var isDefined: [Float] = []
    /// How many quantities are defined.
    var definedCount = 0
  }

  private func questions(for batch: EventBatch, context: ObjectiveContext) -> Questions {
    var questions = Questions()
    let ranks = ModelInput.ranks(of: batch)
    for event in 0..<batch.eventCount {
      let range = batch.range(of: event)
      var pairs: [(Int, Int)] = []
      for first in range {
        for second in range where second > first { pairs.append((first, second)) }
      }
      if pairs.count > settings.maximumPairs {
        var generator = CounterBasedGenerator(
          seed: context.seed, epoch: context.epoch, event: batch.eventIndices[event],
          purpose: .pairs)
        for place in 0..<settings.maximumPairs {
          let other = place + Int(generator.next() % UInt64(pairs.count - place))
          pairs.swapAt(place, other)
        }
        pairs.removeLast(pairs.count - settings.maximumPairs)
      }
      for (first, second) in pairs {
        questions.events.append(Int64(event))
        questions.first.append(query(first, batch: batch, ranks: ranks))
        questions.second.append(query(second, batch: batch, ranks: ranks))
        let values = PairInvariants.values(
          first, second, in: batch, chargeFeature: chargeFeatures)
        for quantity in 0..<PairInvariants.count {
          let isDefined = !values[quantity].isNaN
          questions.targets.append(
            isDefined
              ? moments[quantity].standardized(values[quantity]) : 0)
          questions.isDefined.append(isDefined ? 1 : 0)
          if isDefined { questions.definedCount += 1 }
        }
      }
    }
    return questions
  }

  private func query(_ object: Int, batch: EventBatch, ranks: [Int]) -> Int64 {
    let rank = min(ranks[object], InputLayout.rankCount - 1)
    return Int64(Int(batch.kinds[object]) * InputLayout.rankCount + rank)
  }
}

extension KinematicInvariants.Settings {
  func objective(
    _ parts: ObjectiveParts, generator: inout CounterBasedGenerator
  ) throws -> any PretrainingObjective {
    KinematicInvariants(
      settings: self,
      moments: try PairInvariants.moments(store: parts.source, indices: parts.trainingEvents),
      schema: parts.layout.schema, width: parts.model.width, generator: &generator)
  }
}
