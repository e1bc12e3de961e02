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
typedef struct ctorch_pending ctorch_pending;

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

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
