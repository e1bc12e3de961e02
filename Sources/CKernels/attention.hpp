// SPDX-License-Identifier: Apache-2.0

// Attention among the tokens of one event, for one head.
//
// A number for each pair of tokens is kept as [key, query]: queries lie along the vectors, so that
// the softmax over the keys is made without looking across a vector. Lanes beyond an event's last
// token compute what nobody reads; they are written over by the next event, or cleared at the end.
//
// Source: A. Vaswani et al., "Attention is all you need", arXiv:1706.03762, equation 1.

/// Numbers for all pairs of tokens of an event, [key, query] with STRIDE between the keys.
struct Pairs {
  float values[TOKENS * STRIDE];
};

/// How many keys and queries an event has, and how many features a head.
struct Extent {
  int64_t keys, queries, head;
};

/// C[key, query] = sum over the head's features of A[feature, key] B[feature, query].
CKERNELS_INLINE void products_of_pairs(
    const float *a, const float *b, const Extent &extent, Pairs &c) {
  const Division division(extent.keys);
  for (int64_t query = 0; query < extent.queries; query += LANES) {
    int64_t key = 0;
    for (int64_t part = 0; part < division.tiles; ++part) {
      const int64_t size = division.size(part);
      tile_of<ROWS, 1, Start::zero, 1, STRIDE, STRIDE>(
          size, a + key, b + query, extent.head, c.values + key * STRIDE + query, STRIDE, nullptr,
          nullptr);
      key += size;
    }
  }
}

/// C[feature, column] = sum over the rows of A[feature, row] P[row, column].
CKERNELS_INLINE void sums_over_rows(
    const float *a, const Pairs &pairs, int64_t rows, int64_t columns, int64_t head, float *c) {
  const Division division(head);
  int64_t feature = 0;
  for (int64_t part = 0; part < division.tiles; ++part) {
    const int64_t size = division.size(part);
    for (int64_t column = 0; column < columns; column += LANES)
      tile_of<ROWS, 1, Start::zero, STRIDE, 1, STRIDE>(
          size, a + feature * STRIDE, pairs.values + column, rows,
          c + feature * STRIDE + column, STRIDE, nullptr, nullptr);
    feature += size;
  }
}

/// Exchanges keys and queries.
CKERNELS_INLINE void transpose(const Pairs &from, const Extent &extent, Pairs &to) {
  for (int64_t row = 0; row < extent.keys; row += LANES)
    for (int64_t column = 0; column < extent.queries; column += LANES)
      transpose(
          from.values + row * STRIDE + column, STRIDE, to.values + column * STRIDE + row, STRIDE);
}

/// What is added to the logits of an event in one head, [key, query] for all of its tokens.
struct EventBias {
  /// Null for nothing.
  const float *values;
  /// Where its gradient is added; null on the way forth.
  float *gradients;
  /// The event's tokens.
  int64_t tokens;
  /// The tokens that ask, of which `first` is the event's first; null for all of the event's.
  const int64_t *asking;
  int64_t first;

  /// row = row * scale + what is added for a key.
  void add(int64_t key, float scale, int64_t queries, float *row) const {
    const float *added = values + key * tokens;
    if (asking) {
      for (int64_t q = 0; q < queries; ++q) row[q] = row[q] * scale + added[asking[q] - first];
      return;
    }
    for (int64_t at = 0; at < queries; at += LANES)
      store(row + at, multiply_add(load(row + at), Vector(scale), load(added + at)));
  }

  /// Adds a row of gradients to those of a key.
  void add_gradient(int64_t key, int64_t queries, const float *row) const {
    float *to = gradients + key * tokens;
    if (asking) {
      for (int64_t q = 0; q < queries; ++q) to[asking[q] - first] += row[q];
      return;
    }
    // What is behind the last query is of another key.
    int64_t at = 0;
    for (; at + LANES <= queries; at += LANES) store(to + at, load(to + at) + load(row + at));
    for (; at < queries; ++at) to[at] += row[at];
  }
};

