// SPDX-License-Identifier: Apache-2.0

// An encoder at work on a whole batch, piece by piece.

/// The tokens of a piece in the order of its columns.
template <class Float>
struct PieceTokens {
  Float *starts[TOKENS];

  PieceTokens(
      const ckernels_encoder &encoder, const Piece &piece, Float *events, Float *objects) {
    int64_t count = 0;
    for (int64_t event = piece.first_event; event < piece.first_event + piece.events; ++event) {
      starts[count++] = events + event * encoder.width;
      // Of the tokens before an event, one for each event before is not an object's.
      const int64_t first = encoder.offsets[event] - event;
      const int64_t end = encoder.offsets[event + 1] - event - 1;
      for (int64_t object = first; object < end; ++object)
        starts[count++] = objects + object * encoder.width;
    }
  }

  Float *operator()(int64_t token) const { return starts[token]; }
};

/// Tokens that stand one after the other.
template <class Float>
struct Consecutive {
  Float *start;
  int64_t width;

  Float *operator()(int64_t token) const { return start + token * width; }
};

/// The tokens of a piece in an output, or in its gradient.
template <class Float>
static Consecutive<Float> outputs(
    const ckernels_encoder &encoder, const Piece &piece, Float *output) {
  const int64_t first = encoder.wanted ? piece.first_wanted : piece.first_token;
  return {output + first * encoder.width, encoder.width};
}

/// How many these are.
static int64_t output_count(const ckernels_encoder &encoder, const Piece &piece) {
  return encoder.wanted ? piece.wanted : piece.tokens;
}

/// Packs the weights of a layer, or their transposes.
struct LayerPacking {
  const ckernels_encoder &encoder;
  bool is_transposed;

