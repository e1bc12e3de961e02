// SPDX-License-Identifier: Apache-2.0

// Tensors: handles, properties, creation, copies.

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include <atomic>
#include <cstring>

#include "support.hpp"

using namespace ctorch;

namespace {

std::atomic<ctorch_index> live_count{0};

}  // namespace

ctorch_tensor *ctorch::wrap(at::Tensor tensor) {
  auto *handle = new ctorch_tensor{std::move(tensor)};
  live_count.fetch_add(1, std::memory_order_relaxed);
  return handle;
}

at::ScalarType ctorch::scalar_type(ctorch_dtype dtype) {
  switch (dtype) {
    case CTORCH_FLOAT32: return at::kFloat;
    case CTORCH_FLOAT64: return at::kDouble;
    case CTORCH_FLOAT16: return at::kHalf;
    case CTORCH_BFLOAT16: return at::kBFloat16;
    case CTORCH_INT64: return at::kLong;
    case CTORCH_INT32: return at::kInt;
    case CTORCH_INT16: return at::kShort;
    case CTORCH_UINT8: return at::kByte;
    case CTORCH_BOOL: return at::kBool;
    case CTORCH_OTHER_DTYPE: break;
  }
  TORCH_CHECK(false, "there is no such type of elements");
}

at::Device ctorch::device(ctorch_device device) {
  TORCH_CHECK(device.type != CTORCH_OTHER_DEVICE, "there is no such type of device");
  return device.type == CTORCH_CPU
             ? at::Device(at::kCPU)
             : at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
}

extern "C" {

void ctorch_tensor_free(ctorch_tensor *tensor) {
  delete tensor;
  live_count.fetch_sub(1, std::memory_order_relaxed);
}

ctorch_index ctorch_tensor_live_count(void) { return live_count.load(std::memory_order_relaxed); }

ctorch_tensor *ctorch_tensor_placeholder(void) {
  static const at::Tensor empty = at::empty({0});
  return wrap(empty);
}

ctorch_index ctorch_tensor_rank(const ctorch_tensor *tensor) { return tensor->value.dim(); }

void ctorch_tensor_sizes(const ctorch_tensor *tensor, ctorch_index *sizes) {
  for (auto size : tensor->value.sizes()) *sizes++ = size;
}

ctorch_index ctorch_tensor_element_count(const ctorch_tensor *tensor) {
  return tensor->value.numel();
}

ctorch_dtype ctorch_tensor_dtype(const ctorch_tensor *tensor) {
  switch (tensor->value.scalar_type()) {
    case at::kFloat: return CTORCH_FLOAT32;
    case at::kDouble: return CTORCH_FLOAT64;
    case at::kHalf: return CTORCH_FLOAT16;
    case at::kBFloat16: return CTORCH_BFLOAT16;
    case at::kLong: return CTORCH_INT64;
    case at::kInt: return CTORCH_INT32;
    case at::kShort: return CTORCH_INT16;
    case at::kByte: return CTORCH_UINT8;
    case at::kBool: return CTORCH_BOOL;
    default: return CTORCH_OTHER_DTYPE;
  }
}

ctorch_device ctorch_tensor_device(const ctorch_tensor *tensor) {
  const auto device = tensor->value.device();
  return {device.is_cpu()    ? CTORCH_CPU
          : device.is_cuda() ? CTORCH_CUDA
                             : CTORCH_OTHER_DEVICE,
          device.has_index() ? device.index() : 0};
}

ctorch_status ctorch_tensor_from_bytes(
    const void *bytes, size_t byte_count, ctorch_dtype dtype, const ctorch_index *shape,
    ctorch_index rank, ctorch_device where, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    const auto target = device(where);
    // From pinned memory a GPU copies while the host goes on; LibTorch keeps it until then.
    auto tensor = at::empty(
        sizes(shape, rank),
        options(dtype, {CTORCH_CPU, 0}).pinned_memory(!target.is_cpu() && byte_count > 0));
    TORCH_CHECK(
        tensor.nbytes() == byte_count, "the shape needs ", tensor.nbytes(), " bytes, but ",
        byte_count, " were given");
    if (byte_count > 0) std::memcpy(tensor.mutable_data_ptr(), bytes, byte_count);
    return tensor.to(target, /*non_blocking=*/true);
  });
}

ctorch_status ctorch_tensor_to_bytes(
    const ctorch_tensor *tensor, ctorch_dtype dtype, void *bytes, size_t byte_count) {
  return guarded([&] {
    auto source = tensor->value.detach().to(at::kCPU, scalar_type(dtype)).contiguous();
    TORCH_CHECK(
        source.nbytes() == byte_count, "the tensor has ", source.nbytes(),
        " bytes, but there is room for ", byte_count);
    if (byte_count > 0) std::memcpy(bytes, source.const_data_ptr(), byte_count);
  });
}

ctorch_status ctorch_tensor_item(const ctorch_tensor *tensor, double *result) {
  return guarded([&] { *result = tensor->value.item().toDouble(); });
}

ctorch_status ctorch_full(
    const ctorch_index *shape, ctorch_index rank, ctorch_scalar value, ctorch_dtype dtype,
    ctorch_device where, ctorch_tensor **result) {
  return guarded_tensor(
      result, [&] { return at::full(sizes(shape, rank), scalar(value), options(dtype, where)); });
}

ctorch_status ctorch_arange(
    ctorch_index count, ctorch_dtype dtype, ctorch_device where, ctorch_tensor **result) {
  return guarded_tensor(
      result, [&] { return at::arange(static_cast<int64_t>(count), options(dtype, where)); });
}

ctorch_status ctorch_to_device(
    const ctorch_tensor *tensor, ctorch_device where, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.to(device(where)); });
}

ctorch_status ctorch_to_dtype(
    const ctorch_tensor *tensor, ctorch_dtype dtype, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.to(scalar_type(dtype)); });
}

ctorch_status ctorch_copy(ctorch_tensor *tensor, const ctorch_tensor *source) {
  return guarded([&] {
    c10::NoGradGuard no_gradients;
    // copy_ would repeat a smaller source; a wrong shape is a mistake here.
    TORCH_CHECK(
        tensor->value.sizes() == source->value.sizes(), "the shapes ", tensor->value.sizes(),
        " and ", source->value.sizes(), " differ");
    tensor->value.copy_(source->value);
  });
}

ctorch_status ctorch_concatenate(
    ctorch_tensor *const *tensors, size_t count, ctorch_index dimension, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return at::cat(list(tensors, count), dimension); });
}

ctorch_status ctorch_stack(
    ctorch_tensor *const *tensors, size_t count, ctorch_index dimension, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return at::stack(list(tensors, count), dimension); });
}

}  // extern "C"
