// SPDX-License-Identifier: Apache-2.0

// What acts on each token by itself: norms, GELU and the sums over tokens.
//
// Matrices are [features, STRIDE] with tokens as columns; `columns` is the number of tokens
// rounded up to whole vectors.

/// Vectors of one row of a piece.
constexpr int64_t VECTORS = TOKENS / LANES;

/// Mean and inverse deviation of every token.
struct Moments {
  float mean[STRIDE];
  float scale[STRIDE];
};

/// result = (x - mean) * scale * weight + bias, over the features of a token.
///
/// Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450.
static void normalize(
    const float *x, int64_t width, int64_t columns, const Moments &moments, const float *weight,
    const float *bias, float *result) {
  for (int64_t feature = 0; feature < width; ++feature) {
    const Vector factor = weight[feature];
    const Vector summand = bias[feature];
    for (int64_t at = 0; at < columns; at += LANES) {
      const Vector value = (load(x + at) - load(moments.mean + at)) * load(moments.scale + at);
      store(result + at, multiply_add(value, factor, summand));
    }
    x += STRIDE;
    result += STRIDE;
  }
}

/// Finds mean and inverse deviation of every token.
static void find_moments(
    const float *x, int64_t width, int64_t columns, float epsilon, Moments &moments) {
  const Vector share = 1.0f / static_cast<float>(width);
  Vector means[VECTORS];
  Vector variances[VECTORS];
  const int64_t vectors = columns / LANES;
  for (int64_t v = 0; v < vectors; ++v) means[v] = variances[v] = 0.0f;
  for (int64_t feature = 0; feature < width; ++feature)
    for (int64_t v = 0; v < vectors; ++v) means[v] += load(x + feature * STRIDE + v * LANES);
  for (int64_t v = 0; v < vectors; ++v) means[v] *= share;
  for (int64_t feature = 0; feature < width; ++feature) {
    for (int64_t v = 0; v < vectors; ++v) {
      const Vector distance = load(x + feature * STRIDE + v * LANES) - means[v];
      variances[v] = multiply_add(distance, distance, variances[v]);
    }
  }
  for (int64_t v = 0; v < vectors; ++v) {
    store(moments.mean + v * LANES, means[v]);
    store(
        moments.scale + v * LANES,
        1.0f / __builtin_elementwise_sqrt(multiply_add(variances[v], share, Vector(epsilon))));
  }
}

/// Adds the gradient that comes back through a norm to `gradient`, and to those of its weight and
/// bias.
///
///     n = (x - mean) * scale,  g = dY weight
///     dX = scale (g - mean(g) - n mean(g n)),  dWeight = sum dY n,  dBias = sum dY
///
/// - `result_gradient`: dY, zero in the columns beyond the last token
static void normalize_backward(
    const float *x, int64_t width, int64_t columns, const Moments &moments, const float *weight,
    const float *result_gradient, float *gradient, float *weight_gradient,
    float *bias_gradient) {
  const Vector share = 1.0f / static_cast<float>(width);
  Vector means[VECTORS];
  Vector products[VECTORS];
  const int64_t vectors = columns / LANES;
  for (int64_t v = 0; v < vectors; ++v) means[v] = products[v] = 0.0f;
  for (int64_t feature = 0; feature < width; ++feature) {
    const Vector factor = weight[feature];
    Vector weight_sum = 0.0f;
    Vector bias_sum = 0.0f;
    for (int64_t v = 0; v < vectors; ++v) {
      const int64_t at = feature * STRIDE + v * LANES;
      const Vector n = (load(x + at) - load(moments.mean + v * LANES)) *
                       load(moments.scale + v * LANES);
      const Vector change = load(result_gradient + at);
      bias_sum += change;
      weight_sum = multiply_add(change, n, weight_sum);
      means[v] = multiply_add(change, factor, means[v]);
      products[v] = multiply_add(change * factor, n, products[v]);
    }
    weight_gradient[feature] += sum(weight_sum);
    bias_gradient[feature] += sum(bias_sum);
  }
  for (int64_t feature = 0; feature < width; ++feature) {
    const Vector factor = weight[feature];
    for (int64_t v = 0; v < vectors; ++v) {
      const int64_t at = feature * STRIDE + v * LANES;
      const Vector scale = load(moments.scale + v * LANES);
      const Vector n = (load(x + at) - load(moments.mean + v * LANES)) * scale;
      const Vector change = load(result_gradient + at) * factor;
      const Vector rest = change - share * multiply_add(n, products[v], means[v]);
      store(gradient + at, multiply_add(scale, rest, load(gradient + at)));
    }
  }
}

