// SPDX-License-Identifier: Apache-2.0

// Operations on every element by itself, with broadcasting.

#include <ATen/ScalarOps.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/where.h>

#include "ctorch_operations.h"
#include "support.hpp"

using namespace ctorch;

namespace {

at::Tensor apply(ctorch_unary_operation operation, const at::Tensor &x) {
  switch (operation) {
    case CTORCH_NEGATE: return x.neg();
    case CTORCH_EXP: return x.exp();
    case CTORCH_EXPM1: return x.expm1();
    case CTORCH_LOG: return x.log();
    case CTORCH_LOG1P: return x.log1p();
    case CTORCH_SQRT: return x.sqrt();
    case CTORCH_RSQRT: return x.rsqrt();
    case CTORCH_RECIPROCAL: return x.reciprocal();
    case CTORCH_SQUARE: return x.square();
    case CTORCH_ABS: return x.abs();
    case CTORCH_SIGN: return x.sign();
    case CTORCH_FLOOR: return x.floor();
    case CTORCH_ROUND: return x.round();
    case CTORCH_SIN: return x.sin();
    case CTORCH_COS: return x.cos();
    case CTORCH_SINH: return x.sinh();
    case CTORCH_COSH: return x.cosh();
    case CTORCH_TANH: return x.tanh();
    case CTORCH_ASINH: return x.asinh();
    case CTORCH_ATANH: return x.atanh();
    case CTORCH_SIGMOID: return x.sigmoid();
    case CTORCH_LOG_SIGMOID: return at::log_sigmoid(x);
    case CTORCH_SOFTPLUS: return at::softplus(x);
    case CTORCH_RELU: return x.relu();
    case CTORCH_GELU: return at::gelu(x);
    case CTORCH_SILU: return at::silu(x);
    case CTORCH_LOGICAL_NOT: return x.logical_not();
    case CTORCH_IS_NAN: return x.isnan();
    case CTORCH_IS_FINITE: return x.isfinite();
  }
  TORCH_CHECK(false, "there is no such operation on one tensor");
}

at::Tensor apply(ctorch_binary_operation operation, const at::Tensor &x, const at::Tensor &y) {
  switch (operation) {
    case CTORCH_ADD: return x.add(y);
    case CTORCH_SUBTRACT: return x.sub(y);
    case CTORCH_MULTIPLY: return x.mul(y);
    case CTORCH_DIVIDE: return x.div(y);
    case CTORCH_POWER: return x.pow(y);
    case CTORCH_REMAINDER: return x.remainder(y);
    case CTORCH_EQUAL: return x.eq(y);
    case CTORCH_NOT_EQUAL: return x.ne(y);
    case CTORCH_LESS: return x.lt(y);
    case CTORCH_LESS_EQUAL: return x.le(y);
    case CTORCH_GREATER: return x.gt(y);
    case CTORCH_GREATER_EQUAL: return x.ge(y);
    case CTORCH_MAXIMUM: return x.maximum(y);
    case CTORCH_MINIMUM: return x.minimum(y);
    case CTORCH_ATAN2: return x.atan2(y);
    case CTORCH_LOGICAL_AND: return x.logical_and(y);
    case CTORCH_LOGICAL_OR: return x.logical_or(y);
  }
  TORCH_CHECK(false, "there is no such operation on two tensors");
}

at::Tensor apply(ctorch_binary_operation operation, const at::Tensor &x, const at::Scalar &y) {
  switch (operation) {
    case CTORCH_ADD: return x.add(y);
    case CTORCH_SUBTRACT: return x.sub(y);
    case CTORCH_MULTIPLY: return x.mul(y);
    case CTORCH_DIVIDE: return x.div(y);
    case CTORCH_POWER: return x.pow(y);
    case CTORCH_REMAINDER: return x.remainder(y);
    case CTORCH_EQUAL: return x.eq(y);
    case CTORCH_NOT_EQUAL: return x.ne(y);
    case CTORCH_LESS: return x.lt(y);
    case CTORCH_LESS_EQUAL: return x.le(y);
    case CTORCH_GREATER: return x.gt(y);
    case CTORCH_GREATER_EQUAL: return x.ge(y);
    default: TORCH_CHECK(false, "there is no such operation on a tensor and a number");
  }
}

/// A number as a tensor without dimensions. Such a tensor does not take part in the choice of the
/// result's type, except by its kind (a real number makes a real result out of integers).
///
/// It stays on the CPU, where it costs no copy: LibTorch hands it to GPU kernels by value.
at::Tensor number(const at::Scalar &value) { return at::native::wrapped_scalar_tensor(value); }

}  // namespace

extern "C" {

ctorch_status ctorch_unary(
    ctorch_unary_operation operation, const ctorch_tensor *tensor, ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return apply(operation, tensor->value); });
}

ctorch_status ctorch_binary(
    ctorch_binary_operation operation, const ctorch_tensor *left, const ctorch_tensor *right,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return apply(operation, left->value, right->value); });
}

ctorch_status ctorch_binary_tensor_scalar(
    ctorch_binary_operation operation, const ctorch_tensor *left, ctorch_scalar right,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] { return apply(operation, left->value, scalar(right)); });
}

ctorch_status ctorch_binary_scalar_tensor(
    ctorch_binary_operation operation, ctorch_scalar left, const ctorch_tensor *right,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    switch (operation) {
      case CTORCH_ADD:
      case CTORCH_MULTIPLY: return apply(operation, right->value, scalar(left));
      default: return apply(operation, number(scalar(left)), right->value);
    }
  });
}

ctorch_status ctorch_clamp(
    const ctorch_tensor *tensor, const ctorch_scalar *minimum, const ctorch_scalar *maximum,
    ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    std::optional<at::Scalar> lower, upper;
    if (minimum) lower = scalar(*minimum);
    if (maximum) upper = scalar(*maximum);
    return tensor->value.clamp(lower, upper);
  });
}

ctorch_status ctorch_where(
    const ctorch_tensor *condition, const ctorch_tensor *first, const ctorch_tensor *second,
    ctorch_tensor **result) {
  return guarded_tensor(
      result, [&] { return at::where(condition->value, first->value, second->value); });
}

ctorch_status ctorch_masked_fill(
    const ctorch_tensor *tensor, const ctorch_tensor *mask, ctorch_scalar value,
    ctorch_tensor **result) {
  return guarded_tensor(
      result, [&] { return tensor->value.masked_fill(mask->value, scalar(value)); });
}

}  // extern "C"
