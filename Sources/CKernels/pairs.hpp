// SPDX-License-Identifier: Apache-2.0

// Products in half precision: twice the terms per instruction.
//
// Two features that follow one another are a pair of halves, 32 bits as a float: products and
// layouts are those of floats with half the depth, and the sums over the first and over the second
// of the pairs are added at the end.

/// Two halves.
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
  for_each_square(a, a_step, rows, depth, [&](Vector *square, int64_t first, int64_t size) {
    for (int64_t column = 0; column < LANES; column += 2)
      store_pairs(
          packed + (first + column * size) / 2, square[column], square[column + 1]);
  });
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
