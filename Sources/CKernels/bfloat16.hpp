// SPDX-License-Identifier: Apache-2.0

// Pairs of bfloat16, for `pairs.hpp`: 8 bits, and numbers as large as those of float32.
//
// The products of both of a pair are added in float32.

using PairSums = Vector;

constexpr float LARGEST = 0;
constexpr int64_t DEPTH = int64_t(1) << 32;

CKERNELS_INLINE void store_pairs(Pair *to, Vector first, Vector second) {
  using Bits = uint16_t __attribute__((ext_vector_type(LANES)));
  const auto bits = [](Vector value) {
    return __builtin_convertvector(
        __builtin_bit_cast(Bits, _mm512_cvtneps_pbh(__builtin_bit_cast(__m512, value))),
        PairVector);
  };
  const PairVector pairs = bits(first) | bits(second) << 16;
  __builtin_memcpy(to, &pairs, sizeof pairs);
}

CKERNELS_INLINE PairSums add_products(PairSums sums, PairVector a, PairVector b) {
  return __builtin_bit_cast(
      Vector, _mm512_dpbf16_ps(
                  __builtin_bit_cast(__m512, sums), __builtin_bit_cast(__m512bh, a),
                  __builtin_bit_cast(__m512bh, b)));
}

CKERNELS_INLINE Vector float_sums(PairSums sums) { return sums; }
