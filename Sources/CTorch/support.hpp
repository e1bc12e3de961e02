// SPDX-License-Identifier: Apache-2.0

// What every file of the shim shares: handles, and the border that no exception crosses.

#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <optional>
#include <utility>
#include <vector>

#include "ctorch.h"

struct ctorch_tensor {
  at::Tensor value;
};

struct ctorch_generator {
  at::Generator value;
};

namespace ctorch {

/// Whether memory ran out in the error scope of this thread.
bool must_skip() noexcept;

/// Stores the words of the exception in flight and tells what kind it is.
ctorch_status record_current_exception() noexcept;

/// Runs the body of a C function; its exceptions become a status.
template <class Body>
ctorch_status guarded(Body &&body) noexcept {
  if (must_skip()) return CTORCH_SKIPPED;
  try {
    body();
    return CTORCH_OK;
  } catch (...) {
    return record_current_exception();
  }
}

/// Makes a handle that owns the tensor.
ctorch_tensor *wrap(at::Tensor tensor);

/// Runs a body that returns a tensor, and gives that out.
template <class Body>
ctorch_status guarded_tensor(ctorch_tensor **result, Body &&body) noexcept {
  return guarded([&] { *result = wrap(body()); });
}

at::ScalarType scalar_type(ctorch_dtype dtype);
at::Device device(ctorch_device device);

inline at::TensorOptions options(ctorch_dtype dtype, ctorch_device where) {
  return at::TensorOptions().dtype(scalar_type(dtype)).device(device(where));
}

inline at::Scalar scalar(ctorch_scalar value) {
  return value.is_integer ? at::Scalar(value.integer) : at::Scalar(value.real);
}

inline at::IntArrayRef sizes(const ctorch_index *values, ctorch_index count) {
  return at::IntArrayRef(values, static_cast<size_t>(count));
}

inline std::optional<at::Tensor> optional(const ctorch_tensor *tensor) {
  return tensor ? std::optional<at::Tensor>(tensor->value) : std::nullopt;
}

inline std::vector<at::Tensor> list(ctorch_tensor *const *tensors, size_t count) {
  std::vector<at::Tensor> values;
  values.reserve(count);
  for (size_t index = 0; index < count; ++index) values.push_back(tensors[index]->value);
  return values;
}

}  // namespace ctorch
