// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX-512 with FP16: those for AVX-512, but scoring in half precision.

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
    __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx512fp16,avx2,fma"))), \
    apply_to = function)

namespace ckernels::avx512fp16 {

#include "parts.hpp"
#include "float16.hpp"
#include "pairs.hpp"
#include "half.hpp"

}  // namespace ckernels::avx512fp16

#pragma clang attribute pop

namespace ckernels {

const ckernels_kernels avx512fp16_kernels = {
    "avx512fp16",
    LANES,
    avx512fp16::TOKENS,
    avx512fp16::saved_count,
    avx512fp16::half_forward,
    avx512fp16::backward,
    avx512fp16::pair_bias_forward,
    avx512fp16::pair_bias_backward};

}  // namespace ckernels

#endif
