// SPDX-License-Identifier: Apache-2.0

// Pairs of float16, for `pairs.hpp`: 11 bits, and numbers up to 65,504.
//
// The products are added in float16 too, those of the first and of the second of the pairs apart.

using PartVector = _Float16 __attribute__((ext_vector_type(LANES)));
using PairSums = _Float16 __attribute__((ext_vector_type(2 * LANES)));

constexpr float LARGEST = 0;
constexpr int64_t DEPTH = 64;

CKERNELS_INLINE void store_pairs(Pair *to, Vector first, Vector second) {
  using Bits = uint16_t __attribute__((ext_vector_type(LANES)));
  const auto bits = [](Vector value) {
    return __builtin_convertvector(
        __builtin_bit_cast(Bits, __builtin_convertvector(value, PartVector)), PairVector);
  };
  const PairVector pairs = bits(first) | bits(second) << 16;
  __builtin_memcpy(to, &pairs, sizeof pairs);
}

CKERNELS_INLINE PairSums add_products(PairSums sums, PairVector a, PairVector b) {
  return __builtin_elementwise_fma(
      __builtin_bit_cast(PairSums, a), __builtin_bit_cast(PairSums, b), sums);
}

CKERNELS_INLINE Vector float_sums(PairSums sums) {
  const auto part = [](PairSums halves, int shift) {
    using Bits = uint16_t __attribute__((ext_vector_type(LANES)));
    const PairVector pairs = __builtin_bit_cast(PairVector, halves) >> shift;
    return __builtin_convertvector(
        __builtin_bit_cast(PartVector, __builtin_convertvector(pairs, Bits)), Vector);
  };
  return part(sums, 0) + part(sums, 16);
}
