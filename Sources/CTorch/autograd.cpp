// SPDX-License-Identifier: Apache-2.0

// Gradients: their recording, their computation, their storage.

#include <ATen/ops/_foreach_add.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

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

ctorch_status ctorch_gradients(
    const ctorch_tensor *scalar, size_t count, ctorch_tensor *const *tensors,
    ctorch_tensor **results) {
  return guarded([&] {
    const auto gradients = torch::autograd::grad(
        {scalar->value}, list(tensors, count), /*grad_outputs=*/{}, /*retain_graph=*/false,
        /*create_graph=*/false, /*allow_unused=*/true);
    for (size_t index = 0; index < count; ++index)
      results[index] = gradients[index].defined() ? wrap(gradients[index]) : nullptr;
  });
}

ctorch_status ctorch_add_gradients(
    size_t count, ctorch_tensor *const *tensors, ctorch_tensor *const *gradients) {
  return guarded([&] {
    c10::NoGradGuard no_gradients;
    std::vector<at::Tensor> sums, summands;
    for (size_t index = 0; index < count; ++index) {
      if (!gradients[index]) continue;
      auto &stored = tensors[index]->value.mutable_grad();
      if (stored.defined()) {
        sums.push_back(stored);
        summands.push_back(gradients[index]->value);
      } else {
        stored = gradients[index]->value;
      }
    }
    if (!sums.empty()) at::_foreach_add_(sums, summands);
  });
}

bool ctorch_set_gradient_mode(bool is_recording) {
  const bool previous = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(is_recording);
  return previous;
}

}  // extern "C"
