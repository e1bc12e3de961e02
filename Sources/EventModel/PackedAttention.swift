// SPDX-License-Identifier: Apache-2.0

import Torch

/// Multi-head self-attention among the tokens of each event of a packed sequence.
///
///     softmax(Q Kᵀ / √K + bias) V, per event and head
///
/// Groups of events are computed together; where their multiplicities differ, on a GPU, shorter
/// ones are filled up with tokens of their own that nobody looks at. So an event's result does not
/// depend on the other events of its batch.
///
/// Source: A. Vaswani et al., "Attention is all you need", arXiv:1706.03762, equation 1.
public final class PackedAttention: Module {
  private let heads: Int
  private let width: Int
  /// The map to queries, keys and values.
  let projection: Linear
  /// The map from the heads to tokens.
  let output: Linear

  /// Makes the layer.
  ///
  /// - Parameters:
  ///   - width: Width of a token, `D`.
  ///   - heads: Number of heads, `H`; divides the width.
  ///   - generator: Where the first weights come from.
  public init(width: Int, heads: Int, generator: inout some RandomNumberGenerator) {
    precondition(width % heads == 0, "The width \(width) is not a multiple of \(heads) heads.")
    self.width = width
    self.heads = heads
    projection = Linear(inputWidth: width, outputWidth: 3 * width, generator: &generator)
    output = Linear(inputWidth: width, outputWidth: width, generator: &generator)
  }

  /// The layer has no parameters beside those of its parts.
  public var ownParameters: [(name: String, parameter: Parameter)] { [] }

  /// The maps to queries, keys and values, and from the heads to tokens.
  public var children: [(name: String, module: any Module)] {
    [("projection", projection), ("output", output)]
  }

  /// Returns the attended tokens.
  ///
  /// - Parameters:
  ///   - tokens: Packed tokens. Shape `[tokens, D]`.
  ///   - groups: The runs of events that are computed together.
  ///   - biases: What is added to the logits in each group, of shape `[events, H, N, N]`.
  /// - Returns: Shape `[tokens, D]`.
  func callAsFunction(_ tokens: Tensor, groups: [AttentionGroup], biases: [Tensor]? = nil) -> Tensor
  {
    let packed = projection(tokens)  // [tokens, 3 D]
    let headWidth = width / heads
    var parts: [Tensor] = []
    for (number, group) in groups.enumerated() {
      let rows = packed.narrowed(dimension: 0, start: group.start, length: group.length)
      let padding = group.padding
      let heads = (padding.map { rows.indexSelected(dimension: 0, indices: $0.gather) } ?? rows)
        .reshaped([group.eventCount, group.tokenCount, 3, heads, headWidth])
        .permuted([2, 0, 3, 1, 4])  // [3, events, H, N, K]
      let attended = Tensor.scaledDotProductAttention(
        query: heads.selected(dimension: 0, index: 0),
        key: heads.selected(dimension: 0, index: 1),
        value: heads.selected(dimension: 0, index: 2),
        mask: mask(biases?[number].to(dtype: packed.dtype), padding)
      )  // [events, H, N, K]
      .transposed(1, 2).reshaped([group.eventCount * group.tokenCount, width])
      parts.append(
        padding.map { attended.indexSelected(dimension: 0, indices: $0.scatter) } ?? attended)
    }
    return output(parts.count == 1 ? parts[0] : Tensor.concatenate(parts, dimension: 0))
  }

  /// Returns what LibTorch's attention takes as a mask: truths, or numbers to add to the logits.
  private func mask(_ bias: Tensor?, _ padding: AttentionGroup.Padding?) -> Tensor? {
    guard let bias, let padding else { return bias ?? padding?.isReal }
    return bias + (padding.isReal.to(dtype: bias.dtype) - 1) * 1e9
  }
}
