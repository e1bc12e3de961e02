// SPDX-License-Identifier: Apache-2.0

// The encoder in half precision, for scoring.
//
// Weights, and what products take of the tokens, are numbers of 16 bits; see `pairs.hpp`. The
// residual stream, norms, attention and GELU are float32.

/// The weights of a layer as pairs, packed.
struct PairLayer {
  Pair *projection, *output, *expansion, *contraction;

  PairLayer(Pair *start, int64_t width, int64_t inner)
      : projection(start), output(projection + 3 * width * width / 2),
        expansion(output + width * width / 2), contraction(expansion + inner * width / 2) {}

  void pack(const LayerParameters<const float> &p, int64_t width, int64_t inner, bool is_short) {
    if (is_short) {
      pack_pairs(p.projection_weight, width, width, width, projection);
      pack_pairs(
          p.projection_weight + width * width, width, 2 * width, width,
          projection + width * width / 2);
    } else {
      pack_pairs(p.projection_weight, width, 3 * width, width, projection);
    }
    pack_pairs(p.output_weight, width, width, width, output);
    for (int64_t first = 0; first < inner; first += BLOCK)
      pack_pairs(
          p.expansion_weight + first * width, width, std::min(BLOCK, inner - first), width,
          expansion + first * width / 2);
    pack_pairs(p.contraction_weight, inner, width, inner, contraction);
  }
};

/// Matrices of pairs that a thread needs for itself.
struct PairRoom {
  Pair *normed, *asking, *attended;  // [D / 2] each
  Pair *inner;                       // [BLOCK / 2]

  PairRoom(float *start, int64_t width)
      : normed(reinterpret_cast<Pair *>(start)), asking(normed + width / 2 * STRIDE),
        attended(asking + width / 2 * STRIDE), inner(attended + width / 2 * STRIDE) {}

  static int64_t count(int64_t width, int64_t inner) {
    return (3 * width + Room::block(inner)) / 2 * STRIDE;
  }
};

/// An encoder at work on a piece of a batch, in half precision.
struct HalfPieceEncoder : PieceEncoder {
  PairRoom &pairs;

  HalfPieceEncoder(
      const ckernels_encoder &encoder, const Piece &piece, Room &room, PairRoom &pairs)
      : PieceEncoder(encoder, piece, room), pairs(pairs) {}

  /// As `PieceEncoder::forward`; nothing is kept.
  void forward(
      const LayerParameters<const float> &p, const PairLayer &packed, const float *x,
      float *result, bool is_short) const {
    const LayerRecord record(room.record, width);
    const int64_t all = columns_of(piece.tokens);
    const int64_t tokens = is_short ? piece.wanted : piece.tokens;
    const int64_t columns = columns_of(tokens);
    normalize_to_pairs(x, all, p.norm_weight, p.norm_bias, *record.moments, pairs.normed);
    const float *before = x;
    const Pair *asking = pairs.normed;
    if (is_short) {
      for (int64_t row = 0; row < width / 2; ++row)
        for (int64_t index = 0; index < piece.wanted; ++index)
          pairs.asking[row * STRIDE + index] = pairs.normed[row * STRIDE + wanted_column(index)];
      asking = pairs.asking;
      gather_wanted(x, columns, room.third);
      before = room.third;
    }
    // With all tokens the queries' rows and the others are tiles of one matrix.
    const int64_t queries = is_short ? width : 3 * width;
    multiply_pairs<Start::bias>(
        Packed<Pair>(packed.projection, queries, width / 2), asking, columns, record.projected,
        p.projection_bias);
    if (is_short)
      multiply_pairs<Start::bias>(
          Packed<Pair>(packed.projection + width * width / 2, 2 * width, width / 2), pairs.normed, all,
          record.projected + width * STRIDE, p.projection_bias + width);
    for_each_head_and_event<false>(record.projected, record.attended, nullptr, is_short);
    round_to_pairs(width, columns, pairs.attended, [&](int64_t row, int64_t at) {
      return load(record.attended + row * STRIDE + at);
    });
    multiply_pairs<Start::bias_and_other>(
        Packed<Pair>(packed.output, width, width / 2), pairs.attended, columns, record.middle,
        p.output_bias, before);
    normalize_to_pairs(
        record.middle, columns, p.second_weight, p.second_bias, *record.second_moments,
        pairs.normed);
    for (int64_t first = 0; first < inner; first += BLOCK) {
      const int64_t rows = std::min(BLOCK, inner - first);
      multiply_pairs<Start::bias>(
          Packed<Pair>(packed.expansion + first * width / 2, rows, width / 2), pairs.normed, columns,
          record.inner, p.expansion_bias + first);
      round_to_pairs(rows, columns, pairs.inner, [&](int64_t row, int64_t at) {
        return gelu(load(record.inner + row * STRIDE + at));
      });
      const Packed<Pair> contraction(packed.contraction, width, inner / 2, first / 2, rows / 2);
      if (first == 0) {
        multiply_pairs<Start::bias_and_other>(
            contraction, pairs.inner, columns, result, p.contraction_bias, record.middle);
      } else {
        multiply_pairs<Start::present>(contraction, pairs.inner, columns, result);
      }
    }
  }

 private:
  void normalize_to_pairs(
      const float *x, int64_t columns, const float *weight, const float *bias, Moments &moments,
      Pair *result) const {
    find_moments(x, width, columns, encoder.epsilon, moments);
    round_to_pairs(width, columns, result, [&](int64_t row, int64_t at) {
      const Vector value = (load(x + row * STRIDE + at) - load(moments.mean + at)) *
                           load(moments.scale + at);
      return multiply_add(value, Vector(weight[row]), Vector(bias[row]));
    });
  }
};

static bool half_forward(
    const ckernels_encoder &encoder, const float *const *parameters, const float *event_tokens,
    const float *object_tokens, float *output, float *saved) {
  // Gradients need float32.
  if (saved) return forward(encoder, parameters, event_tokens, object_tokens, output, saved);
  const int64_t width = encoder.width;
  const int64_t inner = encoder.inner;
  const int64_t layers = encoder.layers;
  const int64_t size = PackedLayer::count(width, inner) / 2;
  const Memory packed(layers * size + LANES);
  const Memory room_memory(Room::count(width, inner));
  const Memory pair_memory(PairRoom::count(width, inner));
  if (!packed.start || !room_memory.start || !pair_memory.start) return false;
  Pair *weights = reinterpret_cast<Pair *>(packed.start);
  for (int64_t layer = 0; layer < layers; ++layer)
    PairLayer(weights + layer * size, width, inner)
        .pack(
            layer_parameters(parameters, layer), width, inner,
            encoder.wanted && layer + 1 == layers);

  Room room(room_memory.start, width, inner);
  PairRoom pair_room(pair_memory.start, width);
  encode_pieces(
      encoder, room, event_tokens, object_tokens, output, [&](const Piece &piece) {
        return [&, work = HalfPieceEncoder(encoder, piece, room, pair_room)](
                   int64_t layer, const float *x, float *result, bool is_short) {
          work.forward(
              layer_parameters(parameters, layer),
              PairLayer(weights + layer * size, width, inner), x, result, is_short);
        };
      });
  return true;
}
