// SPDX-License-Identifier: Apache-2.0

import Events

extension EventTransformer {
  /// Opens the backbone that a training starts from, or makes one of random weights.
  ///
  /// - Parameters:
  ///   - checkpoint: The folder of a trained backbone; `nil` for random weights.
  ///   - configuration: The size of a backbone of random weights.
  ///   - source: The events.
  ///   - events: Those that may be looked at for what normalizes inputs, and nothing else is.
  ///   - allowsGrowth: Whether a checkpoint's inputs may be matched with the events' by name.
  ///   - seed: The seed of random weights.
  /// - Returns: The backbone, on the CPU.
  /// - Throws: ``ModelError``, `SafetensorsError` or `TorchError` if the checkpoint cannot be opened
  ///   for these events; what the source throws for damaged ones.
  package static func starting(
    from checkpoint: String?, configuration: ModelConfiguration, source: any EventSource,
    events: [Int], allowsGrowth: Bool, seed: UInt64
  ) throws -> EventTransformer {
    func normalization() throws -> InputNormalization {
      try InputNormalization(store: source, indices: events)
    }
    guard let checkpoint else {
      return EventTransformer(
        configuration: configuration, schema: source.schema, normalization: try normalization(),
        seed: seed)
    }
    return try ModelCheckpoint.load(
      checkpoint, schema: source.schema, normalization: allowsGrowth ? normalization() : nil,
      allowsGrowth: allowsGrowth)
  }
}
