// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import Events

/// Opens the backbone that a fine-tuning starts from, or makes one of random weights.
///
/// - Parameters:
///   - checkpoint: The folder of a pre-training; `nil` for random weights.
///   - model: The size of a backbone of random weights.
///   - source: The labeled events.
///   - chosen: Those that the fine-tuning may look at, and nothing else is.
///   - settings: Whether the inputs of a checkpoint may change.
///   - seed: The seed of random weights.
/// - Returns: The backbone, on the CPU.
/// - Throws: `ModelError` or `TorchError` if the checkpoint cannot be opened for these events; what
///   the source throws for damaged ones.
func startingBackbone(
  _ checkpoint: String?, model: ModelConfiguration, source: EventUnion, chosen: [Int],
  settings: FineTuningConfiguration, seed: UInt64
) throws -> EventTransformer {
  guard let checkpoint else {
    return EventTransformer(
      configuration: model, schema: source.schema,
      normalization: try InputNormalization(store: source, indices: chosen), seed: seed)
  }
  return try ModelCheckpoint.load(
    checkpoint, schema: source.schema,
    normalization: settings.growSchema
      ? InputNormalization(store: source, indices: chosen) : nil,
    allowsGrowth: settings.growSchema)
}

extension FineTuningConfiguration {
  /// The variables that the head reads: those of the configuration, automatic ones where it has
  /// none, or `nil`.
  func headVariables(_ configured: EventVariables?, schema: EventSchema) -> EventVariables? {
    variables ? configured ?? EventVariables(automaticFor: schema) : nil
  }
}