/// The softmax over the keys of the scaled products of queries and keys, and what is added to them.
static void attention_probabilities(
    const float *query, const float *key, const Extent &extent, float scale,
    const EventBias &bias, Pairs &pairs) {
  products_of_pairs(key, query, extent, pairs);
  const int64_t count = extent.keys;
  if (bias.values) {
    for (int64_t k = 0; k < count; ++k)
      bias.add(k, scale, extent.queries, pairs.values + k * STRIDE);
    scale = 1;
  }
  for (int64_t at = 0; at < extent.queries; at += LANES) {
    float *column = pairs.values + at;
    Vector most = load(column);
    for (int64_t k = 1; k < count; ++k)
      most = __builtin_elementwise_max(most, load(column + k * STRIDE));
    Vector total = 0.0f;
    for (int64_t k = 0; k < count; ++k) {
      const Vector value = exponential((load(column + k * STRIDE) - most) * scale);
      total += value;
      store(column + k * STRIDE, value);
    }
    const Vector factor = 1.0f / total;
    for (int64_t k = 0; k < count; ++k)
      store(column + k * STRIDE, load(column + k * STRIDE) * factor);
  }
}

/// Room for the pairs of an event.
struct AttentionRoom {
  Pairs probabilities, gradients, turned;
};

/// Computes what one head of one event attends to.
///
/// All pointers are to the event's first token in the head's first feature.
static void attend(
    const float *query, const float *key, const float *value, const Extent &extent, float scale,
    const EventBias &bias, float *result, AttentionRoom &room) {
  attention_probabilities(query, key, extent, scale, bias, room.probabilities);
  sums_over_rows(
      value, room.probabilities, extent.keys, extent.queries, extent.head, result);
}

/// Computes the gradients of queries, keys and values from that of the result, and adds to that of
/// the bias.
///
///     dP[k, q] = V[k] · dO[q]
///     dB = P (dP - sum over k of P dP),  dS = dB scale
///     dQ[q] = sum over k of dS K,  dK[k] = sum over q of dS Q,  dV[k] = sum over q of P dO
static void attend_backward(
    const float *query, const float *key, const float *value, const float *result_gradient,
    const Extent &extent, float scale, const EventBias &bias, float *query_gradient,
    float *key_gradient, float *value_gradient, AttentionRoom &room) {
  const auto [keys, queries, head] = extent;
  Pairs &probabilities = room.probabilities;
  Pairs &gradients = room.gradients;
  attention_probabilities(query, key, extent, scale, bias, probabilities);
  products_of_pairs(value, result_gradient, extent, gradients);
  const float factor = bias.values ? 1 : scale;
  for (int64_t at = 0; at < queries; at += LANES) {
    const float *p = probabilities.values + at;
    float *g = gradients.values + at;
    Vector mean = 0.0f;
    for (int64_t k = 0; k < keys; ++k)
      mean = multiply_add(load(p + k * STRIDE), load(g + k * STRIDE), mean);
    for (int64_t k = 0; k < keys; ++k)
      store(
          g + k * STRIDE, load(p + k * STRIDE) * (load(g + k * STRIDE) - mean) * factor);
  }
  if (bias.values) {
    for (int64_t k = 0; k < keys; ++k) {
      float *row = gradients.values + k * STRIDE;
      bias.add_gradient(k, queries, row);
      for (int64_t at = 0; at < queries; at += LANES) store(row + at, load(row + at) * scale);
    }
  }
  sums_over_rows(key, gradients, keys, queries, head, query_gradient);
  transpose(gradients, extent, room.turned);
  sums_over_rows(query, room.turned, queries, keys, head, key_gradient);
  transpose(probabilities, extent, room.turned);
  sums_over_rows(result_gradient, room.turned, queries, keys, head, value_gradient);
}
