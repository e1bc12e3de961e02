// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX-512 with BF16: scoring in bfloat16.

#define KERNELS avx512bf16
#define TARGET "avx512bf16"
#define NUMBERS "bfloat16.hpp"

#include "half_precision.hpp"
