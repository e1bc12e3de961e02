// SPDX-License-Identifier: Apache-2.0

// The choice of kernels by what the processor can do.

#include <cstring>

#include "kernels.hpp"

extern "C" {

const ckernels_kernels *ckernels_named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_avx512 =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("fma");
  if (strcmp(name, "avx512") == 0 && has_avx512) return &ckernels::avx512_kernels;
  if (strcmp(name, "avx512fp16") == 0 && has_avx512 && __builtin_cpu_supports("avx512fp16"))
    return &ckernels::avx512fp16_kernels;
  if (strcmp(name, "avx512bf16") == 0 && has_avx512 && __builtin_cpu_supports("avx512bf16"))
    return &ckernels::avx512bf16_kernels;
  if (strcmp(name, "avx512vnni") == 0 && has_avx512 && __builtin_cpu_supports("avx512vnni"))
    return &ckernels::avx512vnni_kernels;
  if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") &&
      __builtin_cpu_supports("fma"))
    return &ckernels::avx2_kernels;
#endif
  return nullptr;
}

const char *ckernels_name(const ckernels_kernels *kernels) { return kernels->name; }

bool ckernels_supports(
    const ckernels_kernels *kernels, int64_t width, int64_t inner,
    int64_t most_tokens_of_an_event) {
  return width % kernels->lanes == 0 && inner % kernels->lanes == 0 &&
         most_tokens_of_an_event <= kernels->most_tokens;
}

size_t ckernels_saved_count(const ckernels_encoder *encoder) {
  return encoder->kernels->saved_count(*encoder);
}

bool ckernels_encoder_forward(
    const ckernels_encoder *encoder, const float *const *parameters, const float *event_tokens,
    const float *object_tokens, float *output, float *saved) {
  return encoder->kernels->forward(
      *encoder, parameters, event_tokens, object_tokens, output, saved);
}

bool ckernels_encoder_backward(
    const ckernels_encoder *encoder, const float *const *parameters, const float *saved,
    const float *output_gradient, float *event_gradient, float *object_gradient,
    float *const *parameter_gradients, float *bias_gradient) {
  return encoder->kernels->backward(
      *encoder, parameters, saved, output_gradient, event_gradient, object_gradient,
      parameter_gradients, bias_gradient);
}

bool ckernels_pair_bias_forward(
    const ckernels_pair_bias *bias, const float *const *parameters, float *output) {
  return bias->kernels->pair_bias_forward(*bias, parameters, output);
}

bool ckernels_pair_bias_backward(
    const ckernels_pair_bias *bias, const float *const *parameters, const float *output_gradient,
    float *const *parameter_gradients) {
  return bias->kernels->pair_bias_backward(
      *bias, parameters, output_gradient, parameter_gradients);
}

}  // extern "C"
