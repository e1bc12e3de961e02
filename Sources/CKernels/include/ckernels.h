// SPDX-License-Identifier: Apache-2.0

// The encoder of the event Transformer on x86 processors, forward and backward.
//
//     x <- x + attention(norm(x))
//     x <- x + Linear(GELU(Linear(norm(x))))
//
// An event's tokens are its own, the first, and its objects'; attention acts within an event. Whole
// layers are computed for some hundred tokens at a time, so that what passes between the steps
// stays in the cache. The calling thread does it all: threads have batches of their own.
//
// Before it, what attention adds to its logits: small networks of what two tokens have in common.
//
// All matrices are float32, row after row; weights are [outputs, inputs], as in LibTorch.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// Number of parameters of a layer: weight and bias of the first norm, the projection to queries,
/// keys and values, the output, the second norm, the expansion and the contraction.
#define CKERNELS_PARAMETERS_PER_LAYER 12

/// Number of floats that are read, and not used, behind what attention adds to its logits.
#define CKERNELS_BIAS_SLACK 16

/// The kernels for one set of instructions.
typedef struct ckernels_kernels ckernels_kernels;

/// The kernels of a name, "avx512", "avx2", "avx512fp16", "avx512bf16" or "avx512vnni"; null if there
/// are none or the processor cannot run them. The last three compute in float16, bfloat16 and
/// integers of 16 bits where nothing is saved for gradients.
const ckernels_kernels *_Nullable ckernels_named(const char *name);

/// Their name.
const char *ckernels_name(const ckernels_kernels *kernels);

/// Whether they can run an encoder: its widths are multiples of the vectors' length, and no event
/// has more than 192 tokens.
bool ckernels_supports(
    const ckernels_kernels *kernels, int64_t width, int64_t inner,
    int64_t most_tokens_of_an_event);

/// The size of an encoder and of a batch.
typedef struct ckernels_encoder {
  /// What computes it.
  const ckernels_kernels *kernels;
  /// Width of a token, D.
  int64_t width;
  /// Number of heads; divides the width.
  int64_t heads;
  /// Width inside the feed-forward part, F.
  int64_t inner;
  /// Number of layers.
  int64_t layers;
  /// Added to the variance in the norms.
  float epsilon;
  /// Number of events, B.
  int64_t events;
  /// The first token of every event, and the number of tokens; [B + 1], rising from 0. Without the
  /// tokens of the events, those of the objects are T.
  const int64_t *offsets;
  /// The tokens that the last layer is computed for, rising; null for all of them. The outputs
  /// are then these.
  const int64_t *_Nullable wanted;
  /// Their number.
  int64_t wanted_count;
  /// What attention adds to its logits, the same in all layers; null for nothing. For each head,
  /// event after event, a number for each of its N tokens as a key and each as a query:
  /// [heads, pairs], where an event has [N, N] of them, and CKERNELS_BIAS_SLACK floats more.
  const float *_Nullable bias;
  /// The sum of N * N over the events.
  int64_t pairs;
} ckernels_encoder;

/// Number of floats that the way back needs from the way forth.
size_t ckernels_saved_count(const ckernels_encoder *encoder);

/// Computes the encoder.
///
/// - `parameters`: in the order of CKERNELS_PARAMETERS_PER_LAYER, layer by layer
/// - `event_tokens`: the first token of each event, [B, D]
/// - `object_tokens`: [T, D]
/// - `output`: [B + T, D], or [wanted_count, D]; it may not overlap the input
/// - `saved`: where `ckernels_encoder_backward` finds what it needs; null in evaluation
///
/// Returns false where there is no memory for it.
bool ckernels_encoder_forward(
    const ckernels_encoder *encoder, const float *_Nonnull const *_Nonnull parameters,
    const float *event_tokens, const float *object_tokens, float *output,
    float *_Nullable saved);

/// Computes the gradients.
///
/// - `saved`: as written by `ckernels_encoder_forward`
/// - `output_gradient`: [B + T, D], or [wanted_count, D]
/// - `event_gradient`: [B, D]
/// - `object_gradient`: [T, D]
/// - `parameter_gradients`: overwritten; in the order and the shapes of the parameters
/// - `bias_gradient`: overwritten; [heads, pairs], null without a bias
///
/// Returns false where there is no memory for it.
bool ckernels_encoder_backward(
    const ckernels_encoder *encoder, const float *_Nonnull const *_Nonnull parameters,
    const float *saved, const float *output_gradient, float *event_gradient,
    float *object_gradient, float *_Nonnull const *_Nonnull parameter_gradients,
    float *_Nullable bias_gradient);

/// Number of parameters of a network of pairs: weight and bias of the expansion and the contraction.
#define CKERNELS_PARAMETERS_PER_PAIR_NETWORK 4

/// The largest sizes of such a network.
#define CKERNELS_MOST_PAIR_COLUMNS 8
#define CKERNELS_MOST_PAIR_HIDDEN 64
#define CKERNELS_MOST_PAIR_HEADS 64

/// What attention adds to its logits, by networks Linear(GELU(Linear(x))) of what two tokens have in
/// common, the same both ways round; a token has nothing with itself.
typedef struct ckernels_pair_bias {
  /// What computes it.
  const ckernels_kernels *kernels;
  /// Number of heads.
  int64_t heads;
  /// Width inside the networks.
  int64_t hidden;
  /// Number of events, B.
  int64_t events;
  /// The first token of every event, and the number of tokens; [B + 1], rising from 0.
  const int64_t *offsets;
  /// The sum of N * N over the events' numbers of tokens.
  int64_t squares;
  /// Of pairs of objects, event after event each object with those before it in its event:
  /// [pair_count, pair_columns], with the sum of (N - 1) * (N - 2) / 2.
  const float *pairs;
  int64_t pair_count, pair_columns;
  /// Of objects and their events, [reference_count, reference_columns], with the sum of N - 1; null
  /// if these pairs have nothing.
  const float *_Nullable references;
  int64_t reference_count, reference_columns;
} ckernels_pair_bias;

/// Computes it.
///
/// - `parameters`: of the network of objects, then of the one of objects and events
/// - `output`: as `ckernels_encoder` takes it, CKERNELS_BIAS_SLACK zeros behind it
///
/// Returns false where there is no memory for it.
bool ckernels_pair_bias_forward(
    const ckernels_pair_bias *bias, const float *_Nonnull const *_Nonnull parameters,
    float *output);

/// Computes the gradients of the parameters, which are overwritten, from that of the output.
///
/// Returns false where there is no memory for it.
bool ckernels_pair_bias_backward(
    const ckernels_pair_bias *bias, const float *_Nonnull const *_Nonnull parameters,
    const float *output_gradient, float *_Nonnull const *_Nonnull parameter_gradients);

/// Returns memory for a number of floats, kept from an earlier use where there is some, or null.
///
/// Blocks of the size of a batch would otherwise come as new pages, to be cleared, in every step.
float *_Nullable ckernels_take_memory(size_t count);

/// Gives memory back, to be used again.
void ckernels_give_memory(float *_Nullable memory);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
