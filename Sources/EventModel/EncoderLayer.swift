// SPDX-License-Identifier: Apache-2.0

import Torch

/// A pre-norm Transformer layer over packed tokens.
///
///     x ← x + attention(norm(x))
///     x ← x + Linear(GELU(Linear(norm(x))))
///
/// Source: R. Xiong et al., "On layer normalization in the Transformer architecture",
/// arXiv:2002.04745.
public final class EncoderLayer: Module {
  private let attentionNorm: LayerNorm
  private let attention: PackedAttention
  private let feedForwardNorm: LayerNorm
  private let expansion: Linear
  private let contraction: Linear
  private let dropoutProbability: Double

  /// Makes the layer.
  ///
  /// - Parameters:
  ///   - configuration: The size of the model.
  ///   - generator: Where the first weights come from.
  public init(configuration: ModelConfiguration, generator: inout some RandomNumberGenerator) {
    let width = configuration.width
    let inner = width * configuration.feedForwardFactor
    attentionNorm = LayerNorm(width: width)
    attention = PackedAttention(width: width, heads: configuration.heads, generator: &generator)
    feedForwardNorm = LayerNorm(width: width)
    expansion = Linear(inputWidth: width, outputWidth: inner, generator: &generator)
    contraction = Linear(inputWidth: inner, outputWidth: width, generator: &generator)
    dropoutProbability = configuration.dropout
  }

  /// The layer has no parameters beside those of its parts.
  public var ownParameters: [(name: String, parameter: Parameter)] { [] }

  /// The parts, in the order of the data.
  public var children: [(name: String, module: any Module)] {
    [
      ("attentionNorm", attentionNorm), ("attention", attention),
      ("feedForwardNorm", feedForwardNorm), ("expansion", expansion), ("contraction", contraction),
    ]
  }

  /// The parameters in the order that `Tensor.encoder` takes them.
  var parametersInOrder: [Tensor] {
    let maps = [attention.projection, attention.output, expansion, contraction]
      .map { [$0.weight.value] + ($0.bias.map { [$0.value] } ?? []) }
    let norms = [attentionNorm, feedForwardNorm].map { [$0.weight.value, $0.bias.value] }
    return norms[0] + maps[0] + maps[1] + norms[1] + maps[2] + maps[3]
  }

  /// Returns the tokens after the layer.
  ///
  /// Shape `[tokens, D]`, as the input.
  package func callAsFunction(
    _ tokens: Tensor, groups: [AttentionGroup], biases: [Tensor]? = nil, dropout: Generator?
  ) -> Tensor {
    let attended = drop(
      attention(attentionNorm(tokens), groups: groups, biases: biases), dropout)
    let middle = tokens + attended
    let inner = expansion(feedForwardNorm(middle)).gelu()  // [tokens, D * feedForwardFactor]
    return middle + drop(contraction(inner), dropout)
  }

  private func drop(_ values: Tensor, _ generator: Generator?) -> Tensor {
    guard dropoutProbability > 0, let generator else { return values }
    return values.dropout(probability: dropoutProbability, generator: generator)
  }
}
