// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Runtime
import TestSupport

/// Events in memory.
struct ToyEvents: EventSource {
  var events: EventBatch

  var schema: EventSchema { events.schema }
  var eventCount: Int { events.eventCount }
  var fingerprint: String { "toy" }
  func batch(events indices: [Int]) throws -> EventBatch { events.selecting(indices) }
  func labels() -> [Int32] { events.labels }
  func weights() -> [Float] { events.weights }

  /// Random events; where they are separable, those of label 1 have jets with a high b-tag score.
  static func make(eventCount: Int, isSeparable: Bool = true, seed: UInt64 = 1) -> ToyEvents {
    let random = TinyEvents.batch(eventCount: eventCount, seed: seed)
    guard isSeparable else { return ToyEvents(events: random) }
    var batch = EventBatch(schema: random.schema)
    for event in 0..<eventCount {
      let label = random.labels[event]
      let jet = EventObject(
        kind: 1, pt: 40, eta: 0.5, phi: 1, mass: 8,
        features: [label == 1 ? 0.9 : 0.1])
      batch.append(
        index: event,
        objects: random.range(of: event).map { random.object($0) }.filter { $0.kind != 1 } + [jet],
        scalars: [random.scalars[event]], weight: random.weights[event], label: label)
    }
    return ToyEvents(events: batch)
  }
}

/// A small backbone of random weights.
func makeBackbone(seed: UInt64 = 1, dropout: Double = 0) -> EventTransformer {
  EventTransformer(
    configuration: ModelConfiguration(
      width: 8, layers: 2, heads: 2, feedForwardFactor: 2, dropout: dropout),
    schema: TinyEvents.schema, normalization: InputNormalization(), seed: seed)
}
