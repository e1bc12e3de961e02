// SPDX-License-Identifier: Apache-2.0

// Gradients: their recording, their computation, their storage.

#include <c10/core/GradMode.h>

#include "ctorch_training.h"
#include "support.hpp"

using namespace ctorch;

extern "C" {

bool ctorch_requires_gradient(const ctorch_tensor *tensor) {
  return tensor->value.requires_grad();
}

ctorch_status ctorch_set_requires_gradient(ctorch_tensor *tensor, bool value) {
  return guarded([&] { tensor->value.requires_grad_(value); });
}

ctorch_status ctorch_gradient(const ctorch_tensor *tensor, ctorch_tensor **result) {
  return guarded([&] {
    const auto &gradient = tensor->value.grad();
    *result = gradient.defined() ? wrap(gradient) : nullptr;
  });
}

ctorch_status ctorch_set_gradient(ctorch_tensor *tensor, const ctorch_tensor *gradient) {
  return guarded([&] {
    if (gradient) {
      TORCH_CHECK(
          gradient->value.sizes() == tensor->value.sizes(), "the shapes ", tensor->value.sizes(),
          " and ", gradient->value.sizes(), " differ");
    }
    tensor->value.mutable_grad() = gradient ? gradient->value : at::Tensor();
  });
}

ctorch_status ctorch_detach(const ctorch_tensor *tensor, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.detach(); });
}

ctorch_status ctorch_backward(const ctorch_tensor *tensor, const ctorch_tensor *gradient) {
  return guarded([&] { tensor->value.backward(gradient ? gradient->value : at::Tensor()); });
}

bool ctorch_set_gradient_mode(bool is_recording) {
  const bool previous = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(is_recording);
  return previous;
}

}  // extern "C"
