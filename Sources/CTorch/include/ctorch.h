// SPDX-License-Identifier: Apache-2.0

// A C interface to the part of LibTorch that `Torch` uses.
//
// Conventions, for every function:
//  - Handles are opaque. A function that gives a handle out passes its ownership to the caller,
//    who ends it with the matching `_free`; handles that are passed in are only borrowed.
//  - A function that can fail returns a `ctorch_status`; its results come through the last
//    pointers and are written only with CTORCH_OK. No C++ exception leaves a function.
//  - After any other status `ctorch_error_message` holds LibTorch's own words, for the thread.
//  - `dimension` counts from 0; a negative one counts from the end.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

// ---- Types ----------------------------------------------------------------------------------

typedef struct ctorch_tensor ctorch_tensor;
typedef struct ctorch_generator ctorch_generator;

/// A size, a position or a count; the type that Swift calls `Int`.
typedef ptrdiff_t ctorch_index;

typedef enum ctorch_status {
  CTORCH_OK = 0,
  /// The device, or the machine, has no memory left.
  CTORCH_OUT_OF_MEMORY = 1,
  /// LibTorch refused: shapes, types or arguments do not fit.
  CTORCH_FAILED = 2,
  /// Nothing was done, because memory ran out earlier in this thread's error scope.
  CTORCH_SKIPPED = 3,
} ctorch_status;

typedef enum ctorch_dtype {
  CTORCH_FLOAT32,
  CTORCH_FLOAT64,
  CTORCH_FLOAT16,
  CTORCH_BFLOAT16,
  CTORCH_INT64,
  CTORCH_INT32,
  CTORCH_INT16,
  CTORCH_UINT8,
  CTORCH_BOOL,
  /// Any type of LibTorch that is not in this list.
  CTORCH_OTHER_DTYPE,
} ctorch_dtype;

typedef enum ctorch_device_type { CTORCH_CPU, CTORCH_CUDA, CTORCH_OTHER_DEVICE } ctorch_device_type;

typedef struct ctorch_device {
  ctorch_device_type type;
  int32_t index;
} ctorch_device;

typedef struct ctorch_scalar {
  bool is_integer;
  int64_t integer;
  double real;
} ctorch_scalar;

// ---- Errors ---------------------------------------------------------------------------------

/// The words of the thread's last failure; valid until its next one.
const char *ctorch_error_message(void);

/// Opens an error scope on this thread: from the first failure for want of memory to the end of
/// the scope every call is skipped.
void ctorch_error_scope_begin(void);

/// Whether memory ran out in this thread's error scope.
bool ctorch_error_is_pending(void);

/// Replaces the words of the thread's last failure by better ones.
void ctorch_error_describe(const char *message);

/// Closes the innermost error scope and tells whether memory ran out since it was opened.
bool ctorch_error_scope_end(void);

// ---- Tensors --------------------------------------------------------------------------------

void ctorch_tensor_free(ctorch_tensor *tensor);

/// The number of tensor handles that exist, over all threads.
ctorch_index ctorch_tensor_live_count(void);

/// An empty tensor that stands for the result of a call that was skipped.
ctorch_tensor *ctorch_tensor_placeholder(void);

ctorch_index ctorch_tensor_rank(const ctorch_tensor *tensor);
void ctorch_tensor_sizes(const ctorch_tensor *tensor, ctorch_index *sizes);
ctorch_index ctorch_tensor_element_count(const ctorch_tensor *tensor);
ctorch_dtype ctorch_tensor_dtype(const ctorch_tensor *tensor);
ctorch_device ctorch_tensor_device(const ctorch_tensor *tensor);

/// Copies `byte_count` bytes in row-major order into a new tensor.
ctorch_status ctorch_tensor_from_bytes(
    const void *_Nullable bytes, size_t byte_count, ctorch_dtype dtype, const ctorch_index *sizes,
    ctorch_index rank, ctorch_device device, ctorch_tensor *_Nullable *_Nonnull result);

/// Converts to `dtype` and copies in row-major order; `byte_count` must be the exact size.
ctorch_status ctorch_tensor_to_bytes(
    const ctorch_tensor *tensor, ctorch_dtype dtype, void *_Nullable bytes, size_t byte_count);

/// The only element of a tensor, as a double.
ctorch_status ctorch_tensor_item(const ctorch_tensor *tensor, double *result);

