// SPDX-License-Identifier: Apache-2.0

#include "pieces.hpp"

#include <algorithm>

namespace ckernels {

int64_t wanted_before(const ckernels_encoder &encoder, int64_t first, int64_t end) {
  if (!encoder.wanted) return 0;
  int64_t at = first;
  while (at < encoder.wanted_count && encoder.wanted[at] < end) at += 1;
  return at - first;
}

std::vector<Piece> pieces(const ckernels_encoder &encoder, int64_t most) {
  const int64_t *offsets = encoder.offsets;
  const int64_t tokens = offsets[encoder.events] - offsets[0];
  std::vector<Piece> result;
  result.reserve(static_cast<size_t>(2 * tokens / most + 1));
  Piece piece{0, 0, offsets[0], 0, 0, 0};
  for (int64_t event = 0; event < encoder.events; ++event) {
    const int64_t size = offsets[event + 1] - offsets[event];
    if (piece.tokens + size > most) {
      result.push_back(piece);
      piece = {event, 0, offsets[event], 0, piece.first_wanted + piece.wanted, 0};
    }
    piece.events += 1;
    piece.tokens += size;
    piece.wanted += wanted_before(encoder, piece.first_wanted + piece.wanted, offsets[event + 1]);
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
