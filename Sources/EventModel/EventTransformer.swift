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
    encoder = Encoder(layers)
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
    ModelInput(
      batch: batch, layout: layout, normalization: normalization, mask: mask, device: device,
      grouping: grouping)
  }

  /// The tokens before the encoder.
  ///
  /// Shape `[B + T, D]`, packed.
  private func tokens(_ input: ModelInput) -> Tensor {
    let objects = objectEmbedding(objectInput(input.objects).gelu())  // [T, D]
    var events = eventToken.value.reshaped([1, configuration.width])
      .expanded([input.eventCount, configuration.width])  // [B, D]
    if let eventInput, let scalars = input.events { events = events + eventInput(scalars) }
    return Tensor.concatenate([events, objects], dimension: 0)
      .indexSelected(dimension: 0, indices: input.gather)  // [B + T, D], packed
  }

  /// Encodes a batch for what only asks for the vectors of its events.
  ///
  /// - Returns: The same as ``callAsFunction(_:dropout:)``, but less is computed. Shape `[B, D]`.
  public func eventVectors(_ input: ModelInput, dropout: Generator? = nil) -> Tensor {
    vectors(at: input.places[..<input.eventCount], of: input, dropout: dropout)
  }

  /// Encodes a batch for what only asks for the vectors of some objects.
  ///
  /// - Parameters:
  ///   - objects: Objects of the batch, none of them twice.
  ///   - input: The batch, prepared by ``input(_:mask:)``.
  ///   - dropout: The source of dropped values while training; `nil` in evaluation.
  /// - Returns: Their vectors, as from ``callAsFunction(_:dropout:)``, but less is computed. Shape
  ///   `[objects, D]`.
  public func vectors(
    ofObjects objects: [Int], of input: ModelInput, dropout: Generator? = nil
  ) -> Tensor {
    vectors(
      at: objects.map { input.places[input.eventCount + $0] }[...], of: input, dropout: dropout)
  }

  private func vectors(
    at places: ArraySlice<Int64>, of input: ModelInput, dropout: Generator?
  ) -> Tensor {
    let tokens = tokens(input)
    guard encoder.isFused(input, configuration: configuration, dropout: dropout) else {
      return norm(encoder(tokens, input: input, configuration: configuration, dropout: dropout))
        .indexSelected(dimension: 0, indices: Tensor(Array(places), device: device))
    }
    // The kernels take places that rise, and give vectors in that order.
    var isWanted = [Bool](repeating: false, count: input.places.count)
    for place in places { isWanted[Int(place)] = true }
    let rising = isWanted.indices.filter { isWanted[$0] }
    var ranks = [Int64](repeating: 0, count: isWanted.count)
    for (rank, place) in rising.enumerated() { ranks[place] = Int64(rank) }
    let wanted = encoder.fused(
      tokens, input: input, configuration: configuration,
      wanted: Tensor(rising.map(Int64.init)))
    return norm(wanted)
      .indexSelected(dimension: 0, indices: Tensor(places.map { ranks[Int($0)] }))
  }

  /// Encodes a batch.
  ///
  /// - Parameters:
  ///   - input: The batch, prepared by ``input(_:mask:)``.
  ///   - dropout: The source of dropped values while training; `nil` in evaluation.
  /// - Returns: The vectors of events and objects.
  public func callAsFunction(_ input: ModelInput, dropout: Generator? = nil) -> Encoding {
    var tokens = tokens(input)
    tokens = encoder(tokens, input: input, configuration: configuration, dropout: dropout)
    tokens = norm(tokens).indexSelected(dimension: 0, indices: input.scatter)
    return Encoding(
      events: tokens.narrowed(dimension: 0, start: 0, length: input.eventCount),
      objects: tokens.narrowed(
        dimension: 0, start: input.eventCount, length: input.objectCount))
  }
}

/// The encoder's layers, named 0, 1, 2 … in the order of the data.
private final class Encoder: Module {
  let layers: [EncoderLayer]

  init(_ layers: [EncoderLayer]) { self.layers = layers }

  var children: [(name: String, module: any Module)] {
    layers.enumerated().map { ("\($0.offset)", $0.element) }
  }

  /// Whether kernels of our own compute all layers at once.
  func isFused(_ input: ModelInput, configuration: ModelConfiguration, dropout: Generator?) -> Bool
  {
    let drops = configuration.dropout > 0 && dropout != nil
    return !drops && input.eventCount > 0 && input.objects.device == .cpu
      && Tensor.isEncoderSupported(
        width: configuration.width,
        innerWidth: configuration.width * configuration.feedForwardFactor,
        mostTokens: input.groups.last?.tokenCount ?? 0)
  }

  /// Returns the tokens after all layers: all of them, or those whose places are wanted.
  func fused(
    _ tokens: Tensor, input: ModelInput, configuration: ModelConfiguration, wanted: Tensor?
  ) -> Tensor {
    Tensor.encoder(
      tokens, offsets: input.offsets, wanted: wanted, heads: configuration.heads,
      parameters: layers.flatMap(\.parametersInOrder))
  }

  func callAsFunction(
    _ tokens: Tensor, input: ModelInput, configuration: ModelConfiguration, dropout: Generator?
  ) -> Tensor {
    if isFused(input, configuration: configuration, dropout: dropout) {
      return fused(tokens, input: input, configuration: configuration, wanted: nil)
    }
    return layers.reduce(tokens) { $1($0, input: input, dropout: dropout) }
  }
}
