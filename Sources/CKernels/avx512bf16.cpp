// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX-512 with BF16: those for AVX-512, but scoring in bfloat16.

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
    __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx512bf16,avx2,fma"))), \
    apply_to = function)

namespace ckernels::avx512bf16 {

#include "parts.hpp"
#include "bfloat16.hpp"
#include "pairs.hpp"
#include "half.hpp"

}  // namespace ckernels::avx512bf16

#pragma clang attribute pop

namespace ckernels {

const ckernels_kernels avx512bf16_kernels = {
    "avx512bf16",
    LANES,
    avx512bf16::TOKENS,
    avx512bf16::saved_count,
    avx512bf16::half_forward,
    avx512bf16::backward,
    avx512bf16::pair_bias_forward,
    avx512bf16::pair_bias_backward};

}  // namespace ckernels

#endif
