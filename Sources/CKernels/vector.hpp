// SPDX-License-Identifier: Apache-2.0

// Vectors of float32 and the functions of them that a Transformer needs.
//
// Included once for each set of instructions, inside its namespace; see avx512.cpp and avx2.cpp,
// which define LANES, the length of a vector.

using Vector = float __attribute__((ext_vector_type(LANES)));
using IntVector = int32_t __attribute__((ext_vector_type(LANES)));
/// Two numbers of 16 bits.
using Pair = uint32_t;
using PairVector = Pair __attribute__((ext_vector_type(LANES)));

#define CKERNELS_INLINE static inline __attribute__((always_inline))

CKERNELS_INLINE Vector load(const float *from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

CKERNELS_INLINE void store(float *to, Vector value) { __builtin_memcpy(to, &value, sizeof value); }

/// Stores without a place in the cache; the address is that of a whole vector.
CKERNELS_INLINE void store_past_cache(float *to, Vector value) {
  __builtin_nontemporal_store(value, reinterpret_cast<Vector *>(to));
}

/// Lets other threads see what was stored past the cache.
CKERNELS_INLINE void finish_stores() { _mm_sfence(); }

CKERNELS_INLINE Vector multiply_add(Vector a, Vector b, Vector c) {
  return __builtin_elementwise_fma(a, b, c);
}

CKERNELS_INLINE float sum(Vector value) {
  float total = 0;
  for (int lane = 0; lane < LANES; ++lane) total += value[lane];
  return total;
}

/// 1 / x; the error is below 2 units in the last place.
CKERNELS_INLINE Vector reciprocal(Vector x) {
#if LANES == 16
  const Vector guess = __builtin_bit_cast(Vector, _mm512_rcp14_ps(__builtin_bit_cast(__m512, x)));
  return guess * multiply_add(-x, guess, Vector(2.0f));
#else
  return 1.0f / x;
#endif
}

/// e to the power of each value; the error is below 2 units in the last place.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2 and a polynomial in r; the coefficients are those of
/// S. L. Moshier's Cephes library (expf). Values below -87 give the smallest normal number, which
/// stands for 0 here; values above 88 are not asked for.
CKERNELS_INLINE Vector exponential(Vector x) {
  x = __builtin_elementwise_max(x, Vector(-87.0f));
  x = __builtin_elementwise_min(x, Vector(88.0f));
  const Vector n = __builtin_elementwise_roundeven(x * 1.44269504088896341f);
  Vector r = multiply_add(n, Vector(-0.693359375f), x);
  r = multiply_add(n, Vector(2.12194440e-4f), r);
  Vector p = 1.9875691500e-4f;
  p = multiply_add(p, r, Vector(1.3981999507e-3f));
  p = multiply_add(p, r, Vector(8.3334519073e-3f));
  p = multiply_add(p, r, Vector(4.1665795894e-2f));
  p = multiply_add(p, r, Vector(1.6666665459e-1f));
  p = multiply_add(p, r, Vector(5.0000001201e-1f));
  p = multiply_add(p, r * r, r) + 1.0f;
  const IntVector exponent = (__builtin_convertvector(n, IntVector) + 127) << 23;
  return p * __builtin_bit_cast(Vector, exponent);
}

/// Phi(x), the normal distribution's probability below x, and its density phi(x).
struct Normal {
  Vector probability;
  Vector density;
};

/// erfc(q) = (a1 t + ... + a5 t^5) exp(-q^2) with t = 1 / (1 + p q) for q >= 0; the error is below
/// 1.5e-7.
///
/// Source: M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions", 7.1.26.
CKERNELS_INLINE Normal normal(Vector x) {
  const Vector q = __builtin_elementwise_abs(x) * 0.70710678118654752f;
  const Vector t = reciprocal(multiply_add(q, Vector(0.3275911f), Vector(1.0f)));
  const Vector gauss = exponential(q * -q);
  Vector p = 1.061405429f;
  p = multiply_add(p, t, Vector(-1.453152027f));
  p = multiply_add(p, t, Vector(1.421413741f));
  p = multiply_add(p, t, Vector(-0.284496736f));
  p = multiply_add(p, t, Vector(0.254829592f));
  const Vector tail = p * t * gauss * 0.5f;
  return {x < 0.0f ? tail : 1.0f - tail, gauss * 0.39894228040143268f};
}

/// x Phi(x) = x (1 + erf(x / sqrt 2)) / 2, without the exponential that `normal` needs.
///
/// erf(q) is the rational function q P(q^2) / Q(q^2) of Eigen's `generic_fast_erf_float` up to
/// |q| = 4, where it is 1; the error is below 1e-7.
///
/// Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units", arXiv:1606.08415.
CKERNELS_INLINE Vector gelu(Vector x) {
  Vector q = x * 0.70710678118654752f;
  q = __builtin_elementwise_min(__builtin_elementwise_max(q, Vector(-4.0f)), Vector(4.0f));
  const Vector square = q * q;
  Vector p = -2.72614225801306e-10f;
  p = multiply_add(p, square, Vector(2.77068142495902e-08f));
  p = multiply_add(p, square, Vector(-2.10102402082508e-06f));
  p = multiply_add(p, square, Vector(-5.69250639462346e-05f));
  p = multiply_add(p, square, Vector(-7.34990630326855e-04f));
  p = multiply_add(p, square, Vector(-2.95459980854025e-03f));
  p = multiply_add(p, square, Vector(-1.60960333262415e-02f));
  Vector r = -1.45660718464996e-05f;
  r = multiply_add(r, square, Vector(-2.13374055278905e-04f));
  r = multiply_add(r, square, Vector(-1.68282697438203e-03f));
  r = multiply_add(r, square, Vector(-7.37332916720468e-03f));
  r = multiply_add(r, square, Vector(-1.42647390514189e-02f));
  const Vector half = x * 0.5f;
  return multiply_add(half * q * p, reciprocal(r), half);
}

// ---- Transposition ----------------------------------------------------------------------------

/// Exchanges the off-diagonal quarters of all squares of 2 * step rows and columns.
template <int step, int... lane>
CKERNELS_INLINE void exchange(Vector *rows, std::integer_sequence<int, lane...>) {
#pragma clang loop unroll(full)
  for (int row = 0; row < LANES; ++row) {
    if (row & step) continue;
    const Vector upper = rows[row];
    const Vector lower = rows[row + step];
    rows[row] = __builtin_shufflevector(
        upper, lower, ((lane & step) ? LANES + lane - step : lane)...);
    rows[row + step] = __builtin_shufflevector(
        upper, lower, ((lane & step) ? LANES + lane : lane + step)...);
  }
}

/// Transposes a square of LANES rows.
CKERNELS_INLINE void transpose(Vector *rows) {
  constexpr auto lanes = std::make_integer_sequence<int, LANES>();
  if constexpr (LANES == 16) exchange<8>(rows, lanes);
  exchange<4>(rows, lanes);
  exchange<2>(rows, lanes);
  exchange<1>(rows, lanes);
}

/// Transposes a square in memory.
static inline void transpose(const float *from, int64_t from_step, float *to, int64_t to_step) {
  Vector rows[LANES];
#pragma clang loop unroll(full)
  for (int row = 0; row < LANES; ++row) rows[row] = load(from + row * from_step);
  transpose(rows);
#pragma clang loop unroll(full)
  for (int row = 0; row < LANES; ++row) store(to + row * to_step, rows[row]);
}
