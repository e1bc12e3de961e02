// SPDX-License-Identifier: Apache-2.0

// Linear algebra, layers and losses.

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "ctorch_training.h"
#include "support.hpp"

using namespace ctorch;

namespace {

int64_t reduction_code(ctorch_loss_reduction reduction) {
  switch (reduction) {
    case CTORCH_REDUCE_NONE: return at::Reduction::None;
    case CTORCH_REDUCE_MEAN: return at::Reduction::Mean;
    case CTORCH_REDUCE_SUM: return at::Reduction::Sum;
  }
  TORCH_CHECK(false, "there is no such reduction of a loss");
}

// LibTorch only warns and broadcasts, which turns [B] against [B, 1] into a wrong [B, B].
void check_same_shape(const at::Tensor &input, const at::Tensor &target) {
  TORCH_CHECK(
      input.sizes() == target.sizes(), "the shapes ", input.sizes(), " and ", target.sizes(),
      " differ");
}

}  // namespace

extern "C" {

ctorch_status ctorch_matmul(
    const ctorch_tensor *left, const ctorch_tensor *right, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return left->value.matmul(right->value); });
}

ctorch_status ctorch_bmm(
    const ctorch_tensor *left, const ctorch_tensor *right, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return left->value.bmm(right->value); });
}

ctorch_status ctorch_linear(
    const ctorch_tensor *input, const ctorch_tensor *weight, const ctorch_tensor *bias,
    ctorch_tensor **result) {
  return guarded_tensor(
      result, [&] { return at::linear(input->value, weight->value, optional(bias)); });
}

ctorch_status ctorch_softmax(
    const ctorch_tensor *tensor, ctorch_index dimension, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.softmax(dimension); });
}

ctorch_status ctorch_log_softmax(
    const ctorch_tensor *tensor, ctorch_index dimension, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return tensor->value.log_softmax(dimension); });
}

ctorch_status ctorch_layer_norm(
    const ctorch_tensor *input, ctorch_index width, const ctorch_tensor *weight,
    const ctorch_tensor *bias, double epsilon, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return at::layer_norm(
        input->value, sizes(&width, 1), optional(weight), optional(bias), epsilon);
  });
}

ctorch_status ctorch_embedding(
    const ctorch_tensor *weight, const ctorch_tensor *indices, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return at::embedding(weight->value, indices->value); });
}

ctorch_status ctorch_attention(
    const ctorch_tensor *query, const ctorch_tensor *key, const ctorch_tensor *value,
    const ctorch_tensor *mask, const double *scale, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    return at::scaled_dot_product_attention(
        query->value, key->value, value->value, optional(mask), /*dropout_p=*/0.0,
        /*is_causal=*/false, scale ? std::optional<double>(*scale) : std::nullopt);
  });
}

ctorch_status ctorch_dropout(
    const ctorch_tensor *tensor, double probability, ctorch_generator *generator,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    const auto &input = tensor->value;
    TORCH_CHECK(
        probability >= 0 && probability <= 1, "the probability ", probability,
        " is not in 0...1");
    if (probability == 0) return input.alias();
    if (probability == 1) return input.mul(at::zeros_like(input));
    at::Tensor mask;
    {
      c10::NoGradGuard no_gradients;
      // 1 / (1 - probability) has more digits than half precision.
      mask = at::empty_like(input, c10::promoteTypes(input.scalar_type(), at::kFloat));
      mask.bernoulli_(1 - probability, generator->value).div_(1 - probability);
    }
    return input.mul(mask);
  });
}

ctorch_status ctorch_cross_entropy(
    const ctorch_tensor *logits, const ctorch_tensor *targets, const ctorch_tensor *weight,
    ctorch_loss_reduction reduction, double smoothing, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    // A sum of exponentials needs more digits than half precision has.
    return at::cross_entropy_loss(
        logits->value.to(c10::promoteTypes(logits->value.scalar_type(), at::kFloat)),
        targets->value, optional(weight), reduction_code(reduction),
        /*ignore_index=*/-100, smoothing);
  });
}

ctorch_status ctorch_binary_cross_entropy_with_logits(
    const ctorch_tensor *logits, const ctorch_tensor *targets, const ctorch_tensor *weight,
    const ctorch_tensor *positive_weight, ctorch_loss_reduction reduction,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    check_same_shape(logits->value, targets->value);
    return at::binary_cross_entropy_with_logits(
        logits->value, targets->value, optional(weight), optional(positive_weight),
        reduction_code(reduction));
  });
}

ctorch_status ctorch_mean_squared_error(
    const ctorch_tensor *input, const ctorch_tensor *target, ctorch_loss_reduction reduction,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    check_same_shape(input->value, target->value);
    return at::mse_loss(input->value, target->value, reduction_code(reduction));
  });
}

ctorch_status ctorch_smooth_l1(
    const ctorch_tensor *input, const ctorch_tensor *target, double beta,
    ctorch_loss_reduction reduction, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    check_same_shape(input->value, target->value);
    return at::smooth_l1_loss(input->value, target->value, reduction_code(reduction), beta);
  });
}

}  // extern "C"
