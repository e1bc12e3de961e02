// SPDX-License-Identifier: Apache-2.0

// Products of matrices that stay in the cache.
//
// Tokens are columns: a matrix of activations is [features, STRIDE], of which the first columns
// hold the tokens of a piece of the batch. A product is computed in tiles of up to ROWS rows and a
// few vectors of columns, whose sums stay in registers. All strides are known when compiling, so
// that a tile needs three pointers and no arithmetic on them.
//
// Source of the scheme: K. Goto and R. A. van de Geijn, "Anatomy of high-performance matrix
// multiplication", ACM Trans. Math. Softw. 34 (2008), doi:10.1145/1356052.1356053.

/// Most tokens of a piece.
constexpr int64_t TOKENS = 192;
/// Distance between rows: a row that starts where another ended, modulo the size of a cache way,
/// would push it out. Attention may also write up to a vector beyond the last token.
constexpr int64_t STRIDE = TOKENS + 16;
/// Columns of a panel.
constexpr int64_t PANEL = 2 * LANES;
/// Most terms of a sum at a time: a panel of B and a tile of A then fit the first cache together.
constexpr int64_t TERMS = 128;

/// What the products are added to.
enum class Start {
  /// nothing
  zero,
  /// a number for each row
  bias,
  /// that and another matrix
  bias_and_other,
  /// what is there
  present,
};

/// Computes C = AB + start for R rows and V vectors of columns.
///
/// Element (row, k) of A is at a[row * A_ROW + k * A_STEP], row k of B at b[k * B_STEP].
template <int R, int V, Start start, int64_t A_ROW, int64_t A_STEP, int64_t B_STEP>
CKERNELS_INLINE void tile(
    const float *a, const float *b, int64_t depth, float *c, int64_t c_step, const float *bias,
    const float *other) {
  Vector sums[R][V];
#pragma clang loop unroll(full)
  for (int r = 0; r < R; ++r) {
#pragma clang loop unroll(full)
    for (int v = 0; v < V; ++v) {
      sums[r][v] = 0.0f;
      if constexpr (start == Start::present) sums[r][v] = load(c + r * c_step + v * LANES);
      if constexpr (start == Start::bias || start == Start::bias_and_other) sums[r][v] = bias[r];
      if constexpr (start == Start::bias_and_other)
        sums[r][v] += load(other + r * STRIDE + v * LANES);
    }
  }
#pragma clang loop unroll(disable)
  for (int64_t k = 0; k < depth; ++k) {
    Vector row[V];
#pragma clang loop unroll(full)
    for (int v = 0; v < V; ++v) row[v] = load(b + v * LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; ++r) {
      const Vector value = a[r * A_ROW];
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) sums[r][v] = multiply_add(value, row[v], sums[r][v]);
    }
    a += A_STEP;
    b += B_STEP;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < R; ++r) {
#pragma clang loop unroll(full)
    for (int v = 0; v < V; ++v) store(c + r * c_step + v * LANES, sums[r][v]);
  }
}

/// Calls the tile of a number of rows that is known only now. A_STEP 0 stands for the number.
template <int R, int V, Start start, int64_t A_ROW, int64_t A_STEP, int64_t B_STEP>
static void tile_of(
    int64_t rows, const float *a, const float *b, int64_t depth, float *c, int64_t c_step,
    const float *bias, const float *other) {
  if constexpr (R > 1) {
    if (rows < R) {
      return tile_of<R - 1, V, start, A_ROW, A_STEP, B_STEP>(
          rows, a, b, depth, c, c_step, bias, other);
    }
  }
  tile<R, V, start, A_ROW, A_STEP == 0 ? R : A_STEP, B_STEP>(
      a, b, depth, c, c_step, bias, other);
}

/// Rows are divided evenly: 16 are 8 + 8 rather than 14 + 2.
struct Division {
  int64_t tiles, rows, longer;

  explicit Division(int64_t count)
      : tiles((count + ROWS - 1) / ROWS), rows(count / tiles), longer(count % tiles) {}

  int64_t size(int64_t tile) const { return rows + (tile < longer ? 1 : 0); }
};

/// Calls `store_columns(square, row, first, size)` for the tiles of A, LANES columns at a time: the
/// columns, of `size` numbers each from `row` on, and the place of the first where tile follows tile
/// and column follows column.
///
/// - `a`: [rows, depth] with `a_step` between the rows; the depth is a multiple of LANES
template <class StoreColumns>
CKERNELS_INLINE void for_each_square(
    const float *a, int64_t a_step, int64_t rows, int64_t depth, StoreColumns store_columns) {
  const Division division(rows);
  int64_t row = 0;
  for (int64_t tile = 0; tile < division.tiles; ++tile) {
    const int64_t size = division.size(tile);
    for (int64_t k = 0; k < depth; k += LANES) {
      Vector square[LANES] = {};
      for (int64_t r = 0; r < size; ++r) square[r] = load(a + (row + r) * a_step + k);
      transpose(square);
      store_columns(square, row, row * depth + k * size, size);
    }
    row += size;
  }
}

/// Copies A for `multiply`: tile after tile, in each of them column after column.
///
/// Up to LANES floats beyond the end are written as well.
static void pack(
    const float *a, int64_t a_step, int64_t rows, int64_t depth, float *packed) {
  for_each_square(a, a_step, rows, depth, [&](Vector *square, int64_t, int64_t first, int64_t size) {
    // Each column's end is overwritten by the next.
    for (int64_t column = 0; column < LANES; ++column)
      store(packed + first + column * size, square[column]);
  });
}

