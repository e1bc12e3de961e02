// SPDX-License-Identifier: Apache-2.0

// Updates of many parameters in a few calls.

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include "ctorch_training.h"
#include "support.hpp"

using namespace ctorch;

extern "C" {

ctorch_status ctorch_adamw_step(
    size_t count, ctorch_tensor *const *parameters, ctorch_tensor *const *first_moments,
    ctorch_tensor *const *second_moments, ctorch_tensor *const *steps, double learning_rate,
    double beta1, double beta2, double weight_decay, double epsilon) {
  return guarded([&] {
    if (count == 0) return;
    c10::NoGradGuard no_gradients;
    std::vector<at::Tensor> gradients;
    gradients.reserve(count);
    for (size_t index = 0; index < count; ++index) {
      const auto &gradient = parameters[index]->value.grad();
      TORCH_CHECK(gradient.defined(), "parameter ", index, " has no gradient");
      gradients.push_back(gradient);
    }
    auto step_list = list(steps, count);
    at::_foreach_add_(step_list, at::Scalar(1));
    at::_fused_adamw_(
        list(parameters, count), gradients, list(first_moments, count),
        list(second_moments, count), /*max_exp_avg_sqs=*/{}, step_list, learning_rate, beta1,
        beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false);
  });
}

ctorch_status ctorch_clip_gradient_norm(
    size_t count, ctorch_tensor *const *parameters, double maximum, double *norm) {
  return guarded([&] {
    c10::NoGradGuard no_gradients;
    std::vector<at::Tensor> gradients;
    gradients.reserve(count);
    for (size_t index = 0; index < count; ++index) {
      const auto &gradient = parameters[index]->value.grad();
      if (gradient.defined()) gradients.push_back(gradient);
    }
    if (gradients.empty()) {
      *norm = 0;
      return;
    }
    *norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2)
                .item()
                .toDouble();
    // PyTorch's formula, its 1e-6 included, so that the steps agree with its own.
    const double factor = maximum / (*norm + 1e-6);
    if (factor < 1) at::_foreach_mul_(gradients, at::Scalar(factor));
  });
}

ctorch_status ctorch_interpolate(
    size_t count, ctorch_tensor *const *averages, ctorch_tensor *const *values, double fraction) {
  return guarded([&] {
    if (count == 0) return;
    c10::NoGradGuard no_gradients;
    at::_foreach_lerp_(list(averages, count), list(values, count), at::Scalar(fraction));
  });
}

}  // extern "C"
