// SPDX-License-Identifier: Apache-2.0

import Events
import Runtime
import Torch

/// A Transformer over the objects of an event and one token for the event itself.
///
/// Objects are a set: there is no positional encoding, so that their order does not matter, and
/// each event is computed without padding.
///
///     object → Linear → GELU → Linear ┐
///     scalars → Linear + event token  ┴→ L × encoder layer → layer norm → event, objects
public final class EventTransformer: Module {
  /// What the encoder makes of a batch, in the order of the batch.
  public struct Encoding {
    /// One vector for each event.
    ///
    /// Shape `[B, D]`.
    public let events: Tensor
    /// One vector for each object.
    ///
    /// Shape `[T, D]`.
    public let objects: Tensor
  }

  /// The size of the model.
  public let configuration: ModelConfiguration
  /// Which input stands in which column.
  public let layout: InputLayout
  /// Mean and deviation of the inputs.
  public let normalization: InputNormalization
  /// Where the model is.
  public private(set) var device: Device

  private let objectInput: Linear
  private let objectEmbedding: Linear
  private let eventInput: Linear?
  private let eventToken: Parameter
  private let encoder: Encoder
  private let norm: LayerNorm

  /// Makes a model with random weights.
  ///
  /// - Parameters:
  ///   - configuration: The size of the model.
  ///   - schema: The objects, features and scalars that it reads.
  ///   - normalization: Mean and deviation of the inputs.
  ///   - seed: The seed of the weights.
  public init(
    configuration: ModelConfiguration, schema: EventSchema, normalization: InputNormalization,
    seed: UInt64
  ) {
    self.configuration = configuration
    self.normalization = normalization
    layout = InputLayout(schema: schema)
    device = .cpu
    var generator = CounterBasedGenerator(seed: seed, purpose: .initialization)
    let width = configuration.width
    objectInput = Linear(
      inputWidth: layout.objectWidth, outputWidth: width, generator: &generator)
    objectEmbedding = Linear(inputWidth: width, outputWidth: width, generator: &generator)
    eventInput =
      layout.eventWidth == 0
      ? nil : Linear(inputWidth: layout.eventWidth, outputWidth: width, generator: &generator)
    let token = (0..<width).map { _ in 0.02 * generator.normal() }
    eventToken = Parameter(Tensor(token))
    var layers: [EncoderLayer] = []
    for _ in 0..<configuration.layers {
      layers.append(EncoderLayer(configuration: configuration, generator: &generator))
    }
    encoder = Encoder(
      layers,
      pairBias: configuration.pairwiseBias
        ? PairBias(configuration: configuration, generator: &generator) : nil,
      configuration: configuration)
    norm = LayerNorm(width: width)
  }

  /// The token of the event.
  public var ownParameters: [(name: String, parameter: Parameter)] { [("eventToken", eventToken)] }

  /// The embedding, the encoder's layers and the last norm, in the order of the data.
  public var children: [(name: String, module: any Module)] {
    var result: [(name: String, module: any Module)] = [
      ("objectInput", objectInput), ("objectEmbedding", objectEmbedding),
    ]
    if let eventInput { result.append(("eventInput", eventInput)) }
    return result + [("encoder", encoder), ("norm", norm)]
  }

  /// Moves the model's parameters.
  public func place(on device: Device) {
    move(to: device)
    self.device = device
  }

  /// Returns the depth of a parameter: 0 for the embedding, up to `layers + 1` for the last norm.
  ///
  /// Learning rates by depth use it.
  ///
  /// - Parameter name: The parameter's name, as in "encoder.2.attention.output.weight".
  /// - Returns: The depth.
  public func depth(ofParameter name: String) -> Int {
    let parts = name.split(separator: ".")
    if parts.first == "encoder", parts.count > 1, let index = Int(parts[1]) { return index + 1 }
    return parts.first == "norm" ? configuration.layers + 1 : 0
  }

  /// Prepares a batch for this model.
  public func input(
    _ batch: EventBatch, mask: ObjectMask? = nil, grouping: AttentionGrouping? = nil
  ) -> ModelInput {
    var input = ModelInput(
      batch: batch, layout: layout, normalization: normalization, mask: mask, device: device,
      grouping: grouping)
    if configuration.pairwiseBias {
      let withReferences = configuration.referenceVectors
      input.pairs = PairInput(
        PairFeatures(batch, mask: mask, withReferences: withReferences),
        withReferences: withReferences, device: device)
    }
    return input
  }

  /// Encodes a batch for what only asks for the vectors of its events.
  ///
  /// - Parameters:
  ///   - input: The batch, prepared by ``input(_:mask:)``.
  ///   - dropout: The source of dropped values while training; `nil` in evaluation.
  ///   - skippedLayers: Layers of the encoder that the batch goes past.
  /// - Returns: The same as ``callAsFunction(_:dropout:)``, but less is computed. Shape `[B, D]`.
  public func eventVectors(
    _ input: ModelInput, dropout: Generator? = nil, skippedLayers: Set<Int> = []
  ) -> Tensor {
    norm(
      encoder(
        embedded(input), of: input, wanted: .events, dropout: dropout,
        skippedLayers: skippedLayers))
  }

  /// Encodes a batch for what only asks for the vectors of some objects.
  ///
  /// - Parameters:
  ///   - objects: Objects of the batch, rising.
  ///   - input: The batch, prepared by ``input(_:mask:)``.
  ///   - dropout: The source of dropped values while training; `nil` in evaluation.
  /// - Returns: Their vectors, as from ``callAsFunction(_:dropout:)``, but less is computed. Shape
  ///   `[objects, D]`.
  public func vectors(
    ofObjects objects: [Int], of input: ModelInput, dropout: Generator? = nil
  ) -> Tensor {
    norm(encoder(embedded(input), of: input, wanted: .objects(objects), dropout: dropout))
  }

  /// Encodes a batch.
  ///
  /// - Parameters:
  ///   - input: The batch, prepared by ``input(_:mask:)``.
  ///   - dropout: The source of dropped values while training; `nil` in evaluation.
  /// - Returns: The vectors of events and objects.
  public func callAsFunction(_ input: ModelInput, dropout: Generator? = nil) -> Encoding {
    let vectors = norm(encoder(embedded(input), of: input, wanted: .all, dropout: dropout))
    return Encoding(
      events: vectors.narrowed(dimension: 0, start: 0, length: input.eventCount),
      objects: vectors.narrowed(
        dimension: 0, start: input.eventCount, length: input.objectCount))
  }

  /// The tokens before the encoder.
  ///
  /// Shapes `[B, D]` and `[T, D]`.
  private func embedded(_ input: ModelInput) -> Encoding {
    var events = eventToken.value.reshaped([1, configuration.width])
      .expanded([input.eventCount, configuration.width])
    if let eventInput, let scalars = input.events { events = events + eventInput(scalars) }
    return Encoding(
      events: events, objects: objectEmbedding(objectInput(input.objects).gelu()))
  }
}
