// SPDX-License-Identifier: Apache-2.0

#include "cbyteorder.h"

#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#define VECTORIZED __attribute__((target_clones("avx512bw", "avx2", "default")))
#else
#define VECTORIZED
#endif

#define SWAP(bits)                                                                           \
  VECTORIZED void cbyteorder_swap##bits(const void *source, void *target, size_t count) {    \
    for (size_t index = 0; index < count; ++index) {                                         \
      uint##bits##_t word;                                                                   \
      memcpy(&word, (const char *)source + index * sizeof word, sizeof word);                \
      word = __builtin_bswap##bits(word);                                                    \
      memcpy((char *)target + index * sizeof word, &word, sizeof word);                      \
    }                                                                                        \
  }

SWAP(16)
SWAP(32)
SWAP(64)

VECTORIZED int cbyteorder_positions_are(
    const void *positions, const int64_t *offsets, size_t count, int64_t origin, int shift) {
  if (count == 0) return 1;
  const int64_t first = offsets[0];
  int64_t difference = 0;
  for (size_t index = 0; index < count; ++index) {
    uint32_t word;
    memcpy(&word, (const char *)positions + index * sizeof word, sizeof word);
    const int64_t position = (int32_t)__builtin_bswap32(word);
    difference |= (position - origin) ^ (int64_t)((uint64_t)(offsets[index] - first) << shift);
  }
  return difference == 0;
}
