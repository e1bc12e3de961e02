// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Runtime
import TestSupport
import Testing
import Torch

@testable import EventModel

/// Attention that is biased by what pairs of objects have in common.
@Suite struct PairwiseBiasTests {
  private let batch = TinyEvents.batch(eventCount: 24)

  private func configuration(references: Bool = true) -> ModelConfiguration {
    ModelConfiguration(width: 32, layers: 3, heads: 4, referenceVectors: references)
  }

  private func model(
    _ configuration: ModelConfiguration, biasScale: Double = 0
  ) -> EventTransformer {
    let model = EventTransformer(
      configuration: configuration, schema: TinyEvents.schema, normalization: InputNormalization(),
      seed: 5)
    model.setRandomPairBias(scale: Float(biasScale))
    return model
  }

  private func events(
    _ model: EventTransformer, _ batch: EventBatch, mask: ObjectMask? = nil,
    grouping: AttentionGrouping? = nil
  ) -> [Float] {
    withoutGradients {
      model(model.input(batch, mask: mask, grouping: grouping)).events.floats()
    }
  }

  @Test func `a new model attends as one without a bias`() {
    let plain = events(
      model(ModelConfiguration(width: 32, layers: 3, heads: 4, pairwiseBias: false)), batch)
    for references in [false, true] {
      let biased = events(model(configuration(references: references)), batch)
      #expect(worstDifference(biased, plain, relative: 1e-4, absolute: 1e-5) == nil)
    }
    let strong = events(model(configuration(), biasScale: 1), batch)
    #expect(worstDifference(strong, plain, relative: 1e-2, absolute: 1e-2) != nil)
  }

  @Test func `events, their order and that of objects do not matter`() {
    let model = model(configuration(), biasScale: 0.5)
    let together = events(model, batch)
    for event in 0..<batch.eventCount {
      let own = Array(together[32 * event..<32 * (event + 1)])
      let alone = events(model, batch.selecting([event]))
      #expect(worstDifference(alone, own, relative: 1e-4, absolute: 1e-5) == nil)
    }
    let reversed = TinyEvents.reversingObjects(of: batch)
    #expect(
      worstDifference(events(model, reversed), together, relative: 1e-4, absolute: 1e-5) == nil)
    let padded = Kernels.none.using { events(model, batch, grouping: .padded) }
    #expect(worstDifference(padded, together, relative: 1e-4, absolute: 1e-5) == nil)
  }

  @Test func `nothing of a hidden object leaks`() {
    let model = model(configuration(), biasScale: 0.5)
    var mask = ObjectMask(objectCount: batch.objectCount)
    var momenta = batch
    var masses = batch
    for object in stride(from: 0, to: batch.objectCount, by: 3) {
      mask.hidesMomentum[object] = true
      // The rank in pT of a hidden object is told, so that stays.
      momenta.momenta[4 * object + 1] *= 0.5
      momenta.momenta[4 * object + 2] *= -0.3
      momenta.momenta[4 * object + 3] += 3
    }
    for object in stride(from: 1, to: batch.objectCount, by: 3) {
      mask.hidesKind[object] = true
      masses.momenta[4 * object + 3] += 7
    }
    let expected = events(model, batch, mask: mask)
    #expect(events(model, momenta, mask: mask) == expected)
    #expect(events(model, masses, mask: mask) == expected)
    #expect(events(model, momenta) != events(model, batch))
    #expect(events(model, masses) != events(model, batch))
  }

  @Test func `a hidden pT is seen by nobody`() {
    // Alone of its kind, so that its rank stays the same.
    let model = model(configuration(), biasScale: 0.5)
    var mask = ObjectMask(objectCount: batch.objectCount)
    var other = batch
    for object in 0..<batch.objectCount where batch.momenta[4 * object + 1].isNaN {
      mask.hidesMomentum[object] = true
      other.momenta[4 * object] *= 3
    }
    #expect(events(model, other, mask: mask) == events(model, batch, mask: mask))
    #expect(events(model, other) != events(model, batch))
  }

  @Test func `without reference vectors the event's token has no bias`() {
    for references in [false, true] {
      let model = model(configuration(references: references), biasScale: 1)
      let input = model.input(batch)
      guard let pairs = input.pairs else {
        Issue.record("The input has no pairs.")
        return
      }
      let sequence = PackedSequence(
        tokenCounts: input.tokenCounts, grouping: .equal, device: .cpu)
      var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
      let network = PairBias(configuration: model.configuration, generator: &generator)
      for (_, parameter) in network.namedParameters() {
        withoutGradients { parameter.value.copy(from: Tensor.ones(parameter.value.shape)) }
      }
      for bias in network(pairs, of: sequence, tokenCounts: input.tokenCounts) {
        let size = bias.shape[3]
        for (place, value) in bias.floats().enumerated() {
          let (query, key) = (place / size % size, place % size)
          let isOfEvent = query == 0 || key == 0
          #expect((value != 0) == (query != key && (references || !isOfEvent)))
        }
        #expect(bias.floats() == bias.transposed(2, 3).floats())
      }
    }
  }

  @Test func `events of one object need no pairs`() throws {
    let model = model(configuration(), biasScale: 1)
    var lonely = EventBatch(schema: TinyEvents.schema)
    let object = batch.object(batch.range(of: 0).lowerBound)
    for index in 0..<2 { lonely.append(index: index, objects: [object], scalars: [20]) }
    let vectors = model(model.input(lonely))
    vectors.events.square().sum().backward()
    #expect(vectors.events.floats().allSatisfy { $0.isFinite })
  }

  @Test func `gradients reach the networks, at zero at first`() {
    for (scale, isNew) in [(0.5, false), (0, true)] {
      let model = model(configuration(), biasScale: scale)
      model(model.input(batch)).events.square().sum().backward()
      let names = model.namedParameters().filter { $0.name.contains("pairBias") }
      #expect(names.count == 8)
      for (name, parameter) in names {
        let gradient = parameter.value.gradient?.floats() ?? []
        // Of a new model the last maps learn first: what comes before them is times zero.
        let isExpected = !isNew || name.contains("contraction")
        #expect(gradient.contains { $0 != 0 } == isExpected, "\(name)")
      }
    }
  }

  @Test func `mixed precision rounds the bias, and learns it`() {
    for grouping in AttentionGrouping.allCases {
      let model = model(configuration(), biasScale: 0.5)
      let rounded = Precision.bfloat16.using(on: .cpu) {
        model(model.input(batch, grouping: grouping)).events
      }
      rounded.square().sum().backward()
      #expect(
        worstDifference(
          rounded.to(dtype: .float32).floats(), events(model, batch), relative: 0, absolute: 0.1)
          == nil)
      for (name, parameter) in model.namedParameters() where name.contains("pairBias") {
        #expect(parameter.value.gradient?.floats().contains { $0 != 0 } == true, "\(name)")
      }
    }
  }

  @Test func `a checkpoint keeps the bias, and one from before has none`() throws {
    let folder = try TemporaryFolder()
    let model = model(configuration(), biasScale: 0.5)
    try ModelCheckpoint.save(model, to: folder.path)
    let loaded = try ModelCheckpoint.load(folder.path)
    #expect(loaded.configuration == model.configuration)
    #expect(events(loaded, batch) == events(model, batch))
    let old = try JSONDecoder().decode(
      ModelConfiguration.self,
      from: Data(#"{"width":64,"layers":4,"heads":4,"feedForwardFactor":4,"dropout":0}"#.utf8))
    #expect(old == ModelConfiguration(pairwiseBias: false))
  }
}
