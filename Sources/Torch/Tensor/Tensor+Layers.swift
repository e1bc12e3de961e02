// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  // MARK: - Linear algebra

  /// Returns the matrix product over the last two dimensions; those before broadcast.
  ///
  /// Shapes `[..., n, k]` and `[..., k, m]` give `[..., n, m]`; a vector `[k]` is a row on the left
  /// and a column on the right.
  public func matmul(_ right: Tensor) -> Tensor {
    Tensor.perform("matmul", [self, right]) { ctorch_matmul(handle, right.handle, $0) }
  }

  /// Returns the matrix products of two batches: `[b, n, k]` and `[b, k, m]` give `[b, n, m]`.
  public func bmm(_ right: Tensor) -> Tensor {
    Tensor.perform("bmm", [self, right]) { ctorch_bmm(handle, right.handle, $0) }
  }

  /// Returns `input weight^T + bias`.
  ///
  /// - Parameters:
  ///   - input: Shape `[..., in]`.
  ///   - weight: Shape `[out, in]`.
  ///   - bias: Shape `[out]`.
  /// - Returns: Shape `[..., out]`.
  public static func linear(_ input: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
    perform("linear", [input, weight] + (bias.map { [$0] } ?? [])) {
      ctorch_linear(input.handle, weight.handle, bias?.handle, $0)
    }
  }

  // MARK: - Layers

  /// Returns exp(x), divided by its sum along a dimension.
  public func softmax(dimension: Int) -> Tensor {
    Tensor.perform("softmax(dimension: \(dimension))", [self]) {
      ctorch_softmax(handle, dimension, $0)
    }
  }

  /// Returns the logarithm of the softmax along a dimension, without underflow.
  public func logSoftmax(dimension: Int) -> Tensor {
    Tensor.perform("logSoftmax(dimension: \(dimension))", [self]) {
      ctorch_log_softmax(handle, dimension, $0)
    }
  }

  /// Returns the elements, shifted and scaled to mean 0 and variance 1 over the last dimension,
  /// times `weight`, plus `bias`.
  ///
  /// - Parameters:
  ///   - width: The length of the last dimension.
  ///   - weight: Shape `[width]`.
  ///   - bias: Shape `[width]`.
  ///   - epsilon: Added to the variance under the square root.
  /// - Returns: The tensor's shape.
  ///
  /// Source: J. L. Ba et al., "Layer normalization", arXiv:1607.06450.
  public func layerNorm(
    width: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
  ) -> Tensor {
    Tensor.perform(
      "layerNorm(width: \(width))",
      [self] + (weight.map { [$0] } ?? []) + (bias.map { [$0] } ?? [])
    ) { ctorch_layer_norm(handle, width, weight?.handle, bias?.handle, epsilon, $0) }
  }

  /// Whether ``encoder(events:objects:offsets:wanted:bias:heads:parameters:epsilon:)`` can run with the
  /// kernels and the precision in use.
  ///
  /// - Parameters:
  ///   - width: Width of a token.
  ///   - innerWidth: Width of the feed-forward part.
  ///   - mostTokens: The largest number of tokens of an event.
  /// - Returns: Whether the widths are multiples of the kernels' vectors and no event is too large.
  public static func isEncoderSupported(width: Int, innerWidth: Int, mostTokens: Int) -> Bool {
    Precision.current(on: .cpu) == .float32
      && ctorch_encoder_is_supported(width, innerWidth, mostTokens)
  }

  /// Returns the tokens after pre-norm Transformer layers, in which those of an event attend to
  /// one another.
  ///
  /// A token's place counts all events before it and their objects, then its event, then objects.
  /// The calling thread computes it all.
  ///
  /// - Parameters:
  ///   - events: The token of each event, on the CPU. Shape `[B, D]`.
  ///   - objects: The tokens of all objects, one event after the other. Shape `[T, D]`.
  ///   - offsets: The place of each event's token, and `B + T`. `int64`, shape `[B + 1]`.
  ///   - wanted: The places that the last layer is computed for, rising, which saves most of it for
  ///     the others; `nil` for all of them. `int64`, shape `[W]`.
  ///   - bias: What attention adds to its logits in all layers, for each head and, event after event,
  ///     each of its `N` tokens as a key and each as a query, `[N, N]`; `nil` for nothing. Shape
  ///     `[H, P]` with the sum `P` of `N * N`.
  ///   - heads: Number of heads, `H`.
  ///   - parameters: For each layer weight and bias of the norm before attention, of the projection
  ///     to queries, keys and values, of the output, of the norm before the feed-forward part, of
  ///     its expansion and of its contraction.
  ///   - epsilon: Added to the variance in the norms.
  /// - Returns: By place: shape `[B + T, D]`, or `[W, D]` for those that are wanted.
  public static func encoder(
    events: Tensor, objects: Tensor, offsets: Tensor, wanted: Tensor? = nil, bias: Tensor? = nil,
    heads: Int, parameters: [Tensor], epsilon: Double = 1e-5
  ) -> Tensor {
    let inputs = [events, objects, offsets] + [wanted, bias].compactMap { $0 }
    return perform("an encoder of \(heads) heads", inputs + parameters) { result in
      Tensor.withHandles(of: parameters) { handles, count in
        guard let handles else { return CTORCH_FAILED }
        return ctorch_encoder(
          events.handle, objects.handle, offsets.handle, wanted?.handle, bias?.handle, heads,
          epsilon, count, handles, result)
      }
    }
  }

  /// Returns what ``encoder(events:objects:offsets:wanted:bias:heads:parameters:epsilon:)`` takes as
  /// its bias, by networks `Linear → GELU → Linear` of what two tokens have in common.
  ///
  /// It is the same both ways round, and 0 for a token with itself. Whatever runs the encoder can run
  /// this.
  ///
  /// - Parameters:
  ///   - pairs: Of pairs of objects: event after event, each object with those before it in its event.
  ///     Shape `[pairs, columns]`.
  ///   - references: Of objects and their events, shape `[T, columns]`; `nil` leaves 0 there.
  ///   - offsets: The place of each event's token, and `B + T`. `int64`, shape `[B + 1]`.
  ///   - parameters: Weight and bias of the expansion and of the contraction of the network for `pairs`,
  ///     then, if there are `references`, of the one for them.
  /// - Returns: Shape `[H, P]` with the sum `P` of the squared numbers of tokens.
  public static func pairBias(
    pairs: Tensor, references: Tensor?, offsets: Tensor, parameters: [Tensor]
  ) -> Tensor {
    let inputs = [pairs, offsets] + (references.map { [$0] } ?? [])
    return perform("a bias by pairs", inputs + parameters) { result in
      Tensor.withHandles(of: parameters) { handles, count in
        guard let handles else { return CTORCH_FAILED }
        return ctorch_pair_bias(
          pairs.handle, references?.handle, offsets.handle, count, handles, result)
      }
    }
  }

  /// Returns the rows of a table that the indices name.
  ///
  /// - Parameters:
  ///   - weight: The table, shape `[count, width]`.
  ///   - indices: `int64` or `int32` in `0 ..< count`, any shape.
  /// - Returns: The shape of `indices`, then `width`.
  public static func embedding(weight: Tensor, indices: Tensor) -> Tensor {
    perform("embedding", [weight, indices]) {
      ctorch_embedding(weight.handle, indices.handle, $0)
    }
  }

  /// Returns `softmax(scale query key^T + mask) value`.
  ///
  /// LibTorch takes a fused kernel where it has one. A row whose mask is `false` everywhere has no
  /// defined result.
  ///
  /// - Parameters:
  ///   - query: Shape `[B, H, N, K]`.
  ///   - key: Shape `[B, H, M, K]`.
  ///   - value: Shape `[B, H, M, V]`.
  ///   - mask: `bool`, `true` = takes part; or real, added to the logits. Broadcasts to
  ///     `[B, H, N, M]`.
  ///   - scale: 1 / sqrt(K) where it is not given.
  /// - Returns: Shape `[B, H, N, V]`.
  ///
  /// Source: A. Vaswani et al., "Attention is all you need", arXiv:1706.03762, equation 1.
  public static func scaledDotProductAttention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, scale: Double? = nil
  ) -> Tensor {
    perform("scaledDotProductAttention", [query, key, value] + (mask.map { [$0] } ?? [])) {
      result in
      var factor = scale ?? 0
      return withUnsafePointer(to: &factor) {
        ctorch_attention(
          query.handle, key.handle, value.handle, mask?.handle, scale == nil ? nil : $0, result)
      }
    }
  }

  /// Returns the elements, each set to 0 with a probability, the others times 1 / (1 - probability).
  ///
  /// - Parameters:
  ///   - probability: In 0...1.
  ///   - generator: The source of randomness, on the tensor's device.
  /// - Returns: The tensor's shape; half precision becomes `float32`.
  public func dropout(probability: Double, generator: Generator) -> Tensor {
    Tensor.perform("dropout(probability: \(probability))", [self]) { result in
      withExtendedLifetime(generator) {
        ctorch_dropout(handle, probability, generator.handle, result)
      }
    }
  }
}
