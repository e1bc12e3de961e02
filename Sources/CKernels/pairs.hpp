// SPDX-License-Identifier: Apache-2.0

// Products of matrices of 16-bit numbers: twice the terms per instruction.
//
// Two features that follow one another are a pair, 32 bits as a float: products and layouts are
// those of floats with half the depth. What a pair is, and how products of pairs are added, is in
// float16.hpp, bfloat16.hpp or int16.hpp, one of which comes before:
//
//     LARGEST             the largest magnitude where each row of weights and each token has a scale,
//                         and 0 where none has
//     PairSums            the sums of a vector of columns
//     DEPTH               how many pairs they take before they are added in float32
//     store_pairs         rounds two features to pairs
//     add_products        adds the products of pairs to sums
//     float_sums          the sums in float32

/// A matrix of pairs, and what its rows, of weights, or its columns, of tokens, are multiples of.
struct PairMatrix {
  Pair *start;
  float *scales;
};

constexpr bool IS_SCALED = LARGEST > 0;

/// Smaller numbers are as good as zero, and their inverse may be infinite.
constexpr float SMALLEST = 1e-30f;

/// As `pack`, of a matrix whose columns are paired.
static void pack_pairs(
    const float *a, int64_t a_step, int64_t rows, int64_t depth, const PairMatrix &packed) {
  if constexpr (IS_SCALED) {
    for (int64_t row = 0; row < rows; ++row) {
      Vector largest = 0.0f;
      // NaN where something is infinite or NaN, which integers cannot say.
      Vector fault = 0.0f;
      for (int64_t k = 0; k < depth; k += LANES) {
        const Vector value = load(a + row * a_step + k);
        largest = __builtin_elementwise_max(largest, Vector(__builtin_elementwise_abs(value)));
        fault = multiply_add(value, Vector(0.0f), fault);
      }
      packed.scales[row] = __builtin_reduce_max(largest) / LARGEST + sum(fault);
    }
  }
  for_each_square(
      a, a_step, rows, depth, [&](Vector *square, int64_t row, int64_t first, int64_t size) {
        if constexpr (IS_SCALED) {
          Vector factors = 0.0f;
          for (int64_t r = 0; r < size; ++r)
            if (packed.scales[row + r] > SMALLEST) factors[r] = 1 / packed.scales[row + r];
          for (int64_t column = 0; column < LANES; ++column) square[column] *= factors;
        }
        for (int64_t column = 0; column < LANES; column += 2)
          store_pairs(
              packed.start + (first + column * size) / 2, square[column], square[column + 1]);
      });
}

/// As `tile`, for a packed A; `depth` counts pairs.
template <int R, int V, Start start>
CKERNELS_INLINE void pair_tile(
    const PairMatrix &a_pairs, const PairMatrix &b_pairs, int64_t depth, float *c, const float *bias,
    const float *other) {
  const Pair *a = a_pairs.start;
  const Pair *b = b_pairs.start;
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
        if constexpr (IS_SCALED) sum *= load(b_pairs.scales + v * LANES) * a_pairs.scales[r];
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
    int64_t rows, const PairMatrix &a, const PairMatrix &b, int64_t depth, float *c, const float *bias,
    const float *other) {
  if constexpr (R > 1) {
    if (rows < R) return pair_tile_of<R - 1, V, start>(rows, a, b, depth, c, bias, other);
  }
  pair_tile<R, V, start>(a, b, depth, c, bias, other);
}

/// As `multiply`; the columns of the packed matrix and the rows of B are pairs.
///
/// - `a_scales`: of the rows of the packed matrix
template <Start start>
static void multiply_pairs(
    const Packed<Pair> &packed, const float *a_scales, const PairMatrix &b, int64_t columns, float *c,
    const float *bias = nullptr, const float *other = nullptr) {
  const Division division(packed.rows);
  int64_t row = 0;
  for (int64_t tile = 0; tile < division.tiles; ++tile) {
    const int64_t size = division.size(tile);
    const PairMatrix a{
        const_cast<Pair *>(packed.start) + row * packed.columns + packed.first * size,
        const_cast<float *>(a_scales) + row};
    const float *summand = bias ? bias + row : nullptr;
    int64_t column = 0;
    for (; column < columns; column += PANEL) {
      const int64_t at = row * STRIDE + column;
      const PairMatrix panel{b.start + column, b.scales + column};
      const float *added = other ? other + at : nullptr;
      if (column + PANEL <= columns) {
        pair_tile_of<ROWS, 2, start>(size, a, panel, packed.depth, c + at, summand, added);
      } else {
        pair_tile_of<ROWS, 1, start>(size, a, panel, packed.depth, c + at, summand, added);
      }
    }
    row += size;
  }
}

/// Rounds a function of a matrix [rows, STRIDE] to pairs [rows / 2, STRIDE].
///
/// - `values`: room for [rows, STRIDE]; the function may read what stands in the place of its value
template <class Function>
static void round_to_pairs(
    int64_t rows, int64_t columns, const PairMatrix &to, float *values, Function function) {
  if constexpr (!IS_SCALED) {
    for (int64_t row = 0; row < rows; row += 2)
      for (int64_t at = 0; at < columns; at += LANES)
        store_pairs(
            to.start + row / 2 * STRIDE + at, function(row, at), function(row + 1, at));
  } else {
    Vector largest[VECTORS] = {};
    // NaN where something is infinite or NaN, as for weights.
    Vector faults[VECTORS] = {};
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t v = 0; v < columns / LANES; ++v) {
        const Vector value = function(row, v * LANES);
        store(values + row * STRIDE + v * LANES, value);
        largest[v] =
            __builtin_elementwise_max(largest[v], Vector(__builtin_elementwise_abs(value)));
        faults[v] = multiply_add(value, Vector(0.0f), faults[v]);
      }
    }
    for (int64_t v = 0; v < columns / LANES; ++v) {
      store(to.scales + v * LANES, largest[v] / LARGEST + faults[v]);
      largest[v] = largest[v] > SMALLEST ? LARGEST / largest[v] : Vector(0.0f);
    }
    for (int64_t row = 0; row < rows; row += 2) {
      for (int64_t v = 0; v < columns / LANES; ++v) {
        const float *from = values + row * STRIDE + v * LANES;
        store_pairs(
            to.start + row / 2 * STRIDE + v * LANES, load(from) * largest[v],
            load(from + STRIDE) * largest[v]);
      }
    }
  }
}