  void pack_layer(
      const LayerParameters<const float> &p, bool is_short, const PackedLayer &to) const {
    const int64_t width = encoder.width;
    const int64_t inner = encoder.inner;
    if (is_short && !is_transposed) {
      // Queries are computed for fewer tokens than keys and values.
      pack_weight(p.projection_weight, width, width, to.projection);
      pack_weight(
          p.projection_weight + width * width, 2 * width, width, to.projection + width * width);
    } else {
      pack_weight(p.projection_weight, 3 * width, width, to.projection);
    }
    pack_weight(p.output_weight, width, width, to.output);
    if (is_transposed) {
      pack_weight(p.expansion_weight, inner, width, to.expansion);
      for (int64_t first = 0; first < inner; first += BLOCK)
        pack_transpose(
            p.contraction_weight + first, inner, std::min(BLOCK, inner - first), width,
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
      pack_transpose(weight, inputs, inputs, outputs, to);
    } else {
      pack(weight, inputs, outputs, inputs, to);
    }
  }
};

/// Encodes a batch piece by piece.
///
/// - `work_on(piece)`: returns what computes the layers of a piece, called with the layer, the
///   tokens before it, where those after it go, and whether only some are wanted
template <class WorkOn>
static void encode_pieces(
    const ckernels_encoder &encoder, Room &room, const float *event_tokens,
    const float *object_tokens, float *output, WorkOn work_on) {
  const int64_t width = encoder.width;
  for (const Piece &piece : pieces(encoder, TOKENS)) {
    const auto work = work_on(piece);
    float *x = room.first;
    float *result = room.second;
    tokens_to_columns(
        PieceTokens<const float>(encoder, piece, event_tokens, object_tokens), piece.tokens,
        width, PieceEncoder::columns_of(piece.tokens), x);
    for (int64_t layer = 0; layer < encoder.layers; ++layer) {
      work(layer, x, result, encoder.wanted && layer + 1 == encoder.layers);
      std::swap(x, result);
    }
    columns_to_tokens(
        x, output_count(encoder, piece), width, outputs(encoder, piece, output));
  }
}

/// The parameters of a layer of all those of an encoder.
static LayerParameters<const float> layer_parameters(
    const float *const *parameters, int64_t layer) {
  return LayerParameters<const float>(parameters + layer * CKERNELS_PARAMETERS_PER_LAYER);
}

static size_t saved_count(const ckernels_encoder &encoder) {
  return pieces(encoder, TOKENS).size() *
         static_cast<size_t>(
             encoder.layers * LayerRecord::count(encoder.width, encoder.inner));
}

static bool forward(
    const ckernels_encoder &encoder, const float *const *parameters, const float *event_tokens,
    const float *object_tokens, float *output, float *saved) {
  const int64_t width = encoder.width;
  const int64_t inner = encoder.inner;
  const int64_t layers = encoder.layers;
  const int64_t packed_size = PackedLayer::count(width, inner);
  const Memory packed(layers * packed_size + LANES);
  const Memory room_memory(Room::count(width, inner));
  if (!packed.start || !room_memory.start) return false;
  const LayerPacking packing{encoder, false};
  for (int64_t layer = 0; layer < layers; ++layer)
    packing.pack_layer(
        layer_parameters(parameters, layer), encoder.wanted && layer + 1 == layers,
        PackedLayer(packed.start + layer * packed_size, width, inner));

  Room room(room_memory.start, width, inner);
  float *record = saved;
  encode_pieces(
      encoder, room, event_tokens, object_tokens, output, [&](const Piece &piece) {
        return [&, work = PieceEncoder(encoder, piece, room)](
                   int64_t layer, const float *x, float *result, bool is_short) {
          const LayerRecord kept(record, width);
          work.forward(
              layer_parameters(parameters, layer),
              PackedLayer(packed.start + layer * packed_size, width, inner), x,
              saved ? &kept : nullptr, result, is_short);
          if (saved) record += LayerRecord::count(width, inner);
        };
      });
  if (saved) finish_stores();
  return true;
}

static bool backward(
    const ckernels_encoder &encoder, const float *const *parameters, const float *saved,
    const float *output_gradient, float *event_gradient, float *object_gradient,
    float *const *parameter_gradients, float *bias_gradient) {
  const int64_t width = encoder.width;
  const int64_t inner = encoder.inner;
  const int64_t layers = encoder.layers;
  const std::vector<Piece> list = pieces(encoder, TOKENS);
  const int64_t count = static_cast<int64_t>(list.size());
  const Memory packed_memory(PackedLayer::count(width, inner) + LANES);
  const Memory room_memory(Room::count(width, inner));
  // The gradients of all pieces: the parameters and gradients of a layer stay in the cache while
  // the pieces pass.
  const Memory gradients(count * width * STRIDE);
  if (!packed_memory.start || !room_memory.start || !gradients.start) return false;
  Room room(room_memory.start, width, inner);
  const PackedLayer packed(packed_memory.start, width, inner);
  const LayerPacking packing{encoder, true};
  for (int64_t index = 0; index < count; ++index) {
    const Piece &piece = list[static_cast<size_t>(index)];
    const int64_t tokens = output_count(encoder, piece);
    tokens_to_columns(
        outputs(encoder, piece, output_gradient), tokens, width,
        PieceEncoder::columns_of(tokens), gradients.start + index * width * STRIDE);
  }
  if (bias_gradient)
    __builtin_memset(
        bias_gradient, 0, static_cast<size_t>(encoder.heads * encoder.pairs) * sizeof(float));
  for (int64_t layer = layers - 1; layer >= 0; --layer) {
    const int64_t first = layer * CKERNELS_PARAMETERS_PER_LAYER;
    const LayerParameters<const float> p(parameters + first);
    const bool is_short = encoder.wanted && layer + 1 == layers;
    packing.pack_layer(p, is_short, packed);
    for (int parameter = 0; parameter < CKERNELS_PARAMETERS_PER_LAYER; ++parameter)
      __builtin_memset(
          parameter_gradients[first + parameter], 0,
          static_cast<size_t>(parameter_size(encoder, parameter)) * sizeof(float));
    for (int64_t index = 0; index < count; ++index) {
      const int64_t record = (index * layers + layer) * LayerRecord::count(width, inner);
      PieceEncoder(encoder, list[static_cast<size_t>(index)], room, bias_gradient)
          .backward(
              p, packed, LayerRecord(const_cast<float *>(saved) + record, width),
              gradients.start + index * width * STRIDE,
              LayerParameters<float>(parameter_gradients + first), is_short);
    }
  }
  for (int64_t index = 0; index < count; ++index) {
    const Piece &piece = list[static_cast<size_t>(index)];
    columns_to_tokens(
        gradients.start + index * width * STRIDE, piece.tokens, width,
        PieceTokens<float>(encoder, piece, event_gradient, object_gradient));
  }
  return true;
}
