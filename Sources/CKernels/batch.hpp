// SPDX-License-Identifier: Apache-2.0

// An encoder at work on a whole batch: packed weights, pieces shared by threads, and the sums of
// their gradients.

/// The way forth of a batch.
struct ForwardWork {
  const ckernels_encoder &encoder;
  const float *const *parameters;
  const float *packed;
  const float *input;
  float *output;
  float *saved;
  float *rooms;
  const std::vector<Piece> &list;

  static void run(void *context, int index, int worker) {
    static_cast<ForwardWork *>(context)->compute(index, worker);
  }

  void compute(int index, int worker) const {
    const int64_t width = encoder.width;
    const int64_t inner = encoder.inner;
    const Piece &piece = list[static_cast<size_t>(index)];
    Room room(rooms + worker * Room::count(width, inner), width, inner);
    const PieceEncoder work(encoder, piece, room);
    float *x = room.first;
    float *result = room.second;
    tokens_to_columns(
        input + piece.first_token * width, piece.tokens, width,
        PieceEncoder::columns_of(piece.tokens), x);
    for (int64_t layer = 0; layer < encoder.layers; ++layer) {
      const bool is_last = layer + 1 == encoder.layers;
      const int64_t before =
          (index * encoder.layers + layer) * LayerRecord::count(width, inner);
      const LayerRecord kept(saved ? saved + before : nullptr, width);
      work.forward(
          LayerParameters<const float>(parameters + layer * CKERNELS_PARAMETERS_PER_LAYER),
          PackedLayer(
              const_cast<float *>(packed) + layer * PackedLayer::count(width, inner), width,
              inner),
          x, saved ? &kept : nullptr, result, is_last && encoder.wanted);
      std::swap(x, result);
    }
    if (saved) finish_stores();
    if (encoder.wanted) {
      columns_to_tokens(x, piece.wanted, width, output + piece.first_wanted * width);
    } else {
      columns_to_tokens(x, piece.tokens, width, output + piece.first_token * width);
    }
  }
};

/// The way back of a batch: some pieces, one after the other, whose gradients are added.
struct BackwardWork {
  const ckernels_encoder &encoder;
  const float *const *parameters;
  const float *packed;
  const float *saved;
  const float *output_gradient;
  float *input_gradient;
  float *sums;
  int64_t parameter_count;
  int64_t sum_count;
  float *rooms;
  const std::vector<Piece> &list;

  static void run(void *context, int index, int worker) {
    static_cast<BackwardWork *>(context)->compute(index, worker);
  }

  void compute(int index, int worker) const {
    const int64_t width = encoder.width;
    const int64_t inner = encoder.inner;
    Room room(rooms + worker * Room::count(width, inner), width, inner);
    float *own = sums + index * parameter_count;
    __builtin_memset(own, 0, static_cast<size_t>(parameter_count) * sizeof(float));
    const int64_t pieces = static_cast<int64_t>(list.size());
    const int64_t end = (index + 1) * pieces / sum_count;
    for (int64_t at = index * pieces / sum_count; at < end; ++at) {
      const Piece &piece = list[static_cast<size_t>(at)];
      const PieceEncoder work(encoder, piece, room);
      const bool is_short = encoder.wanted;
      const int64_t count = is_short ? piece.wanted : piece.tokens;
      const int64_t first = is_short ? piece.first_wanted : piece.first_token;
      tokens_to_columns(
          output_gradient + first * width, count, width, PieceEncoder::columns_of(count),
          room.first);
      for (int64_t layer = encoder.layers - 1; layer >= 0; --layer) {
        const int64_t record = at * encoder.layers + layer;
        work.backward(
            LayerParameters<const float>(parameters + layer * CKERNELS_PARAMETERS_PER_LAYER),
            PackedLayer(
                const_cast<float *>(packed) + layer * PackedLayer::count(width, inner), width,
                inner),
            LayerRecord(
                const_cast<float *>(saved) + record * LayerRecord::count(width, inner), width),
            room.first, gradients(own, layer), is_short && layer + 1 == encoder.layers);
      }
      columns_to_tokens(
          room.first, piece.tokens, width, input_gradient + piece.first_token * width);
    }
  }

  /// The gradients of a layer stand one after the other, in the order of the parameters.
  LayerParameters<float> gradients(float *own, int64_t layer) const {
    float *at = own + layer * (parameter_count / encoder.layers);
    float *list[CKERNELS_PARAMETERS_PER_LAYER];
    for (int index = 0; index < CKERNELS_PARAMETERS_PER_LAYER; ++index) {
      list[index] = at;
      at += parameter_size(encoder, index);
    }
    return LayerParameters<float>(list);
  }
};

/// Packs the weights of a layer, or their transposes.
struct PackWork {
  const ckernels_encoder &encoder;
  const float *const *parameters;
  float *packed;
  bool is_transposed;

  static void run(void *context, int index, int) {
    static_cast<PackWork *>(context)->compute(index);
  }

