// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX-512 with FP16: scoring in float16.

#define KERNELS avx512fp16
#define TARGET "avx512fp16"
#define NUMBERS "float16.hpp"

#include "half_precision.hpp"
