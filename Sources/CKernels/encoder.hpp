// SPDX-License-Identifier: Apache-2.0

// The layers of the encoder for one piece of a batch, forward and backward.

/// The parameters of a layer, or their gradients.
template <class Float>
struct LayerParameters {
  Float *norm_weight, *norm_bias;              // [D], [D]
  Float *projection_weight, *projection_bias;  // [3 D, D], [3 D]: queries, keys, values
  Float *output_weight, *output_bias;          // [D, D], [D]
  Float *second_weight, *second_bias;          // [D], [D]
  Float *expansion_weight, *expansion_bias;    // [F, D], [F]
  Float *contraction_weight, *contraction_bias;  // [D, F], [D]

  explicit LayerParameters(Float *const *p)
      : norm_weight(p[0]), norm_bias(p[1]), projection_weight(p[2]), projection_bias(p[3]),
        output_weight(p[4]), output_bias(p[5]), second_weight(p[6]), second_bias(p[7]),
        expansion_weight(p[8]), expansion_bias(p[9]), contraction_weight(p[10]),
        contraction_bias(p[11]) {}
};

/// Features of the feed-forward part that are computed at a time: all of them would push what
/// comes next out of the cache.
constexpr int64_t BLOCK = 256;

/// The weights of a layer, packed for products with them or with their transposes.
///
/// Where the features of the feed-forward part are rows, each BLOCK of them is packed by itself.
struct PackedLayer {
  float *projection, *output, *expansion, *contraction;

  PackedLayer(float *start, int64_t width, int64_t inner)
      : projection(start), output(projection + 3 * width * width),
        expansion(output + width * width), contraction(expansion + inner * width) {}

  static int64_t count(int64_t width, int64_t inner) {
    return 4 * width * width + 2 * inner * width;
  }
};

/// What the way back needs of a layer, for one piece.
struct LayerRecord {
  Moments *moments, *second_moments;
  float *x, *projected, *attended, *middle, *inner;
  /// Whether it is kept for the way back.
  bool is_kept;

  LayerRecord(float *start, int64_t width, bool is_kept)
      : moments(reinterpret_cast<Moments *>(start)), second_moments(moments + 1),
        x(start + 4 * STRIDE), projected(x + width * STRIDE),
        attended(projected + 3 * width * STRIDE), middle(attended + width * STRIDE),
        inner(middle + width * STRIDE), is_kept(is_kept) {}

  static int64_t count(int64_t width, int64_t inner) {
    return (4 + 6 * width + inner) * STRIDE;
  }
};

/// Matrices that a thread needs for itself.
struct Room {
  AttentionRoom *attention;
  float *panel;                                // [STRIDE, PANEL]
  float *normed, *first, *second, *projected;  // [D], [D], [D], [3 D]
  float *inner, *slope;                        // [BLOCK], [BLOCK]
  float *record;                               // of one layer

  Room(float *start, int64_t width, int64_t inner_width)
      : attention(reinterpret_cast<AttentionRoom *>(start)),
        panel(start + sizeof(AttentionRoom) / sizeof(float)), normed(panel + PANEL * STRIDE),
        first(normed + width * STRIDE), second(first + width * STRIDE),
        projected(second + width * STRIDE), inner(projected + 3 * width * STRIDE),
        slope(inner + block(inner_width) * STRIDE),
        record(slope + block(inner_width) * STRIDE) {}

  static int64_t block(int64_t inner) { return std::min(BLOCK, inner); }

  static int64_t count(int64_t width, int64_t inner) {
    return static_cast<int64_t>(sizeof(AttentionRoom) / sizeof(float)) +
           (PANEL + 6 * width + 2 * block(inner)) * STRIDE +
           LayerRecord::count(width, block(inner));
  }
};

/// An encoder at work on a piece of a batch.
struct PieceEncoder {
  const ckernels_encoder &encoder;
  const Piece &piece;
  Room &room;
  int64_t width, inner, head, columns;
  float scale;

  PieceEncoder(const ckernels_encoder &encoder, const Piece &piece, Room &room)
      : encoder(encoder), piece(piece), room(room), width(encoder.width), inner(encoder.inner),
        head(encoder.width / encoder.heads),
        columns((piece.tokens + LANES - 1) / LANES * LANES),
        scale(1.0f / __builtin_sqrtf(static_cast<float>(encoder.width / encoder.heads))) {}