  void compute(int layer) const {
    const int64_t width = encoder.width;
    const int64_t inner = encoder.inner;
    const PackedLayer to(packed + layer * PackedLayer::count(width, inner), width, inner);
    const LayerParameters<const float> p(parameters + layer * CKERNELS_PARAMETERS_PER_LAYER);
    if (is_transposed || !encoder.wanted || layer + 1 < encoder.layers) {
      pack_weight(p.projection_weight, 3 * width, width, to.projection);
    } else {
      // Queries are computed for fewer tokens than keys and values.
      pack_weight(p.projection_weight, width, width, to.projection);
      pack_weight(
          p.projection_weight + width * width, 2 * width, width, to.projection + width * width);
    }
    pack_weight(p.output_weight, width, width, to.output);
    if (is_transposed) {
      pack_weight(p.expansion_weight, inner, width, to.expansion);
      for (int64_t first = 0; first < inner; first += BLOCK)
        pack(
            p.contraction_weight + first, 1, inner, std::min(BLOCK, inner - first), width,
            to.contraction + first * width);
    } else {
      for (int64_t first = 0; first < inner; first += BLOCK)
        pack_weight(
            p.expansion_weight + first * width, std::min(BLOCK, inner - first), width,
            to.expansion + first * width);
      pack_weight(p.contraction_weight, width, inner, to.contraction);
    }
  }

  void pack_weight(const float *weight, int64_t outputs, int64_t inputs, float *to) const {
    if (is_transposed) {
      pack(weight, 1, inputs, inputs, outputs, to);
    } else {
      pack(weight, inputs, 1, outputs, inputs, to);
    }
  }
};

/// Adds the sums of gradients up, parameter by parameter.
struct CollectWork {
  const ckernels_encoder &encoder;
  const float *sums;
  int64_t parameter_count;
  int64_t sum_count;
  float *const *gradients;

  static void run(void *context, int index, int) {
    static_cast<CollectWork *>(context)->compute(index);
  }

  void compute(int layer) const {
    const float *from = sums + layer * (parameter_count / encoder.layers);
    for (int index = 0; index < CKERNELS_PARAMETERS_PER_LAYER; ++index) {
      float *to = gradients[layer * CKERNELS_PARAMETERS_PER_LAYER + index];
      const int64_t size = parameter_size(encoder, index);
      for (int64_t at = 0; at < size; at += LANES) {
        Vector total = load(from + at);
        for (int64_t other = 1; other < sum_count; ++other)
          total += load(from + other * parameter_count + at);
        store(to + at, total);
      }
      from += size;
    }
  }
};

static size_t saved_count(const ckernels_encoder &encoder) {
  return pieces(encoder, TOKENS).size() *
         static_cast<size_t>(
             encoder.layers * LayerRecord::count(encoder.width, encoder.inner));
}

static bool forward(
    const ckernels_encoder &encoder, const float *const *parameters, const float *input,
    float *output, float *saved) {
  const std::vector<Piece> list = pieces(encoder, TOKENS);
  const int count = static_cast<int>(list.size());
  const int layers = static_cast<int>(encoder.layers);
  const Memory packed(encoder.layers * PackedLayer::count(encoder.width, encoder.inner));
  const Memory rooms(
      std::min(encoder.threads, count) * Room::count(encoder.width, encoder.inner));
  if (!packed.start || !rooms.start) return false;
  PackWork packing{encoder, parameters, packed.start, false};
  share(layers, encoder.threads, PackWork::run, &packing);
  ForwardWork work{
      encoder, parameters, packed.start, input, output, saved, rooms.start, list};
  share(count, encoder.threads, ForwardWork::run, &work);
  return true;
}

static bool backward(
    const ckernels_encoder &encoder, const float *const *parameters, const float *saved,
    const float *output_gradient, float *input_gradient, float *const *parameter_gradients) {
  const std::vector<Piece> list = pieces(encoder, TOKENS);
  const int layers = static_cast<int>(encoder.layers);
  const int sum_count = ckernels::sum_count(encoder, list);
  const int64_t parameter_count = ckernels::parameter_count(encoder);
  const Memory packed(encoder.layers * PackedLayer::count(encoder.width, encoder.inner));
  const Memory rooms(
      std::min(encoder.threads, sum_count) * Room::count(encoder.width, encoder.inner));
  const Memory sums(sum_count * parameter_count);
  if (!packed.start || !rooms.start || !sums.start) return false;
  PackWork packing{encoder, parameters, packed.start, true};
  share(layers, encoder.threads, PackWork::run, &packing);
  BackwardWork work{
      encoder,       parameters,      packed.start, saved,       output_gradient, input_gradient,
      sums.start,    parameter_count, sum_count,    rooms.start, list};
  share(sum_count, encoder.threads, BackwardWork::run, &work);
  CollectWork collecting{
      encoder, sums.start, parameter_count, sum_count, parameter_gradients};
  share(layers, encoder.threads, CollectWork::run, &collecting);
  return true;
}
