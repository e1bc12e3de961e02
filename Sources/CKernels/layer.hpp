// SPDX-License-Identifier: Apache-2.0

// Where the numbers of a layer stand: its parameters, packed weights, what is kept of it for the
// way back, and the room that a thread needs.

/// The parameters of a layer, or their gradients.
template <class Float>
struct LayerParameters {
  Float *norm_weight, *norm_bias;              // [D], [D]
  Float *projection_weight, *projection_bias;  // [3 D, D], [3 D]: queries, keys, values
  Float *output_weight, *output_bias;          // [D, D], [D]
  Float *second_weight, *second_bias;          // [D], [D]
  Float *expansion_weight, *expansion_bias;    // [F, D], [F]
  Float *contraction_weight, *contraction_bias;  // [D, F], [D]

  explicit LayerParameters(Float *const *p)
      : norm_weight(p[0]), norm_bias(p[1]), projection_weight(p[2]), projection_bias(p[3]),
        output_weight(p[4]), output_bias(p[5]), second_weight(p[6]), second_bias(p[7]),
        expansion_weight(p[8]), expansion_bias(p[9]), contraction_weight(p[10]),
        contraction_bias(p[11]) {}
};

/// Features of the feed-forward part that are computed at a time: all of them would push what
/// comes next out of the cache.
constexpr int64_t BLOCK = 128;

/// The weights of a layer, packed for products with them or with their transposes.
///
/// Where the features of the feed-forward part are rows, each BLOCK of them is packed by itself.
struct PackedLayer {
  float *projection, *output, *expansion, *contraction;

  PackedLayer(float *start, int64_t width, int64_t inner)
      : projection(start), output(projection + 3 * width * width),
        expansion(output + width * width), contraction(expansion + inner * width) {}

  static int64_t count(int64_t width, int64_t inner) {
    return 4 * width * width + 2 * inner * width;
  }
};

/// What the way back needs of a layer, for one piece.
struct LayerRecord {
  Moments *moments, *second_moments;
  float *x, *projected, *attended, *middle, *inner;

  LayerRecord(float *start, int64_t width)
      : moments(reinterpret_cast<Moments *>(start)), second_moments(moments + 1),
        x(start + 4 * STRIDE), projected(x + width * STRIDE),
        attended(projected + 3 * width * STRIDE), middle(attended + width * STRIDE),
        inner(middle + width * STRIDE) {}

  static int64_t count(int64_t width, int64_t inner) {
    return (4 + 6 * width + inner) * STRIDE;
  }
};

/// Matrices that a thread needs for itself.
struct Room {
  AttentionRoom *attention;
  float *panel;                                // [STRIDE, PANEL]
  float *normed, *first, *second, *third;      // [D] each
  float *projected;                            // [3 D]
  float *inner, *slope;                        // [BLOCK], [BLOCK]
  float *record;                               // of one layer, with [BLOCK] of its inner

  Room(float *start, int64_t width, int64_t inner_width)
      : attention(reinterpret_cast<AttentionRoom *>(start)),
        panel(start + sizeof(AttentionRoom) / sizeof(float)), normed(panel + PANEL * STRIDE),
        first(normed + width * STRIDE), second(first + width * STRIDE),
        third(second + width * STRIDE), projected(third + width * STRIDE),
        inner(projected + 3 * width * STRIDE), slope(inner + block(inner_width) * STRIDE),
        record(slope + block(inner_width) * STRIDE) {}

  static int64_t block(int64_t inner) { return std::min(BLOCK, inner); }

  static int64_t count(int64_t width, int64_t inner) {
    return static_cast<int64_t>(sizeof(AttentionRoom) / sizeof(float)) +
           (PANEL + 7 * width + 2 * block(inner)) * STRIDE +
           LayerRecord::count(width, block(inner));
  }
};
