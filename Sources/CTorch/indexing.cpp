// SPDX-License-Identifier: Apache-2.0

// Elements chosen by indices and masks.

#include "ctorch_operations.h"
#include "support.hpp"

using namespace ctorch;

extern "C" {

ctorch_status ctorch_index_select(
    const ctorch_tensor *tensor, ctorch_index dimension, const ctorch_tensor *indices,
    ctorch_tensor **result) {
  return guarded_tensor(
      result, [&] { return tensor->value.index_select(dimension, indices->value); });
}

ctorch_status ctorch_gather(
    const ctorch_tensor *tensor, ctorch_index dimension, const ctorch_tensor *indices,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.gather(dimension, indices->value); });
}

ctorch_status ctorch_index_add(
    const ctorch_tensor *tensor, ctorch_index dimension, const ctorch_tensor *indices,
    const ctorch_tensor *source, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return tensor->value.index_add(dimension, indices->value, source->value);
  });
}

ctorch_status ctorch_scatter_add(
    const ctorch_tensor *tensor, ctorch_index dimension, const ctorch_tensor *indices,
    const ctorch_tensor *source, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return tensor->value.scatter_add(dimension, indices->value, source->value);
  });
}

ctorch_status ctorch_masked_select(
    const ctorch_tensor *tensor, const ctorch_tensor *mask, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.masked_select(mask->value); });
}

ctorch_status ctorch_nonzero(const ctorch_tensor *tensor, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.nonzero(); });
}

ctorch_status ctorch_repeat_interleave(
    const ctorch_tensor *tensor, const ctorch_tensor *repeats, ctorch_index dimension,
    ctorch_tensor **result) {
  return guarded_tensor(
      result, [&] { return tensor->value.repeat_interleave(repeats->value, dimension); });
}

}  // extern "C"
