// SPDX-License-Identifier: Apache-2.0

#include "cbyteorder.h"

#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#define VECTORIZED __attribute__((target_clones("avx512bw", "avx2", "default")))
#else
#define VECTORIZED
#endif

// As many bytes as this are a part of columns that no cache will keep until they are used. They are
// stored past the caches, which need not fetch the memory first then.
static const size_t many_bytes = 24 << 10;

#define SWAP(bits)                                                                           \
  typedef uint##bits##_t line##bits __attribute__((vector_size(64)));                        \
                                                                                             \
  __attribute__((always_inline)) static inline void swap_some##bits(                         \
      const char *source, char *target, size_t count) {                                      \
    for (size_t index = 0; index < count; ++index) {                                         \
      uint##bits##_t word;                                                                   \
      memcpy(&word, source + index * sizeof word, sizeof word);                              \
      word = __builtin_bswap##bits(word);                                                    \
      memcpy(target + index * sizeof word, &word, sizeof word);                              \
    }                                                                                        \
  }                                                                                          \
                                                                                             \
  VECTORIZED void cbyteorder_swap##bits(const void *source, void *target, size_t count) {    \
    const size_t width = bits / 8;                                                           \
    const size_t per_line = 64 / width;                                                      \
    const char *from = source;                                                               \
    char *to = target;                                                                       \
    const uintptr_t misplaced = (uintptr_t)to % 64;                                          \
    if (count < many_bytes / width || misplaced % width != 0)                                \
      return swap_some##bits(from, to, count);                                               \
    size_t index = (64 - misplaced) % 64 / width;                                            \
    swap_some##bits(from, to, index);                                                        \
    for (; index + per_line <= count; index += per_line) {                                   \
      line##bits line;                                                                       \
      swap_some##bits(from + index * width, (char *)&line, per_line);                        \
      __builtin_nontemporal_store(line, (line##bits *)(to + index * width));                 \
    }                                                                                        \
    swap_some##bits(from + index * width, to + index * width, count - index);                \
    /* Such stores keep no order with others: a thread that is told of the values has to see */\
    /* them. */                                                                              \
    __atomic_thread_fence(__ATOMIC_SEQ_CST);                                                 \
  }

SWAP(16)
SWAP(32)
SWAP(64)

VECTORIZED void cbyteorder_positions(
    const void *stored, int32_t *target, size_t count, int32_t origin) {
  for (size_t index = 0; index < count; ++index) {
    uint32_t word;
    memcpy(&word, (const char *)stored + index * sizeof word, sizeof word);
    target[index] = (int32_t)(__builtin_bswap32(word) - (uint32_t)origin);
  }
}

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
