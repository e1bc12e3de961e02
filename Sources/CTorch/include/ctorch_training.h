// SPDX-License-Identifier: Apache-2.0

// What trains a network: layers, gradients, optimizers, devices.
// The conventions are those of `ctorch.h`.

#pragma once

#include "ctorch.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

// ---- Linear algebra and networks ------------------------------------------------------------

typedef enum ctorch_loss_reduction {
  CTORCH_REDUCE_NONE,
  CTORCH_REDUCE_MEAN,
  CTORCH_REDUCE_SUM,
} ctorch_loss_reduction;

ctorch_status ctorch_matmul(
    const ctorch_tensor *left, const ctorch_tensor *right,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_bmm(
    const ctorch_tensor *left, const ctorch_tensor *right,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_linear(
    const ctorch_tensor *input, const ctorch_tensor *weight, const ctorch_tensor *_Nullable bias,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_softmax(
    const ctorch_tensor *tensor, ctorch_index dimension,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_log_softmax(
    const ctorch_tensor *tensor, ctorch_index dimension,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_layer_norm(
    const ctorch_tensor *input, ctorch_index width, const ctorch_tensor *_Nullable weight,
    const ctorch_tensor *_Nullable bias, double epsilon,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_embedding(
    const ctorch_tensor *weight, const ctorch_tensor *indices,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_attention(
    const ctorch_tensor *query, const ctorch_tensor *key, const ctorch_tensor *value,
    const ctorch_tensor *_Nullable mask, const double *_Nullable scale,
    ctorch_tensor *_Nullable *_Nonnull result);
/// The kernels of `CKernels` that the calling thread uses: "avx512", "avx2" or "none".
const char *ctorch_kernels_name(void);

/// Chooses kernels for the calling thread; false if the processor cannot run them.
bool ctorch_kernels_choose(const char *name);

/// Whether `ctorch_encoder` can run an encoder with the kernels in use.
bool ctorch_encoder_is_supported(
    ctorch_index width, ctorch_index inner, ctorch_index most_tokens_of_an_event);

/// Runs the encoder of `ckernels.h` on the tokens, whose events start at the offsets; the result
/// is for all tokens, or for the wanted ones. The bias, [heads, pairs], is that of `ckernels.h`
/// without slack.
ctorch_status ctorch_encoder(
    const ctorch_tensor *events, const ctorch_tensor *objects, const ctorch_tensor *offsets,
    const ctorch_tensor *_Nullable wanted, const ctorch_tensor *_Nullable bias,
    ctorch_index heads, double epsilon, size_t count, ctorch_tensor *const _Nonnull *_Nonnull parameters, ctorch_tensor *_Nullable *_Nonnull result);
/// Computes the bias of `ckernels.h`, [heads, pairs], from the features of pairs of objects and, if
/// there are any, of objects and their events; the parameters are those of a network for each.
ctorch_status ctorch_pair_bias(
    const ctorch_tensor *pairs, const ctorch_tensor *_Nullable references,
    const ctorch_tensor *offsets, size_t count,
    ctorch_tensor *const _Nonnull *_Nonnull parameters, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_dropout(
    const ctorch_tensor *tensor, double probability, ctorch_generator *generator,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_cross_entropy(
    const ctorch_tensor *logits, const ctorch_tensor *targets,
    const ctorch_tensor *_Nullable weight, ctorch_loss_reduction reduction, double smoothing,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_binary_cross_entropy_with_logits(
    const ctorch_tensor *logits, const ctorch_tensor *targets,
    const ctorch_tensor *_Nullable weight, const ctorch_tensor *_Nullable positive_weight,
    ctorch_loss_reduction reduction, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_mean_squared_error(
    const ctorch_tensor *input, const ctorch_tensor *target, ctorch_loss_reduction reduction,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_smooth_l1(
    const ctorch_tensor *input, const ctorch_tensor *target, double beta,
    ctorch_loss_reduction reduction, ctorch_tensor *_Nullable *_Nonnull result);

// ---- Precision ------------------------------------------------------------------------------

/// Whether the calling thread computes products of matrices on a kind of device in bfloat16.
bool ctorch_multiplies_bfloat16(ctorch_device device);
void ctorch_multiply_bfloat16(ctorch_device device, bool is_on);

// ---- Gradients ------------------------------------------------------------------------------

bool ctorch_requires_gradient(const ctorch_tensor *tensor);
ctorch_status ctorch_set_requires_gradient(ctorch_tensor *tensor, bool value);

/// The tensor's gradient, or NULL where it has none.
ctorch_status ctorch_gradient(
    const ctorch_tensor *tensor, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_set_gradient(
    ctorch_tensor *tensor, const ctorch_tensor *_Nullable gradient);
ctorch_status ctorch_detach(
    const ctorch_tensor *tensor, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_backward(
    const ctorch_tensor *tensor, const ctorch_tensor *_Nullable gradient);

/// Switches the recording of operations on this thread, and returns what it was.
/// Computes the derivatives of a scalar with respect to some tensors, and leaves those stored in
/// them alone; null for a tensor that the scalar does not depend on.
ctorch_status ctorch_gradients(
    const ctorch_tensor *scalar, size_t count, ctorch_tensor *const _Nonnull *_Nonnull tensors,
    ctorch_tensor *_Nullable *_Nonnull results);

/// Adds gradients to those stored in tensors; null adds nothing.
ctorch_status ctorch_add_gradients(
    size_t count, ctorch_tensor *const _Nonnull *_Nonnull tensors,
    ctorch_tensor *const _Nullable *_Nonnull gradients);

bool ctorch_set_gradient_mode(bool is_recording);

// ---- Optimizers -----------------------------------------------------------------------------

/// One AdamW step, in place, of parameters that share one device and one type.
/// Where `skip`, a float32 scalar on that device, is 1, everything stays as it is.
ctorch_status ctorch_adamw_step(
    size_t count, ctorch_tensor *const _Nonnull *_Nonnull parameters,
    ctorch_tensor *const _Nonnull *_Nonnull first_moments,
    ctorch_tensor *const _Nonnull *_Nonnull second_moments,
    ctorch_tensor *const _Nonnull *_Nonnull steps, double learning_rate, double beta1,
    double beta2, double weight_decay, double epsilon, const ctorch_tensor *_Nullable skip);

/// The norm of all gradients together; they are scaled down in place if it is above `maximum`.
/// Parameters without a gradient do not count.
ctorch_status ctorch_clip_gradient_norm(
    size_t count, ctorch_tensor *const _Nonnull *_Nullable parameters, double maximum,
    double *norm);

/// The same, without waiting for the device: the norm, a float64 scalar, stays there.
ctorch_status ctorch_clip_gradient_norm_on_device(
    size_t count, ctorch_tensor *const _Nonnull *_Nullable parameters, double maximum,
    ctorch_tensor *_Nullable *_Nonnull norm);

/// averages += fraction * (values - averages), in place.
ctorch_status ctorch_interpolate(
    size_t count, ctorch_tensor *const _Nonnull *_Nonnull averages,
    ctorch_tensor *const _Nonnull *_Nonnull values, double fraction);

// ---- Numbers on their way from a device ------------------------------------------------------

/// Begins to copy a tensor's elements to the host.
ctorch_status ctorch_pending_new(
    const ctorch_tensor *tensor, ctorch_pending *_Nullable *_Nonnull result);
/// Waits for the copy, and for nothing that the device was given after it.
ctorch_status ctorch_pending_values(
    const ctorch_pending *pending, double *_Nullable values, size_t count);
void ctorch_pending_free(ctorch_pending *pending);

// ---- Devices, threads and random numbers ----------------------------------------------------

const char *ctorch_version(void);
bool ctorch_is_cuda_build(void);
ctorch_index ctorch_cuda_device_count(void);
/// Lets the process keep the memory of freed tensors, to be used again. Not while others compute.
void ctorch_keep_freed_memory(void);
typedef struct {
  /// Blocks that came from the system.
  int64_t allocated;
  /// Blocks that a freed tensor had left.
  int64_t reused;
} ctorch_memory_counts;
/// How many tensors took memory so far; none before ctorch_keep_freed_memory.
ctorch_memory_counts ctorch_count_memory(void);

void ctorch_set_thread_count(ctorch_index count);
ctorch_index ctorch_thread_count(void);

/// Makes operations, over all threads, choose algorithms that repeat to the last bit, and fail
/// where there is none.
void ctorch_set_deterministic(bool value);
bool ctorch_is_deterministic(void);

ctorch_status ctorch_generator_new(
    ctorch_device device, uint64_t seed, ctorch_generator *_Nullable *_Nonnull result);
void ctorch_generator_free(ctorch_generator *generator);
ctorch_status ctorch_generator_state(
    ctorch_generator *generator, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_generator_set_state(ctorch_generator *generator, const ctorch_tensor *state);
ctorch_status ctorch_normal(
    const ctorch_index *sizes, ctorch_index rank, double mean, double standard_deviation,
    ctorch_generator *generator, ctorch_dtype dtype, ctorch_device device,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_uniform(
    const ctorch_index *sizes, ctorch_index rank, double lower, double upper,
    ctorch_generator *generator, ctorch_dtype dtype, ctorch_device device,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_permutation(
    ctorch_index count, ctorch_generator *generator, ctorch_device device,
    ctorch_tensor *_Nullable *_Nonnull result);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
