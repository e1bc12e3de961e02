// SPDX-License-Identifier: Apache-2.0

// The kernels for AVX-512 with VNNI: scoring in integers of 16 bits.

#define KERNELS avx512vnni
#define TARGET "avx512vnni"
#define NUMBERS "int16.hpp"

#include "half_precision.hpp"
