// SPDX-License-Identifier: Apache-2.0

import Torch

/// The encoder's layers, named 0, 1, 2 … in the order of the data.
final class Encoder: Module {
  /// Whose vectors are asked for.
  enum Wanted {
    /// Those of the events.
    case events
    /// Those of some objects, which rise.
    case objects([Int])
    /// Those of all events, then those of all objects.
    case all
  }

  private let layers: [EncoderLayer]
  private let pairBias: PairBias?
  private let configuration: ModelConfiguration

  init(_ layers: [EncoderLayer], pairBias: PairBias?, configuration: ModelConfiguration) {
    self.layers = layers
    self.pairBias = pairBias
    self.configuration = configuration
  }

  var children: [(name: String, module: any Module)] {
    layers.enumerated().map { ("\($0.offset)", $0.element) }
      + (pairBias.map { [("pairBias", $0)] } ?? [])
  }

  /// Returns the wanted tokens after all layers.
  ///
  /// - Parameters:
  ///   - tokens: Those of the events and of the objects before the layers.
  ///   - input: The batch.
  ///   - wanted: Whose vectors are asked for.
  ///   - dropout: The source of dropped values while training; `nil` in evaluation.
  ///   - skippedLayers: Layers that the batch goes past.
  /// - Returns: In the order of what is wanted. Shape `[wanted, D]`.
  func callAsFunction(
    _ tokens: EventTransformer.Encoding, of input: ModelInput, wanted: Wanted, dropout: Generator?,
    skippedLayers: Set<Int> = []
  ) -> Tensor {
    let layers = layers.indices.filter { !skippedLayers.contains($0) }.map { self.layers[$0] }
    return isFused(input, dropout: dropout) && !layers.isEmpty
      ? fused(tokens, by: layers, of: input, wanted: wanted)
      : layered(tokens, by: layers, of: input, wanted: wanted, dropout: dropout)
  }

  /// Whether kernels of our own compute all layers at once.
  private func isFused(_ input: ModelInput, dropout: Generator?) -> Bool {
    let drops = configuration.dropout > 0 && dropout != nil
    return !drops && input.eventCount > 0 && input.objects.device == .cpu
      && Tensor.isEncoderSupported(
        width: configuration.width,
        innerWidth: configuration.width * configuration.feedForwardFactor,
        mostTokens: input.tokenCounts.max() ?? 0)
  }

  private func fused(
    _ tokens: EventTransformer.Encoding, by layers: [EncoderLayer], of input: ModelInput,
    wanted: Wanted
  ) -> Tensor {
    let offsets = input.offsets()
    // An object comes after the objects before it, and after the tokens of the events up to its own.
    func objectPlaces() -> [Int64] {
      var places: [Int64] = []
      places.reserveCapacity(input.objectCount)
      for event in 0..<input.eventCount { places += offsets[event] + 1..<offsets[event + 1] }
      return places
    }
    let places: [Int64]?
    switch wanted {
    case .events: places = Array(offsets.dropLast())
    case .objects(let objects):
      let all = objectPlaces()
      places = objects.map { all[$0] }
    case .all: places = nil
    }
    let starts = Tensor(offsets)
    let vectors = Tensor.encoder(
      events: tokens.events, objects: tokens.objects, offsets: starts,
      wanted: places.map { Tensor($0) },
      bias: pairBias.map { $0(pairs(of: input), offsets: starts) },
      heads: configuration.heads, parameters: layers.flatMap(\.parametersInOrder))
    guard places == nil else { return vectors }
    return vectors.indexSelected(
      dimension: 0, indices: Tensor(offsets.dropLast() + objectPlaces()))
  }

  private func layered(
    _ tokens: EventTransformer.Encoding, by layers: [EncoderLayer], of input: ModelInput,
    wanted: Wanted, dropout: Generator?
  ) -> Tensor {
    let device = input.objects.device
    let sequence = PackedSequence(
      tokenCounts: input.tokenCounts, grouping: input.grouping, device: device)
    var packed = Tensor.concatenate([tokens.events, tokens.objects], dimension: 0)
      .indexSelected(dimension: 0, indices: sequence.gather)
    let biases = pairBias.map {
      $0(pairs(of: input), of: sequence, tokenCounts: input.tokenCounts)
    }
    for layer in layers {
      packed = layer(packed, groups: sequence.groups, biases: biases, dropout: dropout)
    }
    let places: [Int64]
    switch wanted {
    case .events: places = Array(sequence.places[..<input.eventCount])
    case .objects(let objects): places = objects.map { sequence.places[input.eventCount + $0] }
    case .all: places = sequence.places
    }
    return packed.indexSelected(dimension: 0, indices: Tensor(places, device: device))
  }

  private func pairs(of input: ModelInput) -> PairInput {
    guard let pairs = input.pairs else {
      preconditionFailure("The input was prepared for a model without a pairwise bias.")
    }
    return pairs
  }
}