  /// Computes a layer from `record.x`, and records what the way back needs.
  void forward(
      const LayerParameters<const float> &p, const PackedLayer &packed, LayerRecord &record,
      float *result) const {
    find_moments(record.x, width, columns, encoder.epsilon, *record.moments);
    normalize(
        record.x, width, columns, *record.moments, p.norm_weight, p.norm_bias, room.normed);
    multiply<Start::bias>(
        Packed(packed.projection, 3 * width, width), room.normed, columns, record.projected,
        p.projection_bias);
    for_each_head_and_event<false>(record.projected, record.attended, nullptr);
    clear_rest(record.attended, width, piece.tokens, columns);
    multiply<Start::bias_and_other>(
        Packed(packed.output, width, width), record.attended, columns, record.middle,
        p.output_bias, record.x);
    find_moments(record.middle, width, columns, encoder.epsilon, *record.second_moments);
    normalize(
        record.middle, width, columns, *record.second_moments, p.second_weight, p.second_bias,
        room.normed);
    for (int64_t first = 0; first < inner; first += BLOCK) {
      const int64_t rows = std::min(BLOCK, inner - first);
      // Without a record the same block is used again.
      float *block = record.is_kept ? record.inner + first * STRIDE : record.inner;
      multiply<Start::bias>(
          Packed(packed.expansion + first * width, rows, width), room.normed, columns, block,
          p.expansion_bias + first);
      gelu(block, rows, columns, room.inner);
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
  void backward(
      const LayerParameters<const float> &p, const PackedLayer &packed,
      const LayerRecord &record, float *gradient, const LayerParameters<float> &g) const {
    normalize(
        record.middle, width, columns, *record.second_moments, p.second_weight, p.second_bias,
        room.normed);
    add_sums(gradient, width, columns, g.contraction_bias);
    for (int64_t first = 0; first < inner; first += BLOCK) {
      const int64_t rows = std::min(BLOCK, inner - first);
      gelu_and_slope(record.inner + first * STRIDE, rows, columns, room.inner, room.slope);
      add_product_over_tokens(
          gradient, width, room.inner, rows, piece.tokens, g.contraction_weight + first, inner,
          room.panel);
      multiply<Start::zero>(
          Packed(packed.contraction + first * width, rows, width), gradient, columns, room.inner);
      multiply_elements(room.inner, room.slope, rows, columns);
      add_product(
          room.inner, rows, room.normed, width, g.expansion_weight + first * width,
          g.expansion_bias + first);
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

    add_product(gradient, width, record.attended, width, g.output_weight, g.output_bias);
    multiply<Start::zero>(
        Packed(packed.output, width, width), gradient, columns, room.second);
    for_each_head_and_event<true>(record.projected, room.second, room.projected);
    clear_rest(room.projected, 3 * width, piece.tokens, columns);
    normalize(
        record.x, width, columns, *record.moments, p.norm_weight, p.norm_bias, room.normed);
    add_product(
        room.projected, 3 * width, room.normed, width, g.projection_weight, g.projection_bias);
    multiply<Start::zero>(
        Packed(packed.projection, width, 3 * width), room.projected, columns, room.second);
    normalize_backward(
        record.x, width, columns, *record.moments, p.norm_weight, room.second, gradient,
        g.norm_weight, g.norm_bias);
  }

 private:

  /// Adds the gradients of a weight [rows, width] and its bias.
  void add_product(
      const float *change, int64_t rows, const float *input, int64_t inputs, float *weight,
      float *bias) const {
    add_product_over_tokens(
        change, rows, input, inputs, piece.tokens, weight, inputs, room.panel);
    add_sums(change, rows, columns, bias);
  }

  /// Forward: `attended` is written. Backward: `attended` is its gradient, `gradient` is written.
  template <bool is_backward>
  void for_each_head_and_event(
      const float *projected, float *attended, float *gradient) const {
    const int64_t part = width * STRIDE;
    for (int64_t first = 0; first < width; first += head) {
      // Events in their order: each writes over what the one before left beyond its end.
      for (int64_t event = 0; event < piece.events; ++event) {
        const int64_t *offset = encoder.offsets + piece.first_event + event;
        const int64_t at = first * STRIDE + offset[0] - piece.first_token;
        const float *query = projected + at;
        if constexpr (is_backward) {
          attend_backward(
              query, query + part, query + 2 * part, attended + at, offset[1] - offset[0], head,
              scale, gradient + at, gradient + part + at, gradient + 2 * part + at,
              *room.attention);
        } else {
          attend(
              query, query + part, query + 2 * part, offset[1] - offset[0], head, scale,
              attended + at, *room.attention);
        }
      }
    }
  }
};
