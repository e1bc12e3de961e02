// SPDX-License-Identifier: Apache-2.0

// What attention adds to its logits: of each two tokens of an event a small network,
// Linear -> GELU -> Linear, of what they have in common. As many rows at a time as a vector is long.

/// The parameters of a network, or their gradients.
template <class Value>
struct PairNetwork {
  /// [hidden, columns] and [hidden].
  Value *expansion_weight, *expansion_bias;
  /// [heads, hidden] and [heads].
  Value *contraction_weight, *contraction_bias;

  explicit PairNetwork(Value *const *list)
      : expansion_weight(list[0]), expansion_bias(list[1]), contraction_weight(list[2]),
        contraction_bias(list[3]) {}
};

/// The rows that a network is applied to.
struct PairRows {
  const float *features;
  int64_t count, columns, hidden, heads;

  /// Their number rounded up to whole vectors.
  int64_t step() const { return PieceEncoder::columns_of(count); }

  /// Loads the features from a row on; those of rows behind the last one are 0.
  void load_features(int64_t row, Vector *result) const {
    float values[CKERNELS_MOST_PAIR_COLUMNS][LANES] = {};
    const int64_t end = std::min<int64_t>(LANES, count - row);
    const float *from = features + row * columns;
    for (int64_t lane = 0; lane < end; ++lane)
      for (int64_t column = 0; column < columns; ++column) values[column][lane] = *from++;
    for (int64_t column = 0; column < columns; ++column) result[column] = load(values[column]);
  }

  /// A number inside the network before GELU.
  Vector expanded(
      const PairNetwork<const float> &network, int64_t number, const Vector *features) const {
    const float *weight = network.expansion_weight + number * columns;
    Vector value = network.expansion_bias[number];
    for (int64_t column = 0; column < columns; ++column)
      value = multiply_add(Vector(weight[column]), features[column], value);
    return value;
  }
};

/// Computes the outputs of a network, [heads, step].
static void apply_network(
    const PairRows &rows, const PairNetwork<const float> &network, float *result) {
  const int64_t step = rows.step();
  Vector features[CKERNELS_MOST_PAIR_COLUMNS];
  Vector active[CKERNELS_MOST_PAIR_HIDDEN];
  for (int64_t row = 0; row < rows.count; row += LANES) {
    rows.load_features(row, features);
    for (int64_t h = 0; h < rows.hidden; ++h)
      active[h] = gelu(rows.expanded(network, h, features));
    for (int64_t head = 0; head < rows.heads; ++head) {
      const float *weight = network.contraction_weight + head * rows.hidden;
      Vector value = network.contraction_bias[head];
      for (int64_t h = 0; h < rows.hidden; ++h)
        value = multiply_add(Vector(weight[h]), active[h], value);
      store(result + head * step + row, value);
    }
  }
}

/// Adds the product to the vector in memory.
CKERNELS_INLINE void accumulate(float *to, Vector a, Vector b) {
  store(to, multiply_add(a, b, load(to)));
}

/// Computes the gradients of a network's parameters from those of its outputs, [heads, step], which
/// are 0 behind the last row. Returns false where there is no memory for it.
static bool find_network_gradients(
    const PairRows &rows, const PairNetwork<const float> &network, const float *output_gradient,
    const PairNetwork<float> &gradients) {
  const int64_t step = rows.step();
  const int64_t sizes[] = {
      rows.hidden * rows.columns, rows.hidden, rows.heads * rows.hidden, rows.heads};
  // A sum for each lane, until all rows are done.
  const Memory memory((sizes[0] + sizes[1] + sizes[2] + sizes[3]) * LANES);
  if (!memory.start) return false;
  float *sums[4] = {memory.start, nullptr, nullptr, nullptr};
  for (int part = 1; part < 4; ++part) sums[part] = sums[part - 1] + sizes[part - 1] * LANES;
  __builtin_memset(
      memory.start, 0,
      static_cast<size_t>(sums[3] + sizes[3] * LANES - memory.start) * sizeof(float));

  const Vector one = 1.0f;
  Vector features[CKERNELS_MOST_PAIR_COLUMNS];
  Vector back[CKERNELS_MOST_PAIR_HEADS];
  for (int64_t row = 0; row < rows.count; row += LANES) {
    rows.load_features(row, features);
    for (int64_t head = 0; head < rows.heads; ++head) {
      back[head] = load(output_gradient + head * step + row);
      accumulate(sums[3] + head * LANES, back[head], one);
    }
    for (int64_t h = 0; h < rows.hidden; ++h) {
      const Vector value = rows.expanded(network, h, features);
      const Normal at = normal(value);
      const Vector active = value * at.probability;
      Vector change = 0.0f;
      for (int64_t head = 0; head < rows.heads; ++head) {
        const int64_t place = head * rows.hidden + h;
        change = multiply_add(Vector(network.contraction_weight[place]), back[head], change);
        accumulate(sums[2] + place * LANES, back[head], active);
      }
      change *= multiply_add(value, at.density, at.probability);
      accumulate(sums[1] + h * LANES, change, one);
      for (int64_t column = 0; column < rows.columns; ++column)
        accumulate(sums[0] + (h * rows.columns + column) * LANES, change, features[column]);
    }
  }

  float *const results[] = {
      gradients.expansion_weight, gradients.expansion_bias, gradients.contraction_weight,
      gradients.contraction_bias};
  for (int part = 0; part < 4; ++part)
    for (int64_t at = 0; at < sizes[part]; ++at)
      results[part][at] = sum(load(sums[part] + at * LANES));
  return true;
}

