// SPDX-License-Identifier: Apache-2.0

// The encoder of `CKernels`, and the bias of its attention, as operations with gradients.

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "ckernels.h"
#include "ctorch_training.h"
#include "support.hpp"

using namespace ctorch;

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

void check(const at::Tensor &tensor, at::ScalarType type) {
  TORCH_CHECK(
      tensor.device().is_cpu() && tensor.scalar_type() == type && tensor.is_contiguous(),
      "the kernels take contiguous ", type, " tensors on the CPU only");
}

[[noreturn]] void fail_for_memory() { throw std::bad_alloc(); }

/// The numbers for pairs of tokens that a head has.
int64_t pairs_of(const at::Tensor &offsets) {
  const auto *first = offsets.const_data_ptr<int64_t>();
  int64_t pairs = 0;
  for (int64_t event = 0; event + 1 < offsets.numel(); ++event) {
    const int64_t tokens = first[event + 1] - first[event];
    pairs += tokens * tokens;
  }
  return pairs;
}

/// Returns a bias where there is room behind it: itself, or a copy.
at::Tensor with_slack(const at::Tensor &bias) {
  const auto end = static_cast<size_t>(bias.storage_offset() + bias.numel() + CKERNELS_BIAS_SLACK);
  if (bias.storage().nbytes() >= end * sizeof(float)) return bias;
  auto result = at::zeros({bias.numel() + CKERNELS_BIAS_SLACK}, bias.options());
  memcpy(
      result.mutable_data_ptr<float>(), bias.const_data_ptr<float>(),
      static_cast<size_t>(bias.numel()) * sizeof(float));
  return result;
}

/// The size of the encoder that the parameters make.
ckernels_encoder encoder_of(
    const ckernels_kernels *kernels, const at::Tensor &offsets, const at::Tensor &wanted,
    const at::Tensor &bias, int64_t heads, double epsilon, at::TensorList parameters) {
  const int64_t layers =
      static_cast<int64_t>(parameters.size()) / CKERNELS_PARAMETERS_PER_LAYER;
  const auto &expansion = parameters[8];
  // An empty tensor has no address, and no address stands for all tokens.
  static constexpr int64_t none = 0;
  const int64_t *places = nullptr;
  if (wanted.defined()) places = wanted.numel() > 0 ? wanted.const_data_ptr<int64_t>() : &none;
  return {
      kernels, expansion.size(1), heads, expansion.size(0), layers, static_cast<float>(epsilon),
      offsets.numel() - 1, offsets.const_data_ptr<int64_t>(),
      places, wanted.defined() ? wanted.numel() : 0,
      bias.defined() ? bias.const_data_ptr<float>() : nullptr,
      pairs_of(offsets)};
}

std::vector<const float *> pointers(at::TensorList tensors) {
  std::vector<const float *> result;
  for (const auto &tensor : tensors) result.push_back(tensor.const_data_ptr<float>());
  return result;
}

/// Appends room for the gradients of parameters; returns its addresses.
std::vector<float *> append_gradients(at::TensorList parameters, variable_list &gradients) {
  std::vector<float *> result;
  for (const auto &parameter : parameters) {
    gradients.push_back(at::empty_like(parameter));
    result.push_back(gradients.back().mutable_data_ptr<float>());
  }
  return result;
}

/// Whether an operation on the tensors has a way back.
bool is_recorded(at::TensorList tensors) {
  return c10::GradMode::is_enabled() &&
         std::any_of(tensors.begin(), tensors.end(), [](const at::Tensor &tensor) {
           return tensor.requires_grad();
         });
}

/// The kernels that LORENTZ_KERNELS names, or the best that the processor can run, or none.
const ckernels_kernels *first_kernels() {
  if (const char *name = std::getenv("LORENTZ_KERNELS")) {
    const auto *kernels = ckernels_named(name);
    if (kernels || strcmp(name, "none") == 0) return kernels;
  }
  for (const char *name : {"avx512", "avx2"})
    if (const auto *kernels = ckernels_named(name)) return kernels;
  return nullptr;
}

thread_local const ckernels_kernels *chosen = first_kernels();

