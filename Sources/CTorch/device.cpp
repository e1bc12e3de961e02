// SPDX-License-Identifier: Apache-2.0

// Devices, precision, threads and random numbers.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randperm.h>
#include <torch/headeronly/version.h>

#include <mutex>

#include "ctorch_training.h"
#include "support.hpp"

using namespace ctorch;

namespace {

at::DeviceType type_of(ctorch_device device) {
  return device.type == CTORCH_CPU ? at::kCPU : at::kCUDA;
}

}  // namespace

extern "C" {

const char *ctorch_version(void) { return TORCH_VERSION; }

bool ctorch_is_cuda_build(void) { return at::detail::getCUDAHooks().hasCUDART(); }

ctorch_index ctorch_cuda_device_count(void) {
  try {
    return at::detail::getCUDAHooks().deviceCount();
  } catch (...) {
    // A driver that does not answer is, for the user, no device.
    return 0;
  }
}

bool ctorch_multiplies_bfloat16(ctorch_device device) {
  return at::autocast::is_autocast_enabled(type_of(device));
}

void ctorch_multiply_bfloat16(ctorch_device device, bool is_on) {
  const auto type = type_of(device);
  at::autocast::set_autocast_dtype(type, at::kBFloat16);
  // Rounded parameters would be kept for all threads, those made without a graph among them. A
  // parameter is used once on the way to a loss, so that nothing is lost.
  at::autocast::set_autocast_cache_enabled(false);
  at::autocast::set_autocast_enabled(type, is_on);
}

void ctorch_set_thread_count(ctorch_index count) { at::set_num_threads(static_cast<int>(count)); }

ctorch_index ctorch_thread_count(void) { return at::get_num_threads(); }

void ctorch_set_deterministic(bool value) {
  auto &context = at::globalContext();
  context.setDeterministicAlgorithms(value, /*warn_only=*/false);
  // It would fill every new tensor first, to make even the reading of uninitialized memory repeat.
  context.setDeterministicFillUninitializedMemory(false);
}

bool ctorch_is_deterministic(void) { return at::globalContext().deterministicAlgorithms(); }

ctorch_status ctorch_generator_new(
    ctorch_device where, uint64_t seed, ctorch_generator **result) {
  return guarded([&] {
    if (where.type == CTORCH_CPU) {
      *result = new ctorch_generator{at::detail::createCPUGenerator(seed)};
      return;
    }
    const auto target = device(where);
    at::globalContext().lazyInitDevice(at::kCUDA);
    auto generator = at::detail::getCUDAHooks().getNewGenerator(target.index());
    generator.set_current_seed(seed);
    *result = new ctorch_generator{std::move(generator)};
  });
}

void ctorch_generator_free(ctorch_generator *generator) { delete generator; }

ctorch_status ctorch_generator_state(ctorch_generator *generator, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    std::lock_guard<std::mutex> lock(generator->value.mutex());
    return generator->value.get_state();
  });
}

ctorch_status ctorch_generator_set_state(
    ctorch_generator *generator, const ctorch_tensor *state) {
  return guarded([&] {
    std::lock_guard<std::mutex> lock(generator->value.mutex());
    generator->value.set_state(state->value);
  });
}

ctorch_status ctorch_normal(
    const ctorch_index *shape, ctorch_index rank, double mean, double standard_deviation,
    ctorch_generator *generator, ctorch_dtype dtype, ctorch_device where,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return at::empty(sizes(shape, rank), options(dtype, where))
        .normal_(mean, standard_deviation, generator->value);
  });
}

ctorch_status ctorch_uniform(
    const ctorch_index *shape, ctorch_index rank, double lower, double upper,
    ctorch_generator *generator, ctorch_dtype dtype, ctorch_device where,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return at::empty(sizes(shape, rank), options(dtype, where))
        .uniform_(lower, upper, generator->value);
  });
}

ctorch_status ctorch_permutation(
    ctorch_index count, ctorch_generator *generator, ctorch_device where,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return at::randperm(count, generator->value, options(CTORCH_INT64, where));
  });
}

}  // extern "C"
