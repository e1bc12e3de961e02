// SPDX-License-Identifier: Apache-2.0

// The layers of the encoder for one piece of a batch, forward and backward.

/// An encoder at work on a piece of a batch.
struct PieceEncoder {
  const ckernels_encoder &encoder;
  const Piece &piece;
  Room &room;
  /// Where the gradient of the bias is added.
  float *bias_gradient;
  int64_t width, inner, head;
  float scale;

  PieceEncoder(
      const ckernels_encoder &encoder, const Piece &piece, Room &room,
      float *bias_gradient = nullptr)
      : encoder(encoder), piece(piece), room(room), bias_gradient(bias_gradient),
        width(encoder.width), inner(encoder.inner), head(encoder.width / encoder.heads),
        scale(1.0f / __builtin_sqrtf(static_cast<float>(encoder.width / encoder.heads))) {}

  /// The number of columns that hold some tokens.
  static int64_t columns_of(int64_t tokens) { return (tokens + LANES - 1) / LANES * LANES; }

  /// Computes a layer.
  ///
  /// - `x`: the tokens before it
  /// - `kept`: where what the way back needs is written; null in evaluation
  /// - `is_short`: whether some tokens only are wanted; these are then the columns of the queries,
  ///   of what is recorded behind attention and of the result
  void forward(
      const LayerParameters<const float> &p, const PackedLayer &packed, const float *x,
      const LayerRecord *kept, float *result, bool is_short) const {
    // What is kept is written from here, past the cache: it is not read before the way back.
    const LayerRecord record(room.record, width);
    const int64_t all = columns_of(piece.tokens);
    const int64_t columns = is_short ? columns_of(piece.wanted) : all;
    find_moments(x, width, all, encoder.epsilon, *record.moments);
    normalize(x, width, all, *record.moments, p.norm_weight, p.norm_bias, room.normed);
    const float *before = x;
    if (is_short) {
      gather_wanted(room.normed, columns, room.projected);
      gather_wanted(x, columns, room.third);
      before = room.third;
      multiply<Start::bias>(
          Packed(packed.projection, width, width), room.projected, columns, record.projected,
          p.projection_bias);
      multiply<Start::bias>(
          Packed(packed.projection + width * width, 2 * width, width), room.normed, all,
          record.projected + width * STRIDE, p.projection_bias + width);
    } else {
      multiply<Start::bias>(
          Packed(packed.projection, 3 * width, width), room.normed, all, record.projected,
          p.projection_bias);
    }
    for_each_head_and_event<false>(record.projected, record.attended, nullptr, is_short);
    clear_rest(record.attended, width, is_short ? piece.wanted : piece.tokens, columns);
    multiply<Start::bias_and_other>(
        Packed(packed.output, width, width), record.attended, columns, record.middle,
        p.output_bias, before);
    find_moments(record.middle, width, columns, encoder.epsilon, *record.second_moments);
    normalize(
        record.middle, width, columns, *record.second_moments, p.second_weight, p.second_bias,
        room.normed);
    if (kept) {
      *kept->moments = *record.moments;
      *kept->second_moments = *record.second_moments;
      copy_past_cache(x, width, all, kept->x);
      copy_past_cache(record.projected, width, columns, kept->projected);
      copy_past_cache(
          record.projected + width * STRIDE, 2 * width, all, kept->projected + width * STRIDE);
      copy_past_cache(record.attended, width, columns, kept->attended);
      copy_past_cache(record.middle, width, columns, kept->middle);
    }
    for (int64_t first = 0; first < inner; first += BLOCK) {
      const int64_t rows = std::min(BLOCK, inner - first);
      multiply<Start::bias>(
          Packed(packed.expansion + first * width, rows, width), room.normed, columns,
          record.inner, p.expansion_bias + first);
      gelu(
          record.inner, rows, columns, room.inner,
          kept ? kept->inner + first * STRIDE : nullptr);
      const Packed contraction(packed.contraction, width, inner, first, rows);
      if (first == 0) {
        multiply<Start::bias_and_other>(
            contraction, room.inner, columns, result, p.contraction_bias, record.middle);
      } else {
        multiply<Start::present>(contraction, room.inner, columns, result);
      }
    }
  }

