// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX-512, but scoring in numbers of 16 bits.
//
// Included once for each kind of number, with
//
//     KERNELS   the name of the kernels, and of their namespace
//     TARGET    the set of instructions beside AVX-512's, as a string
//     NUMBERS   the file that says what a pair of numbers is

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

#define CKERNELS_TEXT(name) #name
#define CKERNELS_NAME(name) CKERNELS_TEXT(name)
#define CKERNELS_TABLE(name) name##_kernels
#define CKERNELS_TABLE_OF(name) CKERNELS_TABLE(name)

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma," TARGET))), \
    apply_to = function)

namespace ckernels::KERNELS {

#include "parts.hpp"
#include NUMBERS
#include "pairs.hpp"
#include "half.hpp"

}  // namespace ckernels::KERNELS

#pragma clang attribute pop

namespace ckernels {

const ckernels_kernels CKERNELS_TABLE_OF(KERNELS) = {
    CKERNELS_NAME(KERNELS),     LANES,
    KERNELS::TOKENS,            KERNELS::saved_count,
    KERNELS::half_forward,      KERNELS::backward,
    KERNELS::pair_bias_forward, KERNELS::pair_bias_backward};

}  // namespace ckernels

#endif