struct Encoder : torch::autograd::Function<Encoder> {
  static Variable forward(
      AutogradContext *context, const Variable &events, const Variable &objects,
      const at::Tensor &offsets, const std::optional<at::Tensor> &some,
      const std::optional<at::Tensor> &added, int64_t heads, double epsilon, bool records,
      at::TensorList parameters) {
    const at::Tensor wanted = some.value_or(at::Tensor());
    const at::Tensor bias = added ? with_slack(*added) : at::Tensor();
    const auto encoder = encoder_of(chosen, offsets, wanted, bias, heads, epsilon, parameters);
    auto output = at::empty(
        {wanted.defined() ? encoder.wanted_count : events.size(0) + objects.size(0),
         encoder.width},
        events.options());
    at::Tensor saved;
    if (records) {
      const size_t count = ckernels_saved_count(&encoder);
      float *memory = ckernels_take_memory(count);
      if (!memory) fail_for_memory();
      saved = at::from_blob(
          memory, {static_cast<int64_t>(count)},
          [](void *start) { ckernels_give_memory(static_cast<float *>(start)); },
          at::TensorOptions().dtype(at::kFloat));
    }
    if (!ckernels_encoder_forward(
            &encoder, pointers(parameters).data(), events.const_data_ptr<float>(),
            objects.const_data_ptr<float>(), output.mutable_data_ptr<float>(),
            records ? saved.mutable_data_ptr<float>() : nullptr))
      fail_for_memory();
    if (records) {
      variable_list kept{offsets, wanted, bias, saved};
      kept.insert(kept.end(), parameters.begin(), parameters.end());
      context->save_for_backward(std::move(kept));
      // What is saved is for these kernels, whatever is chosen until the way back.
      context->saved_data["kernels"] = reinterpret_cast<int64_t>(encoder.kernels);
      context->saved_data["heads"] = heads;
      context->saved_data["epsilon"] = epsilon;
      context->saved_data["objects"] = objects.size(0);
    }
    return output;
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    const auto kept = context->get_saved_variables();
    const at::TensorList parameters = at::TensorList(kept).slice(4);
    const auto encoder = encoder_of(
        reinterpret_cast<const ckernels_kernels *>(context->saved_data["kernels"].toInt()),
        kept[0], kept[1], kept[2], context->saved_data["heads"].toInt(),
        context->saved_data["epsilon"].toDouble(), parameters);
    const auto output_gradient = output_gradients[0].contiguous();
    auto event_gradient =
        at::empty({encoder.events, encoder.width}, output_gradient.options());
    auto object_gradient = at::empty(
        {context->saved_data["objects"].toInt(), encoder.width}, output_gradient.options());
    at::Tensor bias_gradient;
    if (encoder.bias)
      bias_gradient = at::empty({encoder.heads, encoder.pairs}, output_gradient.options());
    // The arguments without gradients: offsets, wanted, heads, epsilon, records.
    variable_list result(8);
    const auto gradient_pointers = append_gradients(parameters, result);
    if (!ckernels_encoder_backward(
            &encoder, pointers(parameters).data(), kept[3].const_data_ptr<float>(),
            output_gradient.const_data_ptr<float>(), event_gradient.mutable_data_ptr<float>(),
            object_gradient.mutable_data_ptr<float>(), gradient_pointers.data(),
            encoder.bias ? bias_gradient.mutable_data_ptr<float>() : nullptr))
      fail_for_memory();
    result[0] = event_gradient;
    result[1] = object_gradient;
    result[4] = bias_gradient;
    return result;
  }
};

/// The size of a bias by pairs. A tensor that is not defined stands for no reference vectors.
ckernels_pair_bias pair_bias_of(
    const ckernels_kernels *kernels, const at::Tensor &offsets, const at::Tensor &pairs,
    const at::Tensor &references, at::TensorList parameters) {
  // An empty tensor has no address.
  static constexpr float none = 0;
  const auto features = [](const at::Tensor &rows) {
    return rows.numel() > 0 ? rows.const_data_ptr<float>() : &none;
  };
  return {
      kernels, parameters[2].size(0), parameters[0].size(0), offsets.numel() - 1,
      offsets.const_data_ptr<int64_t>(), pairs_of(offsets), features(pairs), pairs.size(0),
      pairs.size(1), references.defined() ? features(references) : nullptr,
      references.defined() ? references.size(0) : 0,
      references.defined() ? references.size(1) : 0};
}

struct PairBias : torch::autograd::Function<PairBias> {
  static Variable forward(
      AutogradContext *context, const at::Tensor &pairs,
      const std::optional<at::Tensor> &some_references, const at::Tensor &offsets, bool records,
      at::TensorList parameters) {
    const at::Tensor references = some_references.value_or(at::Tensor());
    const auto bias = pair_bias_of(chosen, offsets, pairs, references, parameters);
    const auto room =
        at::empty({bias.heads * bias.squares + CKERNELS_BIAS_SLACK}, pairs.options());
    if (!ckernels_pair_bias_forward(
            &bias, pointers(parameters).data(), room.mutable_data_ptr<float>()))
      fail_for_memory();
    if (records) {
      variable_list kept{pairs, references, offsets};
      kept.insert(kept.end(), parameters.begin(), parameters.end());
      context->save_for_backward(std::move(kept));
      context->saved_data["kernels"] = reinterpret_cast<int64_t>(bias.kernels);
    }
    // With the storage's slack, and no view of another tensor.
    auto result = at::empty({0}, pairs.options());
    result.set_(room.storage(), 0, {bias.heads, bias.squares}, {bias.squares, 1});
    return result;
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    const auto kept = context->get_saved_variables();
    const at::TensorList parameters = at::TensorList(kept).slice(3);
    const auto bias = pair_bias_of(
        reinterpret_cast<const ckernels_kernels *>(context->saved_data["kernels"].toInt()),
        kept[2], kept[0], kept[1], parameters);
    const auto output_gradient = output_gradients[0].contiguous();
    // The arguments without gradients: pairs, references, offsets, records.
    variable_list result(4);
    const auto gradient_pointers = append_gradients(parameters, result);
    if (!ckernels_pair_bias_backward(
            &bias, pointers(parameters).data(), output_gradient.const_data_ptr<float>(),
            gradient_pointers.data()))
      fail_for_memory();
    return result;
  }
};

