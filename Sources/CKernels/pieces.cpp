// SPDX-License-Identifier: Apache-2.0

#include "pieces.hpp"

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
  Piece piece{0, 0, offsets[0], 0, 0, 0, 0};
  int64_t pairs = 0;
  for (int64_t event = 0; event < encoder.events; ++event) {
    const int64_t size = offsets[event + 1] - offsets[event];
    if (piece.tokens + size > most) {
      result.push_back(piece);
      piece = {event, 0, offsets[event], 0, piece.first_wanted + piece.wanted, 0, pairs};
    }
    piece.events += 1;
    piece.tokens += size;
    pairs += size * size;
    piece.wanted += wanted_before(encoder, piece.first_wanted + piece.wanted, offsets[event + 1]);
  }
  if (piece.events > 0) result.push_back(piece);
  return result;
}

int64_t parameter_size(const ckernels_encoder &encoder, int index) {
  const int64_t width = encoder.width;
  const int64_t inner = encoder.inner;
  const int64_t sizes[CKERNELS_PARAMETERS_PER_LAYER] = {
      width, width, 3 * width * width, 3 * width, width * width, width,
      width, width, inner * width,     inner,     width * inner, width};
  return sizes[index];
}

}  // namespace ckernels
