// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import TestSupport
import Testing
import Torch

/// Sums of float32 in another order differ by some roundings; outputs are of order 1.
private let rounding: Float = 2e-6

@Suite struct EventTransformerTests {
  let batch = TinyEvents.batch(eventCount: 40)
  let model = makeModel()

  private func encode(_ batch: EventBatch) -> (events: [[Float]], objects: [[Float]]) {
    withoutGradients {
      let encoding = model(model.input(batch))
      return (rows(encoding.events), rows(encoding.objects))
    }
  }

  @Test func `output has a row for each event and each object`() {
    let encoding = model(model.input(batch))
    #expect(encoding.events.shape == [40, 16])
    #expect(encoding.objects.shape == [batch.objectCount, 16])
    #expect(encoding.objects.floats().allSatisfy { $0.isFinite })
  }

  @Test func `permuting objects permutes their output and leaves the event's`() {
    var reversed = EventBatch(schema: batch.schema)
    var order: [Int] = []
    for event in 0..<batch.eventCount {
      let objects = Array(batch.range(of: event).reversed())
      order += objects
      let scalar = batch.scalars[event]
      reversed.append(index: event, objects: objects.map { batch.object($0) }, scalars: [scalar])
    }
    let before = encode(batch)
    let after = encode(reversed)
    #expect(difference(after.events, before.events) == nil)
    #expect(difference(after.objects, order.map { before.objects[$0] }) == nil)
  }

  @Test func `an event's output depends neither on the others nor on their order`() {
    let together = encode(batch)
    for event in [0, 7, 39] {
      let alone = encode(batch.selecting([event]))
      #expect(difference(alone.events, [together.events[event]]) == nil)
      #expect(difference(alone.objects, batch.range(of: event).map { together.objects[$0] }) == nil)
    }
    let order = Array((0..<40).reversed())
    #expect(
      difference(encode(batch.selecting(order)).events, order.map { together.events[$0] }) == nil)
  }

  @Test func `events with one object or none are encoded`() {
    var small = EventBatch(schema: batch.schema)
    small.append(
      index: 0, objects: [EventObject(kind: 2, pt: 30, phi: 1)], scalars: [20])
    small.append(index: 1, objects: [], scalars: [.nan])
    let output = encode(small)
    #expect(output.events.count == 2)
    #expect(output.objects.count == 1)
    #expect(output.events.joined().allSatisfy { $0.isFinite })
    #expect(difference(encode(small.selecting([1])).events, [output.events[1]]) == nil)
  }

  @Test func `what a mask hides does not change the output`() throws {
    var mask = ObjectMask(objectCount: batch.objectCount)
    mask.hidesMomentum[0] = true
    mask.hidesKind[0] = true
    var other = batch
    other.features[0] = -3
    other.momenta[1] = 2
    other.momenta[2] = 0.1
    other.momenta[3] = 77
    func output(_ batch: EventBatch, _ mask: ObjectMask?) -> [Float] {
      withoutGradients { model(model.input(batch, mask: mask)).objects.floats() }
    }
    #expect(output(batch, mask) == output(other, mask))
    #expect(output(batch, nil) != output(other, nil))
  }

  @Test func `rank counts objects of the same kind that have more pT`() {
    var one = EventBatch(schema: batch.schema)
    one.append(
      index: 0,
      objects: [
        EventObject(kind: 0, pt: 10, eta: 0, phi: 0, mass: 0, features: [1, 0]),
        EventObject(kind: 1, pt: 50, eta: 0, phi: 0, mass: 0, features: [0]),
        EventObject(kind: 0, pt: 30, eta: 0, phi: 0, mass: 0, features: [1, 0]),
        EventObject(kind: 0, pt: 10, eta: 0, phi: 0, mass: 0, features: [1, 0]),
      ], scalars: [0])
    #expect(ModelInput.ranks(of: one) == [1, 0, 0, 2])
  }

  @Test func `the same seed gives the same weights and another seed others`() {
    func weights(_ seed: UInt64) -> [Float] {
      makeModel(seed: seed).parameters().flatMap { $0.value.floats() }
    }
    #expect(weights(1) == weights(1))
    #expect(weights(1) != weights(2))
  }

  @Test func `dropout acts only with a generator and depends on its seed`() {
    let configuration = ModelConfiguration(width: 16, layers: 1, heads: 2, dropout: 0.5)
    let model = EventTransformer(
      configuration: configuration, schema: TinyEvents.schema,
      normalization: InputNormalization(), seed: 1)
    func output(_ generator: Generator?) -> [Float] {
      withoutGradients { model(model.input(batch), dropout: generator).events.floats() }
    }
    #expect(output(nil) == output(nil))
    #expect(output(Generator(seed: 1)) == output(Generator(seed: 1)))
    #expect(output(Generator(seed: 1)) != output(Generator(seed: 2)))
    #expect(output(Generator(seed: 1)) != output(nil))
  }

  @Test func `depth rises from the embedding to the last norm`() {
    #expect(model.depth(ofParameter: "eventToken") == 0)
    #expect(model.depth(ofParameter: "objectInput.weight") == 0)
    #expect(model.depth(ofParameter: "encoder.0.expansion.bias") == 1)
    #expect(model.depth(ofParameter: "encoder.1.attention.output.weight") == 2)
    #expect(model.depth(ofParameter: "norm.weight") == 3)
  }

  @Test func `columns have a name each`() {
    let layout = model.layout
    #expect(
      layout.objectColumns == [
        "lnPt", "eta", "sinPhi", "cosPhi", "lnMass", "kind.muon", "kind.jet",
        "kind.missingMomentum", "value.muon.charge", "value.muon.isolation", "value.jet.btag",
        "missing.muon.charge", "missing.muon.isolation", "missing.jet.btag", "hidden.momentum",
        "hidden.kind", "rank.0", "rank.1", "rank.2", "rank.3", "rank.4", "rank.5", "rank.6",
        "rank.7",
      ])
    #expect(layout.objectColumns.count == layout.objectWidth)
    #expect(layout.eventColumns == ["value.npv", "missing.npv"])
  }

  private func difference(_ values: [[Float]], _ expected: [[Float]]) -> String? {
    worstDifference(
      Array(values.joined()), Array(expected.joined()), relative: 0, absolute: rounding)
  }
}

/// A small model of random weights.
func makeModel(
  schema: EventSchema = TinyEvents.schema, normalization: InputNormalization = .init(),
  seed: UInt64 = 1
) -> EventTransformer {
  EventTransformer(
    configuration: ModelConfiguration(width: 16, layers: 2, heads: 4, feedForwardFactor: 2),
    schema: schema, normalization: normalization, seed: seed)
}

/// Splits a tensor into its rows.
func rows(_ tensor: Tensor) -> [[Float]] {
  let values = tensor.floats()
  let width = tensor.size(1)
  return (0..<tensor.size(0)).map { Array(values[$0 * width..<($0 + 1) * width]) }
}