/// Calls `act` with the places of a row's two numbers among the squares, row after row: for pairs of
/// objects, or for an event's token and its objects.
template <bool is_reference, class Act>
CKERNELS_INLINE void for_each_row(const ckernels_pair_bias &bias, const Act &act) {
  int64_t first = 0;
  for (int64_t event = 0; event < bias.events; ++event) {
    const int64_t tokens = bias.offsets[event + 1] - bias.offsets[event];
    for (int64_t later = 1; later < tokens; ++later) {
      if (is_reference) {
        act(first + later, first + later * tokens);
      } else {
        for (int64_t earlier = 1; earlier < later; ++earlier)
          act(first + later * tokens + earlier, first + earlier * tokens + later);
      }
    }
    first += tokens * tokens;
  }
}

/// The pairs of objects of a batch, or its events with their objects, and how they are computed.
template <bool is_reference>
struct PairPart {
  const ckernels_pair_bias &bias;
  PairRows rows;

  explicit PairPart(const ckernels_pair_bias &bias)
      : bias(bias),
        rows{is_reference ? bias.references : bias.pairs,
             is_reference ? bias.reference_count : bias.pair_count,
             is_reference ? bias.reference_columns : bias.pair_columns, bias.hidden, bias.heads} {}

  /// Writes what the network gives to its places.
  bool forward(const float *const *parameters, float *output) const {
    const Memory values(rows.heads * rows.step());
    if (!values.start) return false;
    apply_network(rows, PairNetwork<const float>(parameters), values.start);
    for (int64_t head = 0; head < rows.heads; ++head) {
      const float *from = values.start + head * rows.step();
      float *to = output + head * bias.squares;
      for_each_row<is_reference>(
          bias, [&](int64_t one, int64_t other) { to[one] = to[other] = *from++; });
    }
    return true;
  }

  /// Computes the gradients of the network's parameters.
  bool backward(
      const float *const *parameters, const float *output_gradient, float *const *gradients) const {
    const Memory values(rows.heads * rows.step());
    if (!values.start) return false;
    for (int64_t head = 0; head < rows.heads; ++head) {
      const float *from = output_gradient + head * bias.squares;
      float *to = values.start + head * rows.step();
      for_each_row<is_reference>(
          bias, [&](int64_t one, int64_t other) { *to++ = from[one] + from[other]; });
      for (float *end = values.start + (head + 1) * rows.step(); to < end; ++to) *to = 0;
    }
    return find_network_gradients(
        rows, PairNetwork<const float>(parameters), values.start, PairNetwork<float>(gradients));
  }
};

static bool pair_bias_forward(
    const ckernels_pair_bias &bias, const float *const *parameters, float *output) {
  __builtin_memset(
      output, 0,
      static_cast<size_t>(bias.heads * bias.squares + CKERNELS_BIAS_SLACK) * sizeof(float));
  return PairPart<false>(bias).forward(parameters, output) &&
         (!bias.references ||
          PairPart<true>(bias).forward(parameters + CKERNELS_PARAMETERS_PER_PAIR_NETWORK, output));
}

static bool pair_bias_backward(
    const ckernels_pair_bias &bias, const float *const *parameters, const float *output_gradient,
    float *const *gradients) {
  return PairPart<false>(bias).backward(parameters, output_gradient, gradients) &&
         (!bias.references ||
          PairPart<true>(bias).backward(
              parameters + CKERNELS_PARAMETERS_PER_PAIR_NETWORK, output_gradient,
              gradients + CKERNELS_PARAMETERS_PER_PAIR_NETWORK));
}
