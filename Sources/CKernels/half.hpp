// SPDX-License-Identifier: Apache-2.0

// The encoder in half precision, for scoring: twice the products per instruction.
//
// Weights, and what products take of the tokens, are float16; so are sums of up to DEPTH terms,
// which are then added in float32. The residual stream, norms, attention and GELU are float32.
//
// Two features that follow one another are a pair of halves, 32 bits as a float: products and
// layouts are those of floats with half the depth, and the sums over the first and over the second
// of the pairs are added at the end.

/// Two pairs.
using Pair = uint32_t;
using PairVector = uint32_t __attribute__((ext_vector_type(LANES)));
using PartVector = _Float16 __attribute__((ext_vector_type(LANES)));
using HalfVector = _Float16 __attribute__((ext_vector_type(2 * LANES)));

/// Pairs that are added in half precision.
constexpr int64_t DEPTH = 64;

/// Rounds two features to pairs.
CKERNELS_INLINE void store_pairs(Pair *to, Vector first, Vector second) {
  using Bits = uint16_t __attribute__((ext_vector_type(LANES)));
  const auto bits = [](Vector value) {
    return __builtin_convertvector(
        __builtin_bit_cast(Bits, __builtin_convertvector(value, PartVector)), PairVector);
  };
  const PairVector pairs = bits(first) | bits(second) << 16;
  __builtin_memcpy(to, &pairs, sizeof pairs);
}

/// The sums of the pairs.
CKERNELS_INLINE Vector sums_of_pairs(HalfVector value) {
  const auto part = [](HalfVector halves, int shift) {
    using Bits = uint16_t __attribute__((ext_vector_type(LANES)));
    const PairVector pairs = __builtin_bit_cast(PairVector, halves) >> shift;
    return __builtin_convertvector(
        __builtin_bit_cast(PartVector, __builtin_convertvector(pairs, Bits)), Vector);
  };
  return part(value, 0) + part(value, 16);
}

/// As `pack`, of a matrix whose columns are paired.
static void pack_pairs(
    const float *a, int64_t a_step, int64_t rows, int64_t depth, Pair *packed) {
  const Division division(rows);
  for (int64_t tile = 0; tile < division.tiles; ++tile) {
    const int64_t size = division.size(tile);
    for (int64_t k = 0; k < depth; k += LANES) {
      Vector square[LANES] = {};
      for (int64_t r = 0; r < size; ++r) square[r] = load(a + r * a_step + k);
      transpose(square);
      for (int64_t column = 0; column < LANES; column += 2)
        store_pairs(
            packed + (k + column) / 2 * size, square[column], square[column + 1]);
    }
    a += size * a_step;
    packed += size * depth / 2;
  }
}

/// As `tile`, for a packed A; `depth` counts pairs.
template <int R, int V, Start start>
CKERNELS_INLINE void pair_tile(
    const Pair *a, const Pair *b, int64_t depth, float *c, const float *bias,
    const float *other) {
  for (int64_t first = 0; first < depth; first += DEPTH) {
    const int64_t end = std::min(first + DEPTH, depth);
    HalfVector sums[R][V];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) sums[r][v] = _Float16(0);
    }
#pragma clang loop unroll(disable)
    for (int64_t k = first; k < end; ++k) {
      HalfVector row[V];
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) __builtin_memcpy(&row[v], b + v * LANES, sizeof row[v]);
#pragma clang loop unroll(full)
      for (int r = 0; r < R; ++r) {
        const HalfVector value = __builtin_bit_cast(HalfVector, PairVector(a[r]));
#pragma clang loop unroll(full)
        for (int v = 0; v < V; ++v)
          sums[r][v] = __builtin_elementwise_fma(value, row[v], sums[r][v]);
      }
      a += R;
      b += STRIDE;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < R; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) {
        float *to = c + r * STRIDE + v * LANES;
        Vector sum = sums_of_pairs(sums[r][v]);
        if (first > 0 || start == Start::present) {
          sum += load(to);
        } else {
          if constexpr (start == Start::bias || start == Start::bias_and_other) sum += bias[r];
          if constexpr (start == Start::bias_and_other)
            sum += load(other + r * STRIDE + v * LANES);
        }
        store(to, sum);
      }
    }
  }
}

template <int R, int V, Start start>
static void pair_tile_of(
    int64_t rows, const Pair *a, const Pair *b, int64_t depth, float *c, const float *bias,
    const float *other) {
  if constexpr (R > 1) {
    if (rows < R) return pair_tile_of<R - 1, V, start>(rows, a, b, depth, c, bias, other);
  }
  pair_tile<R, V, start>(a, b, depth, c, bias, other);
}

/// As `multiply`; the columns of the packed matrix and the rows of B are pairs.
template <Start start>
static void multiply_pairs(
    const Packed<Pair> &packed, const Pair *b, int64_t columns, float *c,
    const float *bias = nullptr, const float *other = nullptr) {
  const Division division(packed.rows);
  int64_t row = 0;
  for (int64_t tile = 0; tile < division.tiles; ++tile) {
    const int64_t size = division.size(tile);
    const Pair *a = packed.start + row * packed.columns + packed.first * size;
    const float *summand = bias ? bias + row : nullptr;
    int64_t column = 0;
    for (; column + PANEL <= columns; column += PANEL) {
      const int64_t at = row * STRIDE + column;
      pair_tile_of<ROWS, 2, start>(
          size, a, b + column, packed.depth, c + at, summand, other ? other + at : nullptr);
    }
    if (column < columns) {
      const int64_t at = row * STRIDE + column;
      pair_tile_of<ROWS, 1, start>(
          size, a, b + column, packed.depth, c + at, summand, other ? other + at : nullptr);
    }
    row += size;
  }
}

/// Rounds a function of a matrix [rows, STRIDE] to pairs [rows / 2, STRIDE].
template <class Function>
static void round_to_pairs(int64_t rows, int64_t columns, Pair *to, Function function) {
  for (int64_t row = 0; row < rows; row += 2)
    for (int64_t at = 0; at < columns; at += LANES)
      store_pairs(to + row / 2 * STRIDE + at, function(row, at), function(row + 1, at));
}

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
            LayerParameters<const float>(parameters + layer * CKERNELS_PARAMETERS_PER_LAYER),
            width, inner, encoder.wanted && layer + 1 == layers);

  Room room(room_memory.start, width, inner);
  PairRoom pair_room(pair_memory.start, width);
  for (const Piece &piece : pieces(encoder, TOKENS)) {
    const HalfPieceEncoder work(encoder, piece, room, pair_room);
    float *x = room.first;
    float *result = room.second;
    tokens_to_columns(
        PieceTokens<const float>(encoder, piece, event_tokens, object_tokens), piece.tokens,
        width, PieceEncoder::columns_of(piece.tokens), x);
    for (int64_t layer = 0; layer < layers; ++layer) {
      work.forward(
          LayerParameters<const float>(parameters + layer * CKERNELS_PARAMETERS_PER_LAYER),
          PairLayer(weights + layer * size, width, inner), x, result,
          encoder.wanted && layer + 1 == layers);
      std::swap(x, result);
    }
    columns_to_tokens(
        x, output_count(encoder, piece), width, outputs(encoder, piece, output));
  }
  return true;
}