/// The same for the transpose of A, [depth, rows] with `a_step` between the rows.
static void pack_transpose(
    const float *a, int64_t a_step, int64_t rows, int64_t depth, float *packed) {
  const Division division(rows);
  int64_t row = 0;
  for (int64_t tile = 0; tile < division.tiles; ++tile) {
    const int64_t size = division.size(tile);
    for (int64_t k = 0; k < depth; ++k) {
      const float *from = a + row + k * a_step;
      if (row + LANES <= rows) {
        store(packed, load(from));
      } else {
        for (int64_t r = 0; r < size; ++r) packed[r] = from[r];
      }
      packed += size;
    }
    row += size;
  }
}

/// Asks for memory that is needed soon, in the second cache.
CKERNELS_INLINE void prefetch(const float *start, int64_t count) {
  for (int64_t at = 0; at < count; at += 16) __builtin_prefetch(start + at, 0, 2);
}

/// Some columns of a packed matrix [rows, columns].
template <class Element>
struct Packed {
  const Element *start;
  int64_t rows, columns;
  /// The first of the columns, and their number.
  int64_t first, depth;

  Packed(const Element *start, int64_t rows, int64_t columns)
      : start(start), rows(rows), columns(columns), first(0), depth(columns) {}

  Packed(const Element *start, int64_t rows, int64_t columns, int64_t first, int64_t depth)
      : start(start), rows(rows), columns(columns), first(first), depth(depth) {}

  /// Some of these columns.
  Packed part(int64_t from, int64_t count) const {
    return {start, rows, columns, first + from, count};
  }
};

/// The same as `multiply` for a depth that fits the first cache.
template <Start start>
static void multiply_at_once(
    const Packed<float> &packed, const float *b, int64_t columns, float *c, const float *bias,
    const float *other) {
  if (columns == 0) return;
  const int64_t rows = packed.rows;
  const int64_t depth = packed.depth;
  const Division division(rows);
  int64_t row = 0;
  for (int64_t tile = 0; tile < division.tiles; ++tile) {
    const int64_t size = division.size(tile);
    const float *a = packed.start + row * packed.columns + packed.first * size;
    const float *summand = bias ? bias + row : nullptr;
    // The weights of a large model come from far: while a tile is used, the next is fetched.
    const float *next = a + size * packed.columns;
    const int64_t part = tile + 1 < division.tiles ? size * depth * PANEL / columns : 0;
    int64_t column = 0;
    for (; column + PANEL <= columns; column += PANEL) {
      const int64_t at = row * STRIDE + column;
      prefetch(next + column / PANEL * part, part);
      tile_of<ROWS, 2, start, 1, 0, STRIDE>(
          size, a, b + column, depth, c + at, STRIDE, summand, other ? other + at : nullptr);
    }
    if (column < columns) {
      const int64_t at = row * STRIDE + column;
      tile_of<ROWS, 1, start, 1, 0, STRIDE>(
          size, a, b + column, depth, c + at, STRIDE, summand, other ? other + at : nullptr);
    }
    row += size;
  }
}

/// C = AB + start, for a packed A and B [depth, STRIDE], of which `columns`, a multiple of LANES,
/// are computed.
template <Start start>
static void multiply(
    const Packed<float> &packed, const float *b, int64_t columns, float *c,
    const float *bias = nullptr, const float *other = nullptr) {
  const int64_t first = std::min(TERMS, packed.depth);
  multiply_at_once<start>(packed.part(0, first), b, columns, c, bias, other);
  for (int64_t k = first; k < packed.depth; k += TERMS)
    multiply_at_once<Start::present>(
        packed.part(k, std::min(TERMS, packed.depth - k)), b + k * STRIDE, columns, c, nullptr,
        nullptr);
}

/// C += A Bᵀ over the tokens: the gradient of a weight.
///
/// - `a`: [rows, STRIDE]
/// - `b`: [columns, STRIDE]; the columns are a multiple of LANES
/// - `c`: [rows, c_step], of which `columns` are changed
/// - `panel`: room for PANEL * STRIDE floats
static void add_product_over_tokens(
    const float *a, int64_t rows, const float *b, int64_t columns, int64_t tokens, float *c,
    int64_t c_step, float *panel) {
  const Division division(rows);
  for (int64_t column = 0; column < columns; column += PANEL) {
    const int64_t width = columns - column < PANEL ? LANES : PANEL;
    for (int64_t v = 0; v < width; v += LANES)
      for (int64_t token = 0; token < tokens; token += LANES)
        transpose(
            b + (column + v) * STRIDE + token, STRIDE, panel + token * PANEL + v, PANEL);
    int64_t row = 0;
    for (int64_t tile = 0; tile < division.tiles; ++tile) {
      const int64_t size = division.size(tile);
      float *to = c + row * c_step + column;
      if (tile + 1 < division.tiles) {
        for (int64_t r = size; r < 2 * size; ++r) {
          __builtin_prefetch(to + r * c_step, 1, 3);
          __builtin_prefetch(to + r * c_step + 16, 1, 3);
        }
      }
      if (width == PANEL) {
        tile_of<ROWS, 2, Start::present, STRIDE, 1, PANEL>(
            size, a + row * STRIDE, panel, tokens, to, c_step, nullptr, nullptr);
      } else {
        tile_of<ROWS, 1, Start::present, STRIDE, 1, PANEL>(
            size, a + row * STRIDE, panel, tokens, to, c_step, nullptr, nullptr);
      }
      row += size;
    }
  }
}