ctorch_status ctorch_full(
    const ctorch_index *sizes, ctorch_index rank, ctorch_scalar value, ctorch_dtype dtype,
    ctorch_device device, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_arange(
    ctorch_index count, ctorch_dtype dtype, ctorch_device device,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_to_device(
    const ctorch_tensor *tensor, ctorch_device device, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_to_dtype(
    const ctorch_tensor *tensor, ctorch_dtype dtype, ctorch_tensor *_Nullable *_Nonnull result);

/// Writes `source` into `tensor`, in place, outside of the graph of gradients.
ctorch_status ctorch_copy(ctorch_tensor *tensor, const ctorch_tensor *source);
ctorch_status ctorch_concatenate(
    ctorch_tensor *const _Nonnull *_Nullable tensors, size_t count, ctorch_index dimension,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_stack(
    ctorch_tensor *const _Nonnull *_Nullable tensors, size_t count, ctorch_index dimension,
    ctorch_tensor *_Nullable *_Nonnull result);

// ---- Element by element ---------------------------------------------------------------------

typedef enum ctorch_unary_operation {
  CTORCH_NEGATE,
  CTORCH_EXP,
  CTORCH_EXPM1,
  CTORCH_LOG,
  CTORCH_LOG1P,
  CTORCH_SQRT,
  CTORCH_RSQRT,
  CTORCH_RECIPROCAL,
  CTORCH_SQUARE,
  CTORCH_ABS,
  CTORCH_SIGN,
  CTORCH_FLOOR,
  CTORCH_ROUND,
  CTORCH_SIN,
  CTORCH_COS,
  CTORCH_SINH,
  CTORCH_COSH,
  CTORCH_TANH,
  CTORCH_ASINH,
  CTORCH_ATANH,
  CTORCH_SIGMOID,
  CTORCH_LOG_SIGMOID,
  CTORCH_SOFTPLUS,
  CTORCH_RELU,
  CTORCH_GELU,
  CTORCH_SILU,
  CTORCH_LOGICAL_NOT,
  CTORCH_IS_NAN,
  CTORCH_IS_FINITE,
} ctorch_unary_operation;

typedef enum ctorch_binary_operation {
  CTORCH_ADD,
  CTORCH_SUBTRACT,
  CTORCH_MULTIPLY,
  CTORCH_DIVIDE,
  CTORCH_POWER,
  CTORCH_REMAINDER,
  CTORCH_EQUAL,
  CTORCH_NOT_EQUAL,
  CTORCH_LESS,
  CTORCH_LESS_EQUAL,
  CTORCH_GREATER,
  CTORCH_GREATER_EQUAL,
  // These three take two tensors only.
  CTORCH_MAXIMUM,
  CTORCH_MINIMUM,
  CTORCH_ATAN2,
  CTORCH_LOGICAL_AND,
  CTORCH_LOGICAL_OR,
} ctorch_binary_operation;

ctorch_status ctorch_unary(
    ctorch_unary_operation operation, const ctorch_tensor *tensor,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_binary(
    ctorch_binary_operation operation, const ctorch_tensor *left, const ctorch_tensor *right,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_binary_tensor_scalar(
    ctorch_binary_operation operation, const ctorch_tensor *left, ctorch_scalar right,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_binary_scalar_tensor(
    ctorch_binary_operation operation, ctorch_scalar left, const ctorch_tensor *right,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_clamp(
    const ctorch_tensor *tensor, const ctorch_scalar *_Nullable minimum,
    const ctorch_scalar *_Nullable maximum, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_where(
    const ctorch_tensor *condition, const ctorch_tensor *first, const ctorch_tensor *second,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_masked_fill(
    const ctorch_tensor *tensor, const ctorch_tensor *mask, ctorch_scalar value,
    ctorch_tensor *_Nullable *_Nonnull result);

// ---- Reductions -----------------------------------------------------------------------------

typedef enum ctorch_reduction_operation {
  CTORCH_SUM,
  CTORCH_MEAN,
  CTORCH_MAX,
  CTORCH_MIN,
  CTORCH_ANY,
  CTORCH_ALL,
  CTORCH_LOG_SUM_EXP,
  CTORCH_NORM,
} ctorch_reduction_operation;

/// Reduces over the named dimensions, or over all of them where `dimensions` is NULL.
ctorch_status ctorch_reduce(
    ctorch_reduction_operation operation, const ctorch_tensor *tensor,
    const ctorch_index *_Nullable dimensions, ctorch_index count, bool keeps_dimensions,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_variance(
    const ctorch_tensor *tensor, const ctorch_index *_Nullable dimensions, ctorch_index count,
    double correction, bool keeps_dimensions, ctorch_tensor *_Nullable *_Nonnull result);

/// The largest (or smallest) values along one dimension, and where they are.
ctorch_status ctorch_extremum(
    const ctorch_tensor *tensor, bool is_maximum, ctorch_index dimension, bool keeps_dimension,
    ctorch_tensor *_Nullable *_Nonnull values, ctorch_tensor *_Nullable *_Nonnull indices);
ctorch_status ctorch_cumulative_sum(
    const ctorch_tensor *tensor, ctorch_index dimension,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_argsort(
    const ctorch_tensor *tensor, ctorch_index dimension, bool is_descending,
    ctorch_tensor *_Nullable *_Nonnull result);

// ---- Shape ----------------------------------------------------------------------------------

ctorch_status ctorch_contiguous(
    const ctorch_tensor *tensor, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_clone(const ctorch_tensor *tensor, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_reshape(
    const ctorch_tensor *tensor, const ctorch_index *sizes, ctorch_index rank,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_expand(
    const ctorch_tensor *tensor, const ctorch_index *sizes, ctorch_index rank,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_permute(
    const ctorch_tensor *tensor, const ctorch_index *dimensions, ctorch_index count,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_flip(
    const ctorch_tensor *tensor, const ctorch_index *dimensions, ctorch_index count,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_transpose(
    const ctorch_tensor *tensor, ctorch_index first, ctorch_index second,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_unsqueeze(
    const ctorch_tensor *tensor, ctorch_index dimension,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_squeeze(
    const ctorch_tensor *tensor, ctorch_index dimension,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_flatten(
    const ctorch_tensor *tensor, ctorch_index first, ctorch_index last,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_narrow(
    const ctorch_tensor *tensor, ctorch_index dimension, ctorch_index start, ctorch_index length,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_select(
    const ctorch_tensor *tensor, ctorch_index dimension, ctorch_index index,
    ctorch_tensor *_Nullable *_Nonnull result);

/// Splits into `count` parts; `results` has room for as many.
ctorch_status ctorch_split(
    const ctorch_tensor *tensor, const ctorch_index *sizes, ctorch_index count,
    ctorch_index dimension, ctorch_tensor *_Nullable *_Nonnull results);

// ---- Indexing -------------------------------------------------------------------------------

ctorch_status ctorch_index_select(
    const ctorch_tensor *tensor, ctorch_index dimension, const ctorch_tensor *indices,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_gather(
    const ctorch_tensor *tensor, ctorch_index dimension, const ctorch_tensor *indices,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_index_add(
    const ctorch_tensor *tensor, ctorch_index dimension, const ctorch_tensor *indices,
    const ctorch_tensor *source, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_scatter_add(
    const ctorch_tensor *tensor, ctorch_index dimension, const ctorch_tensor *indices,
    const ctorch_tensor *source, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_masked_select(
    const ctorch_tensor *tensor, const ctorch_tensor *mask,
    ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_nonzero(
    const ctorch_tensor *tensor, ctorch_tensor *_Nullable *_Nonnull result);
ctorch_status ctorch_repeat_interleave(
    const ctorch_tensor *tensor, const ctorch_tensor *repeats, ctorch_index dimension,
    ctorch_tensor *_Nullable *_Nonnull result);

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
bool ctorch_set_gradient_mode(bool is_recording);

// ---- Optimizers -----------------------------------------------------------------------------

/// One AdamW step, in place, of parameters that share one device and one type.
ctorch_status ctorch_adamw_step(
    size_t count, ctorch_tensor *const _Nonnull *_Nonnull parameters,
    ctorch_tensor *const _Nonnull *_Nonnull first_moments,
    ctorch_tensor *const _Nonnull *_Nonnull second_moments,
    ctorch_tensor *const _Nonnull *_Nonnull steps, double learning_rate, double beta1,
    double beta2, double weight_decay, double epsilon);

/// The norm of all gradients together; they are scaled down in place if it is above `maximum`.
/// Parameters without a gradient do not count.
ctorch_status ctorch_clip_gradient_norm(
    size_t count, ctorch_tensor *const _Nonnull *_Nullable parameters, double maximum,
    double *norm);

/// averages += fraction * (values - averages), in place.
ctorch_status ctorch_interpolate(
    size_t count, ctorch_tensor *const _Nonnull *_Nonnull averages,
    ctorch_tensor *const _Nonnull *_Nonnull values, double fraction);

// ---- Devices, threads and random numbers ----------------------------------------------------

const char *ctorch_version(void);
bool ctorch_is_cuda_build(void);
ctorch_index ctorch_cuda_device_count(void);
void ctorch_set_thread_count(ctorch_index count);
ctorch_index ctorch_thread_count(void);

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
