// SPDX-License-Identifier: Apache-2.0

// Updates of many parameters in a few calls.

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include "ctorch_training.h"
#include "support.hpp"

using namespace ctorch;

namespace {

std::vector<at::Tensor> gradients_of(ctorch_tensor *const *parameters, size_t count) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(count);
  for (size_t index = 0; index < count; ++index) {
    const auto &gradient = parameters[index]->value.grad();
    if (gradient.defined()) gradients.push_back(gradient);
  }
  return gradients;
}

at::Tensor norm_of(const std::vector<at::Tensor> &gradients) {
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
}

}  // namespace

extern "C" {

ctorch_status ctorch_adamw_step(
    size_t count, ctorch_tensor *const *parameters, ctorch_tensor *const *first_moments,
    ctorch_tensor *const *second_moments, ctorch_tensor *const *steps, double learning_rate,
    double beta1, double beta2, double weight_decay, double epsilon, const ctorch_tensor *skip) {
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
    if (skip) {
      at::_foreach_add_(step_list, skip->value.neg().add(1));
    } else {
      at::_foreach_add_(step_list, at::Scalar(1));
    }
    at::_fused_adamw_(
        list(parameters, count), gradients, list(first_moments, count),
        list(second_moments, count), /*max_exp_avg_sqs=*/{}, step_list, learning_rate, beta1,
        beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false,
        /*grad_scale=*/std::nullopt, optional(skip));
  });
}

ctorch_status ctorch_clip_gradient_norm(
    size_t count, ctorch_tensor *const *parameters, double maximum, double *norm) {
  return guarded([&] {
    c10::NoGradGuard no_gradients;
    const auto gradients = gradients_of(parameters, count);
    if (gradients.empty()) {
      *norm = 0;
      return;
    }
    *norm = norm_of(gradients).item().toDouble();
    // PyTorch's formula, its 1e-6 included, so that the steps agree with its own.
    const double factor = maximum / (*norm + 1e-6);
    if (factor < 1) at::_foreach_mul_(gradients, at::Scalar(factor));
  });
}

ctorch_status ctorch_clip_gradient_norm_on_device(
    size_t count, ctorch_tensor *const *parameters, double maximum, ctorch_tensor **norm) {
  return guarded_tensor(norm, [&] {
    c10::NoGradGuard no_gradients;
    const auto gradients = gradients_of(parameters, count);
    if (gradients.empty()) return at::zeros({}, at::kDouble);
    const auto result = norm_of(gradients).to(at::kDouble);
    // The formula above; a factor of 1 changes nothing.
    const auto factor = at::full_like(result, maximum).div(result.add(1e-6)).clamp_max(1);
    at::_foreach_mul_(gradients, factor.to(gradients.front().scalar_type()));
    return result;
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
