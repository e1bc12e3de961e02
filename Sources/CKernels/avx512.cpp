// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX-512: vectors of 16, 32 registers.

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels.hpp"
#include "pieces.hpp"

#define LANES 16
#define ROWS 14

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma"))), apply_to = function)

namespace ckernels::avx512 {

#include "parts.hpp"

}  // namespace ckernels::avx512

#pragma clang attribute pop

namespace ckernels {

const ckernels_kernels avx512_kernels = {
    "avx512", LANES, avx512::TOKENS, avx512::saved_count, avx512::forward, avx512::backward,
    avx512::pair_bias_forward, avx512::pair_bias_backward};

}  // namespace ckernels

#endif
