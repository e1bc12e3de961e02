// SPDX-License-Identifier: Apache-2.0

import EventModel
import Torch

/// Makes a set of proposals of the vector of an event.
///
///     query k + Linear(event) → encoder layer among the K proposals → Linear
///
/// Attention among the proposals of an event lets them differ, so that each stands for another
/// object. Their order means nothing: whoever uses them matches them with objects.
final class SetDecoder: Module {
  private let queries: Embedding
  private let event: Linear
  private let layer: EncoderLayer
  private let norm: LayerNorm
  private let output: Linear
  private let count: Int
  private let width: Int

  /// Makes a decoder with random weights.
  ///
  /// - Parameters:
  ///   - proposals: Proposals of an event, `K`.
  ///   - model: The size of the backbone.
  ///   - outputs: Numbers of a proposal.
  ///   - generator: Where the first weights come from.
  init(
    proposals: Int, model: ModelConfiguration, outputs: Int,
    generator: inout some RandomNumberGenerator
  ) {
    count = proposals
    width = model.width
    queries = Embedding(count: proposals, width: model.width, generator: &generator)
    event = Linear(inputWidth: model.width, outputWidth: model.width, generator: &generator)
    layer = EncoderLayer(configuration: model, generator: &generator)
    norm = LayerNorm(width: model.width)
    output = Linear(inputWidth: model.width, outputWidth: outputs, generator: &generator)
  }

  var children: [(name: String, module: any Module)] {
    [
      ("queries", queries), ("event", event), ("layer", layer), ("norm", norm),
      ("output", output),
    ]
  }

  /// Returns the proposals of each event, one after the other.
  ///
  /// - Parameter vectors: The events. Shape `[B, D]`.
  /// - Returns: Shape `[B K, outputs]`.
  func callAsFunction(_ vectors: Tensor) -> Tensor {
    let events = vectors.size(0)
    let tokens =
      (event(vectors).reshaped([events, 1, width])
      + queries.weight.value.reshaped([1, count, width]))
      .reshaped([events * count, width])
    let groups = AttentionGroup.groups(
      tokenCounts: [Int](repeating: count, count: events), grouping: .equal,
      device: vectors.device)
    return output(norm(layer(tokens, groups: groups, dropout: nil)))
  }
}
