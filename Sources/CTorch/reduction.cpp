// SPDX-License-Identifier: Apache-2.0

// Reductions, running sums and orders.

#include <ATen/ops/linalg_vector_norm.h>

#include <numeric>

#include "ctorch_operations.h"
#include "support.hpp"

using namespace ctorch;

namespace {

at::OptionalIntArrayRef optional_sizes(const ctorch_index *values, ctorch_index count) {
  return values ? at::OptionalIntArrayRef(sizes(values, count)) : at::OptionalIntArrayRef();
}

at::Tensor reduce(
    ctorch_reduction_operation operation, const at::Tensor &x, const ctorch_index *dimensions,
    ctorch_index count, bool keeps) {
  // Two of LibTorch's reductions want their dimensions named even when they are all.
  std::vector<int64_t> all;
  if (!dimensions) {
    all.resize(x.dim());
    std::iota(all.begin(), all.end(), 0);
  }
  const auto some = optional_sizes(dimensions, count);
  const auto named = dimensions ? sizes(dimensions, count) : at::IntArrayRef(all);
  switch (operation) {
    case CTORCH_SUM: return x.sum(some, keeps);
    case CTORCH_MEAN: return x.mean(some, keeps);
    case CTORCH_MAX: return dimensions ? x.amax(named, keeps) : x.max();
    case CTORCH_MIN: return dimensions ? x.amin(named, keeps) : x.min();
    case CTORCH_ANY: return x.any(some, keeps);
    case CTORCH_ALL: return x.all(some, keeps);
    case CTORCH_LOG_SUM_EXP: return x.logsumexp(named, keeps);
    case CTORCH_NORM: return at::linalg_vector_norm(x, 2, some, keeps);
  }
  TORCH_CHECK(false, "there is no such reduction");
}

}  // namespace

extern "C" {

ctorch_status ctorch_reduce(
    ctorch_reduction_operation operation, const ctorch_tensor *tensor,
    const ctorch_index *dimensions, ctorch_index count, bool keeps_dimensions,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return reduce(operation, tensor->value, dimensions, count, keeps_dimensions);
  });
}

ctorch_status ctorch_variance(
    const ctorch_tensor *tensor, const ctorch_index *dimensions, ctorch_index count,
    double correction, bool keeps_dimensions, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return tensor->value.var(
        optional_sizes(dimensions, count), at::Scalar(correction), keeps_dimensions);
  });
}

ctorch_status ctorch_extremum(
    const ctorch_tensor *tensor, bool is_maximum, ctorch_index dimension, bool keeps_dimension,
    ctorch_tensor **values, ctorch_tensor **indices) {
  return guarded([&] {
    auto pair = is_maximum ? tensor->value.max(dimension, keeps_dimension)
                           : tensor->value.min(dimension, keeps_dimension);
    *values = wrap(std::move(std::get<0>(pair)));
    *indices = wrap(std::move(std::get<1>(pair)));
  });
}

ctorch_status ctorch_cumulative_sum(
    const ctorch_tensor *tensor, ctorch_index dimension, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.cumsum(dimension); });
}

ctorch_status ctorch_argsort(
    const ctorch_tensor *tensor, ctorch_index dimension, bool is_descending,
    ctorch_tensor **result) {
  return guarded_tensor(
      result, [&] { return tensor->value.argsort(/*stable=*/true, dimension, is_descending); });
}

}  // extern "C"
