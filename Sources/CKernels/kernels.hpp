// SPDX-License-Identifier: Apache-2.0

// The kernels of each set of instructions.

#pragma once

#include "ckernels.h"

/// The functions of ckernels.h for one set of instructions.
struct ckernels_kernels {
  const char *name;
  /// Length of a vector.
  int lanes;
  /// Most tokens of an event.
  int64_t most_tokens;
  size_t (*saved_count)(const ckernels_encoder &);
  bool (*forward)(
      const ckernels_encoder &, const float *const *, const float *, const float *, float *,
      float *);
  bool (*backward)(
      const ckernels_encoder &, const float *const *, const float *, const float *, float *,
      float *, float *const *, float *);
  bool (*pair_bias_forward)(const ckernels_pair_bias &, const float *const *, float *);
  bool (*pair_bias_backward)(
      const ckernels_pair_bias &, const float *const *, const float *, float *const *);
};

#if defined(__x86_64__)
namespace ckernels {
extern const ckernels_kernels avx512_kernels;
extern const ckernels_kernels avx512fp16_kernels;
extern const ckernels_kernels avx512bf16_kernels;
extern const ckernels_kernels avx512vnni_kernels;
extern const ckernels_kernels avx2_kernels;
}  // namespace ckernels
#endif
