// SPDX-License-Identifier: Apache-2.0

// How a batch is divided, and the room that it takes.

#pragma once

#include <cstdint>
#include <vector>

#include "ckernels.h"

namespace ckernels {

/// Some events that are computed together.
struct Piece {
  int64_t first_event, events;
  int64_t first_token, tokens;
  /// The tokens that the last layer is computed for, as places in the list of these.
  int64_t first_wanted, wanted;
  /// The numbers for pairs of tokens of one head that come before.
  int64_t first_pair;
};

/// How many of the wanted tokens, from `first` on, come before the token `end`.
int64_t wanted_before(const ckernels_encoder &encoder, int64_t first, int64_t end);

/// Divides a batch into pieces of up to `most` tokens, whole events each; no event has more.
std::vector<Piece> pieces(const ckernels_encoder &encoder, int64_t most);

/// Number of elements of a layer's parameter.
int64_t parameter_size(const ckernels_encoder &encoder, int index);

/// A block of memory for the time of a call.
struct Memory {
  float *start;

  explicit Memory(int64_t count) : start(ckernels_take_memory(static_cast<size_t>(count))) {}
  ~Memory() { ckernels_give_memory(start); }
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;
};

}  // namespace ckernels
