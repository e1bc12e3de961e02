// SPDX-License-Identifier: Apache-2.0

#include "pieces.hpp"

#include <algorithm>

namespace ckernels {

std::vector<Piece> pieces(const ckernels_encoder &encoder, int64_t most) {
  const int64_t *offsets = encoder.offsets;
  const int64_t tokens = offsets[encoder.events] - offsets[0];
  std::vector<Piece> result;
  result.reserve(static_cast<size_t>(2 * tokens / most + 1));
  Piece piece{0, 0, offsets[0], 0};
  for (int64_t event = 0; event < encoder.events; ++event) {
    const int64_t size = offsets[event + 1] - offsets[event];
    if (piece.tokens + size > most) {
      result.push_back(piece);
      piece = {event, 0, offsets[event], 0};
    }
    piece.events += 1;
    piece.tokens += size;
  }
  if (piece.events > 0) result.push_back(piece);
  return result;
}

int sum_count(const ckernels_encoder &encoder, const std::vector<Piece> &list) {
  const int64_t tokens = encoder.offsets[encoder.events] - encoder.offsets[0];
  const int64_t wanted = std::clamp<int64_t>(tokens / 1024, 1, 32);
  return static_cast<int>(std::min<int64_t>(wanted, static_cast<int64_t>(list.size())));
}

int64_t parameter_size(const ckernels_encoder &encoder, int index) {
  const int64_t width = encoder.width;
  const int64_t inner = encoder.inner;
  const int64_t sizes[CKERNELS_PARAMETERS_PER_LAYER] = {
      width, width, 3 * width * width, 3 * width, width * width, width,
      width, width, inner * width,     inner,     width * inner, width};
  return sizes[index];
}

int64_t parameter_count(const ckernels_encoder &encoder) {
  int64_t count = 0;
  for (int index = 0; index < CKERNELS_PARAMETERS_PER_LAYER; ++index)
    count += parameter_size(encoder, index);
  return encoder.layers * count;
}

}  // namespace ckernels