/// result = GELU(x), and x past the cache to `kept` unless that is null.
static void gelu(const float *x, int64_t rows, int64_t columns, float *result, float *kept) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t at = row * STRIDE; at < row * STRIDE + columns; at += LANES) {
      const Vector value = load(x + at);
      if (kept) store_past_cache(kept + at, value);
      store(result + at, gelu(value));
    }
  }
}

/// result = GELU(x) and slope = GELU'(x) = Phi(x) + x phi(x).
static void gelu_and_slope(
    const float *x, int64_t rows, int64_t columns, float *result, float *slope) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t at = row * STRIDE; at < row * STRIDE + columns; at += LANES) {
      const Vector value = load(x + at);
      const Normal n = normal(value);
      store(result + at, value * n.probability);
      store(slope + at, multiply_add(value, n.density, n.probability));
    }
  }
}

/// a = a * b, element by element; adds the sum of every row, zero beyond the last token.
static void multiply_elements(
    float *a, const float *b, int64_t rows, int64_t columns, float *sums) {
  for (int64_t row = 0; row < rows; ++row) {
    Vector total = 0.0f;
    for (int64_t at = row * STRIDE; at < row * STRIDE + columns; at += LANES) {
      const Vector value = load(a + at) * load(b + at);
      store(a + at, value);
      total += value;
    }
    sums[row] += sum(total);
  }
}

/// Copies columns to where they are not read soon.
static void copy_past_cache(const float *from, int64_t rows, int64_t columns, float *to) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t at = row * STRIDE; at < row * STRIDE + columns; at += LANES)
      store_past_cache(to + at, load(from + at));
}

/// Adds the sum of every row, whose columns beyond the last token are zero.
static void add_sums(const float *a, int64_t rows, int64_t columns, float *sums) {
  for (int64_t row = 0; row < rows; ++row) {
    Vector total = 0.0f;
    for (int64_t at = 0; at < columns; at += LANES) total += load(a + row * STRIDE + at);
    sums[row] += sum(total);
  }
}

/// Clears the columns between the last token and the end of its vector.
static void clear_rest(float *a, int64_t rows, int64_t tokens, int64_t columns) {
  if (tokens == columns) return;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t at = tokens; at < columns; ++at) a[row * STRIDE + at] = 0;
}

/// Turns tokens, whose features start at `tokens(0)`, `tokens(1)` …, into columns, with zeros
/// beyond the last.
template <class Tokens>
static void tokens_to_columns(
    Tokens tokens, int64_t count, int64_t width, int64_t columns, float *result) {
  const int64_t whole = count / LANES * LANES;
  for (int64_t token = 0; token < whole; token += LANES) {
    const float *starts[LANES];
    for (int64_t row = 0; row < LANES; ++row) starts[row] = tokens(token + row);
    for (int64_t feature = 0; feature < width; feature += LANES) {
      Vector rows[LANES];
      for (int64_t row = 0; row < LANES; ++row) rows[row] = load(starts[row] + feature);
      transpose(rows);
      for (int64_t row = 0; row < LANES; ++row)
        store(result + (feature + row) * STRIDE + token, rows[row]);
    }
  }
  for (int64_t token = whole; token < columns; ++token) {
    const float *start = token < count ? tokens(token) : nullptr;
    for (int64_t feature = 0; feature < width; ++feature)
      result[feature * STRIDE + token] = start ? start[feature] : 0;
  }
}

/// Turns columns back into tokens, as above.
template <class Tokens>
static void columns_to_tokens(
    const float *columns, int64_t count, int64_t width, Tokens tokens) {
  const int64_t whole = count / LANES * LANES;
  for (int64_t token = 0; token < whole; token += LANES) {
    float *starts[LANES];
    for (int64_t row = 0; row < LANES; ++row) starts[row] = tokens(token + row);
    for (int64_t feature = 0; feature < width; feature += LANES) {
      Vector rows[LANES];
      for (int64_t row = 0; row < LANES; ++row)
        rows[row] = load(columns + (feature + row) * STRIDE + token);
      transpose(rows);
      for (int64_t row = 0; row < LANES; ++row) store(starts[row] + feature, rows[row]);
    }
  }
  for (int64_t token = whole; token < count; ++token) {
    float *start = tokens(token);
    for (int64_t feature = 0; feature < width; ++feature)
      start[feature] = columns[feature * STRIDE + token];
  }
}
