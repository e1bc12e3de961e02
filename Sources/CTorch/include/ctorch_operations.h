// SPDX-License-Identifier: Apache-2.0

// Operations on elements, shapes and indices. The conventions are those of `ctorch.h`.

#pragma once

#include "ctorch.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

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

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
