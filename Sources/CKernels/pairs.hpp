// SPDX-License-Identifier: Apache-2.0

// Products of matrices of 16-bit numbers: twice the terms per instruction.
//
// Two features that follow one another are a pair, 32 bits as a float: products and layouts are
// those of floats with half the depth. What a pair is, and how products of pairs are added, is in
// float16.hpp or bfloat16.hpp, one of which comes before:
//
//     PairSums            the sums of a vector of columns
//     DEPTH               how many pairs they take before they are added in float32
//     store_pairs         rounds two features to pairs
//     add_products        adds the products of pairs to sums
//     float_sums          the sums in float32

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
    PairSums sums[R][V];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) sums[r][v] = PairSums{};
    }
#pragma clang loop unroll(disable)
    for (int64_t k = first; k < end; ++k) {
      PairVector row[V];
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) __builtin_memcpy(&row[v], b + v * LANES, sizeof row[v]);
#pragma clang loop unroll(full)
      for (int r = 0; r < R; ++r) {
        const PairVector value = a[r];
#pragma clang loop unroll(full)
        for (int v = 0; v < V; ++v) sums[r][v] = add_products(sums[r][v], value, row[v]);
      }
      a += R;
      b += STRIDE;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < R; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) {
        float *to = c + r * STRIDE + v * LANES;
        Vector sum = float_sums(sums[r][v]);
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
