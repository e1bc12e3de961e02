// SPDX-License-Identifier: Apache-2.0

// Pairs of 16-bit integers, for `pairs.hpp`: multiples of 1 / 4095 of the largest magnitude of a
// weight's row, or of a token's features.
//
// The products of both of a pair are added in 32 bits: 128 of them fit, since 128 * 4095^2 < 2^31.

using PairSums = IntVector;

constexpr float LARGEST = 4095;
constexpr int64_t DEPTH = 64;

/// The values are within LARGEST.
CKERNELS_INLINE void store_pairs(Pair *to, Vector first, Vector second) {
  const auto rounded = [](Vector value) {
    return __builtin_bit_cast(
        PairVector, _mm512_cvtps_epi32(__builtin_bit_cast(__m512, value)));
  };
  const PairVector pairs = (rounded(first) & 0xffff) | rounded(second) << 16;
  __builtin_memcpy(to, &pairs, sizeof pairs);
}

CKERNELS_INLINE PairSums add_products(PairSums sums, PairVector a, PairVector b) {
  return __builtin_bit_cast(
      PairSums, _mm512_dpwssd_epi32(
                    __builtin_bit_cast(__m512i, sums), __builtin_bit_cast(__m512i, a),
                    __builtin_bit_cast(__m512i, b)));
}

CKERNELS_INLINE Vector float_sums(PairSums sums) { return __builtin_convertvector(sums, Vector); }
