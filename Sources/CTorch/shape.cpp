// SPDX-License-Identifier: Apache-2.0

// Shapes: views of the same elements, and copies in another order.

#include "ctorch_operations.h"
#include "support.hpp"

using namespace ctorch;

extern "C" {

ctorch_status ctorch_contiguous(const ctorch_tensor *tensor, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.contiguous(); });
}

ctorch_status ctorch_clone(const ctorch_tensor *tensor, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.clone(); });
}

ctorch_status ctorch_reshape(
    const ctorch_tensor *tensor, const ctorch_index *shape, ctorch_index rank,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.reshape(sizes(shape, rank)); });
}

ctorch_status ctorch_expand(
    const ctorch_tensor *tensor, const ctorch_index *shape, ctorch_index rank,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.expand(sizes(shape, rank)); });
}

ctorch_status ctorch_permute(
    const ctorch_tensor *tensor, const ctorch_index *dimensions, ctorch_index count,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.permute(sizes(dimensions, count)); });
}

ctorch_status ctorch_flip(
    const ctorch_tensor *tensor, const ctorch_index *dimensions, ctorch_index count,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.flip(sizes(dimensions, count)); });
}

ctorch_status ctorch_transpose(
    const ctorch_tensor *tensor, ctorch_index first, ctorch_index second,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.transpose(first, second); });
}

ctorch_status ctorch_unsqueeze(
    const ctorch_tensor *tensor, ctorch_index dimension, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.unsqueeze(dimension); });
}

ctorch_status ctorch_squeeze(
    const ctorch_tensor *tensor, ctorch_index dimension, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    // LibTorch leaves a longer dimension as it is without a word.
    TORCH_CHECK(
        tensor->value.size(dimension) == 1, "dimension ", dimension, " has the length ",
        tensor->value.size(dimension), ", not 1");
    return tensor->value.squeeze(dimension);
  });
}

ctorch_status ctorch_flatten(
    const ctorch_tensor *tensor, ctorch_index first, ctorch_index last, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.flatten(first, last); });
}

ctorch_status ctorch_narrow(
    const ctorch_tensor *tensor, ctorch_index dimension, ctorch_index start, ctorch_index length,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return tensor->value.narrow(
        dimension, static_cast<int64_t>(start), static_cast<int64_t>(length));
  });
}

ctorch_status ctorch_select(
    const ctorch_tensor *tensor, ctorch_index dimension, ctorch_index index,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.select(dimension, index); });
}

ctorch_status ctorch_split(
    const ctorch_tensor *tensor, const ctorch_index *lengths, ctorch_index count,
    ctorch_index dimension, ctorch_tensor **results) {
  return guarded([&] {
    auto parts = tensor->value.split_with_sizes(sizes(lengths, count), dimension);
    for (auto &part : parts) *results++ = wrap(std::move(part));
  });
}

}  // extern "C"
