// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX2 with FMA: vectors of 8, 16 registers.

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels.hpp"
#include "pieces.hpp"

#define LANES 8
#define ROWS 6

#pragma clang attribute push( \
    __attribute__((target("avx2,fma"))), apply_to = function)

namespace ckernels::avx2 {

#include "parts.hpp"

}  // namespace ckernels::avx2

#pragma clang attribute pop

namespace ckernels {

const ckernels_kernels avx2_kernels = {
    "avx2", LANES, avx2::TOKENS, avx2::saved_count, avx2::forward, avx2::backward,
    avx2::pair_bias_forward, avx2::pair_bias_backward};

}  // namespace ckernels

#endif