  /// Turns the gradient of a layer's result, zero in the columns beyond the last token, into that
  /// of `record.x`, and adds the gradients of the parameters to `g`.
  ///
  /// - `packed`: the transposes of the weights
  /// - `is_short`: as on the way forth
  void backward(
      const LayerParameters<const float> &p, const PackedLayer &packed,
      const LayerRecord &record, float *gradient, const LayerParameters<float> &g,
      bool is_short) const {
    const int64_t all = columns_of(piece.tokens);
    const int64_t tokens = is_short ? piece.wanted : piece.tokens;
    const int64_t columns = columns_of(tokens);
    normalize(
        record.middle, width, columns, *record.second_moments, p.second_weight, p.second_bias,
        room.normed);
    add_sums(gradient, width, columns, g.contraction_bias);
    for (int64_t first = 0; first < inner; first += BLOCK) {
      const int64_t rows = std::min(BLOCK, inner - first);
      gelu_and_slope(record.inner + first * STRIDE, rows, columns, room.inner, room.slope);
      add_product_over_tokens(
          gradient, width, room.inner, rows, tokens, g.contraction_weight + first, inner,
          room.panel);
      multiply<Start::zero>(
          Packed(packed.contraction + first * width, rows, width), gradient, columns, room.inner);
      multiply_elements(room.inner, room.slope, rows, columns, g.expansion_bias + first);
      add_product_over_tokens(
          room.inner, rows, room.normed, width, tokens, g.expansion_weight + first * width, width,
          room.panel);
      const Packed expansion(packed.expansion, width, inner, first, rows);
      if (first == 0) {
        multiply<Start::zero>(expansion, room.inner, columns, room.second);
      } else {
        multiply<Start::present>(expansion, room.inner, columns, room.second);
      }
    }
    normalize_backward(
        record.middle, width, columns, *record.second_moments, p.second_weight, room.second,
        gradient, g.second_weight, g.second_bias);

    add_product(
        gradient, width, record.attended, width, tokens, g.output_weight, g.output_bias);
    multiply<Start::zero>(Packed(packed.output, width, width), gradient, columns, room.second);
    for_each_head_and_event<true>(record.projected, room.second, room.projected, is_short);
    clear_rest(room.projected, width, tokens, columns);
    clear_rest(room.projected + width * STRIDE, 2 * width, piece.tokens, all);
    normalize(record.x, width, all, *record.moments, p.norm_weight, p.norm_bias, room.normed);
    if (is_short) {
      gather_wanted(room.normed, columns, room.third);
      add_product(
          room.projected, width, room.third, width, tokens, g.projection_weight,
          g.projection_bias);
      add_product(
          room.projected + width * STRIDE, 2 * width, room.normed, width, piece.tokens,
          g.projection_weight + width * width, g.projection_bias + width);
      multiply<Start::zero>(
          Packed(packed.projection, width, 3 * width, width, 2 * width),
          room.projected + width * STRIDE, all, room.second);
      multiply<Start::zero>(
          Packed(packed.projection, width, 3 * width, 0, width), room.projected, columns,
          room.third);
      add_to_wanted(room.third, room.second);
      copy(gradient, columns, room.third);
      for (int64_t row = 0; row < width; ++row)
        __builtin_memset(
            gradient + row * STRIDE, 0, static_cast<size_t>(all) * sizeof(float));
      add_to_wanted(room.third, gradient);
    } else {
      add_product(
          room.projected, 3 * width, room.normed, width, piece.tokens, g.projection_weight,
          g.projection_bias);
      multiply<Start::zero>(
          Packed(packed.projection, width, 3 * width), room.projected, all, room.second);
    }
    normalize_backward(
        record.x, width, all, *record.moments, p.norm_weight, room.second, gradient,
        g.norm_weight, g.norm_bias);
  }

 protected:
  /// Adds the gradients of a weight [rows, inputs] and its bias.
  void add_product(
      const float *change, int64_t rows, const float *input, int64_t inputs, int64_t tokens,
      float *weight, float *bias) const {
    add_product_over_tokens(
        change, rows, input, inputs, tokens, weight, inputs, room.panel);
    add_sums(change, rows, columns_of(tokens), bias);
  }

  /// The column of a wanted token.
  int64_t wanted_column(int64_t index) const {
    return encoder.wanted[piece.first_wanted + index] - piece.first_token;
  }

  /// Copies the columns of the wanted tokens side by side, with zeros behind.
  void gather_wanted(const float *from, int64_t columns, float *to) const {
    for (int64_t row = 0; row < width; ++row) {
      for (int64_t index = 0; index < piece.wanted; ++index)
        to[row * STRIDE + index] = from[row * STRIDE + wanted_column(index)];
      for (int64_t index = piece.wanted; index < columns; ++index) to[row * STRIDE + index] = 0;
    }
  }

  /// Adds columns that stand side by side to those of the wanted tokens.
  void add_to_wanted(const float *from, float *to) const {
    for (int64_t row = 0; row < width; ++row)
      for (int64_t index = 0; index < piece.wanted; ++index)
        to[row * STRIDE + wanted_column(index)] += from[row * STRIDE + index];
  }

  /// Copies columns of a matrix [D, STRIDE].
  void copy(const float *from, int64_t columns, float *to) const {
    for (int64_t row = 0; row < width; ++row)
      __builtin_memcpy(
          to + row * STRIDE, from + row * STRIDE, static_cast<size_t>(columns) * sizeof(float));
  }

  /// Forward: `attended` is written. Backward: `attended` is its gradient, `gradient` is written.
  ///
  /// - `is_short`: whether only the wanted tokens ask; `attended` and the queries are theirs
  template <bool is_backward>
  void for_each_head_and_event(
      const float *projected, float *attended, float *gradient, bool is_short) const {
    for (int64_t first = 0; first < width; first += head) {
      int64_t query_column = 0;
      int64_t pair = first / head * encoder.pairs + piece.first_pair;
      // Events in their order: each writes over what the one before left beyond its end.
      for (int64_t event = 0; event < piece.events; ++event) {
        const int64_t *offset = encoder.offsets + piece.first_event + event;
        const int64_t keys = offset[1] - offset[0];
        const int64_t queries =
            is_short ? wanted_before(encoder, piece.first_wanted + query_column, offset[1])
                     : keys;
        const int64_t query = first * STRIDE + query_column;
        const int64_t key = (width + first) * STRIDE + offset[0] - piece.first_token;
        const int64_t value = key + width * STRIDE;
        const Extent extent{keys, queries, head};
        const EventBias bias{
            encoder.bias ? encoder.bias + pair : nullptr,
            bias_gradient ? bias_gradient + pair : nullptr, keys,
            is_short ? encoder.wanted + piece.first_wanted + query_column : nullptr, offset[0]};
        query_column += queries;
        pair += keys * keys;
        if constexpr (is_backward) {
          attend_backward(
              projected + query, projected + key, projected + value, attended + query, extent,
              scale, bias, gradient + query, gradient + key, gradient + value,
              *room.attention);
        } else {
          attend(
              projected + query, projected + key, projected + value, extent, scale, bias,
              attended + query, *room.attention);
        }
      }
    }
  }
};