/// Checks that the parameters are those of a network of rows with some columns.
void check_network(at::TensorList parameters, const at::Tensor &rows, int64_t count) {
  for (const auto &parameter : parameters) check(parameter, at::kFloat);
  check(rows, at::kFloat);
  const int64_t hidden = parameters[0].size(0);
  const int64_t heads = parameters[2].size(0);
  TORCH_CHECK(
      rows.dim() == 2 && rows.size(0) == count && rows.size(1) <= CKERNELS_MOST_PAIR_COLUMNS &&
          hidden <= CKERNELS_MOST_PAIR_HIDDEN && heads <= CKERNELS_MOST_PAIR_HEADS,
      "features of ", rows.sizes(), " are not those of ", count, " pairs for a network of ", hidden,
      " and ", heads, " numbers");
  TORCH_CHECK(
      parameters[0].sizes() == at::IntArrayRef({hidden, rows.size(1)}) &&
          parameters[1].numel() == hidden &&
          parameters[2].sizes() == at::IntArrayRef({heads, hidden}) &&
          parameters[3].numel() == heads,
      "parameters of ", parameters[0].sizes(), " and ", parameters[2].sizes(),
      " do not make a network of ", rows.size(1), " columns");
}

}  // namespace

extern "C" {

const char *ctorch_kernels_name(void) { return chosen ? ckernels_name(chosen) : "none"; }

bool ctorch_kernels_choose(const char *name) {
  const auto *kernels = ckernels_named(name);
  if (!kernels && strcmp(name, "none") != 0) return false;
  chosen = kernels;
  return true;
}

bool ctorch_encoder_is_supported(
    ctorch_index width, ctorch_index inner, ctorch_index most_tokens_of_an_event) {
  return chosen && ckernels_supports(chosen, width, inner, most_tokens_of_an_event);
}

ctorch_status ctorch_pair_bias(
    const ctorch_tensor *pairs, const ctorch_tensor *references, const ctorch_tensor *offsets,
    size_t count, ctorch_tensor *const *parameters, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    TORCH_CHECK(chosen, "no kernels are chosen");
    constexpr size_t each = CKERNELS_PARAMETERS_PER_PAIR_NETWORK;
    TORCH_CHECK(
        count == (references ? 2 * each : each), "a bias by pairs has ", count, " parameters");
    const auto values = list(parameters, count);
    check(offsets->value, at::kLong);
    const auto *first = offsets->value.const_data_ptr<int64_t>();
    int64_t pair_count = 0;
    int64_t object_count = 0;
    for (int64_t event = 0; event + 1 < offsets->value.numel(); ++event) {
      const int64_t objects = first[event + 1] - first[event] - 1;
      pair_count += objects * (objects - 1) / 2;
      object_count += objects;
    }
    check_network(at::TensorList(values).slice(0, each), pairs->value, pair_count);
    if (references)
      check_network(at::TensorList(values).slice(each), references->value, object_count);
    return PairBias::apply(
        pairs->value, optional(references), offsets->value, is_recorded(values),
        at::TensorList(values));
  });
}

ctorch_status ctorch_encoder(
    const ctorch_tensor *events, const ctorch_tensor *objects, const ctorch_tensor *offsets,
    const ctorch_tensor *wanted, const ctorch_tensor *bias, ctorch_index heads, double epsilon,
    size_t count, ctorch_tensor *const *parameters, ctorch_tensor **result) {
  return guarded_tensor(result, [&] {
    TORCH_CHECK(
        count > 0 && count % CKERNELS_PARAMETERS_PER_LAYER == 0, "an encoder of ", count,
        " parameters has no whole layers");
    TORCH_CHECK(chosen, "no kernels are chosen");
    variable_list tokens{events->value.contiguous(), objects->value.contiguous()};
    if (bias) {
      tokens.push_back(bias->value.contiguous());
      TORCH_CHECK(
          tokens[2].dim() == 2 && tokens[2].size(0) == static_cast<int64_t>(heads) &&
              tokens[2].size(1) == pairs_of(offsets->value),
          "a bias of ", tokens[2].sizes(), " is not one for ", heads, " heads and ",
          pairs_of(offsets->value), " pairs");
    }
    const auto values = list(parameters, count);
    check(offsets->value, at::kLong);
    if (wanted) check(wanted->value, at::kLong);
    for (const auto &tensor : tokens) check(tensor, at::kFloat);
    for (const auto &value : values) check(value, at::kFloat);
    const bool records = is_recorded(tokens) || is_recorded(values);
    return Encoder::apply(
        tokens[0], tokens[1], offsets->value,
        wanted ? std::optional(wanted->value) : std::nullopt,
        bias ? std::optional(tokens[2]) : std::nullopt, static_cast<int64_t>(heads), epsilon, records, at::TensorList(values));
  });
}

}  // extern "C"
