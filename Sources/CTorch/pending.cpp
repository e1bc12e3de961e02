// SPDX-License-Identifier: Apache-2.0

// Numbers on their way from a device to the host.

#include <ATen/ops/empty.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstring>
#include <memory>

#include "ctorch_training.h"
#include "support.hpp"

using namespace ctorch;

/// Elements on the host, and the moment from which on they are there; none on the CPU.
struct ctorch_pending {
  at::Tensor values;
  std::optional<c10::Event> copied;
};

extern "C" {

ctorch_status ctorch_pending_new(const ctorch_tensor *tensor, ctorch_pending **result) {
  return guarded([&] {
    const auto source = tensor->value.detach().to(at::kDouble);
    const auto device = source.device();
    const auto options = at::TensorOptions().dtype(at::kDouble).pinned_memory(!device.is_cpu());
    auto pending = std::make_unique<ctorch_pending>();
    pending->values = at::empty(source.sizes(), options);
    pending->values.copy_(source, /*non_blocking=*/true);
    if (!device.is_cpu()) {
      pending->copied.emplace(device.type());
      pending->copied->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
    }
    *result = pending.release();
  });
}

ctorch_status ctorch_pending_values(
    const ctorch_pending *pending, double *values, size_t count) {
  return guarded([&] {
    if (pending->copied) pending->copied->synchronize();
    TORCH_CHECK(
        static_cast<size_t>(pending->values.numel()) == count, "there are ",
        pending->values.numel(), " elements, but ", count, " were asked for");
    if (count > 0)
      std::memcpy(values, pending->values.const_data_ptr<double>(), count * sizeof(double));
  });
}

void ctorch_pending_free(ctorch_pending *pending) { delete pending; }

}  // extern "C"
