// SPDX-License-Identifier: Apache-2.0

// The encoder in half precision, for scoring.
//
// Weights, and what products take of the tokens, are numbers of 16 bits; see `pairs.hpp`. The
// residual stream, norms, attention and GELU are float32.

/// The weights of a layer as pairs, packed.
struct PairLayer {
  PairMatrix projection, output, expansion, contraction;

  PairLayer(float *start, int64_t width, int64_t inner) {
    Pair *pairs = reinterpret_cast<Pair *>(start);
    // Packing writes up to LANES pairs beyond the last.
    float *scales = start + PackedLayer::count(width, inner) / 2 + LANES;
    const auto next = [&](int64_t rows, int64_t columns) {
      const PairMatrix result{pairs, scales};
      pairs += rows * columns / 2;
      scales += rows;
      return result;
    };
    projection = next(3 * width, width);
    output = next(width, width);
    expansion = next(inner, width);
    contraction = next(width, inner);
  }

  static int64_t count(int64_t width, int64_t inner) {
    return PackedLayer::count(width, inner) / 2 + LANES + 5 * width + inner;
  }

  void pack(const LayerParameters<const float> &p, int64_t width, int64_t inner, bool is_short) {
    if (is_short) {
      pack_pairs(p.projection_weight, width, width, width, projection);
      pack_pairs(
          p.projection_weight + width * width, width, 2 * width, width,
          rows(projection, width, width));
    } else {
      pack_pairs(p.projection_weight, width, 3 * width, width, projection);
    }
    pack_pairs(p.output_weight, width, width, width, output);
    for (int64_t first = 0; first < inner; first += BLOCK)
      pack_pairs(
          p.expansion_weight + first * width, width, std::min(BLOCK, inner - first), width,
          rows(expansion, first, width));
    pack_pairs(p.contraction_weight, inner, width, inner, contraction);
  }

  /// The rows of a matrix from one on, where they were packed by themselves.
  static PairMatrix rows(const PairMatrix &matrix, int64_t first, int64_t columns) {
    return {matrix.start + first * columns / 2, matrix.scales + first};
  }
};

/// Matrices of pairs that a thread needs for itself.
struct PairRoom {
  PairMatrix normed, asking, attended;  // [D / 2] each
  PairMatrix inner;                     // [BLOCK / 2]

  PairRoom(float *start, int64_t width) {
    Pair *pairs = reinterpret_cast<Pair *>(start) + 4 * STRIDE;
    normed = {pairs, start};
    asking = {pairs + width / 2 * STRIDE, start + STRIDE};
    attended = {pairs + width * STRIDE, start + 2 * STRIDE};
    inner = {pairs + 3 * width / 2 * STRIDE, start + 3 * STRIDE};
  }

  static int64_t count(int64_t width, int64_t inner) {
    return (4 + (3 * width + Room::block(inner)) / 2) * STRIDE;
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
    const int64_t columns = columns_of(is_short ? piece.wanted : piece.tokens);
    normalize_to_pairs(x, all, p.norm_weight, p.norm_bias, *record.moments, pairs.normed);
    const float *before = x;
    PairMatrix asking = pairs.normed;
    if (is_short) {
      gather_wanted(pairs.normed, pairs.asking);
      asking = pairs.asking;
      gather_wanted(x, columns, room.third);
      before = room.third;
    }
    // With all tokens the queries' rows and the others are tiles of one matrix.
    multiply_by<Start::bias>(
        packed.projection, is_short ? width : 3 * width, asking, columns, record.projected,
        p.projection_bias);
    if (is_short)
      multiply_by<Start::bias>(
          PairLayer::rows(packed.projection, width, width), 2 * width, pairs.normed, all,
          record.projected + width * STRIDE, p.projection_bias + width);
    for_each_head_and_event<false>(record.projected, record.attended, nullptr, is_short);
    round_to_pairs(width, columns, pairs.attended, record.attended, [&](int64_t row, int64_t at) {
      return load(record.attended + row * STRIDE + at);
    });
    multiply_by<Start::bias_and_other>(
        packed.output, width, pairs.attended, columns, record.middle, p.output_bias, before);
    normalize_to_pairs(
        record.middle, columns, p.second_weight, p.second_bias, *record.second_moments,
        pairs.normed);
    for (int64_t first = 0; first < inner; first += BLOCK) {
      const int64_t rows = std::min(BLOCK, inner - first);
      multiply_by<Start::bias>(
          PairLayer::rows(packed.expansion, first, width), rows, pairs.normed, columns,
          record.inner, p.expansion_bias + first);
      round_to_pairs(rows, columns, pairs.inner, record.inner, [&](int64_t row, int64_t at) {
        return gelu(load(record.inner + row * STRIDE + at));
      });
      const Packed<Pair> contraction(
          packed.contraction.start, width, inner / 2, first / 2, rows / 2);
      if (first == 0) {
        multiply_pairs<Start::bias_and_other>(
            contraction, packed.contraction.scales, pairs.inner, columns, result,
            p.contraction_bias, record.middle);
      } else {
        multiply_pairs<Start::present>(
            contraction, packed.contraction.scales, pairs.inner, columns, result);
      }
    }
  }

 private:
  using PieceEncoder::gather_wanted;

  /// `multiply_pairs` by a matrix of weights with as many columns as a token has features.
  template <Start start>
  void multiply_by(
      const PairMatrix &weights, int64_t rows, const PairMatrix &b, int64_t columns, float *c,
      const float *bias, const float *other = nullptr) const {
    multiply_pairs<start>(
        Packed<Pair>(weights.start, rows, width / 2), weights.scales, b, columns, c, bias, other);
  }

  /// Copies the pairs of the wanted tokens side by side.
  void gather_wanted(const PairMatrix &from, const PairMatrix &to) const {
    for (int64_t index = 0; index < piece.wanted; ++index) {
      const int64_t column = wanted_column(index);
      to.scales[index] = from.scales[column];
      for (int64_t row = 0; row < width / 2; ++row)
        to.start[row * STRIDE + index] = from.start[row * STRIDE + column];
    }
  }

  void normalize_to_pairs(
      const float *x, int64_t columns, const float *weight, const float *bias, Moments &moments,
      const PairMatrix &result) const {
    find_moments(x, width, columns, encoder.epsilon, moments);
    round_to_pairs(width, columns, result, room.normed, [&](int64_t row, int64_t at) {
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
  const int64_t size = PairLayer::count(width, inner);
  const Memory packed(layers * size);
  const Memory room_memory(Room::count(width, inner));
  const Memory pair_memory(PairRoom::count(width, inner));
  if (!packed.start || !room_memory.start || !pair_memory.start) return false;
  for (int64_t layer = 0; layer < layers; ++layer)
    PairLayer(packed.start + layer * size, width, inner)
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
              PairLayer(packed.start + layer * size, width, inner), x, result, is_short);
        };
      });
  return true;
}
