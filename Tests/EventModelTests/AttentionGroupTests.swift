// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import TestSupport
import Testing
import Torch

/// Attention over filled-up groups, as on a GPU, against that over events of equal multiplicity.
@Suite struct AttentionGroupTests {
  /// Float32 sums in another order, in units of the largest number of a tensor.
  private let tolerance: Float = 2e-5

  private let model = EventTransformer(
    configuration: ModelConfiguration(width: 32, layers: 3, heads: 4), schema: TinyEvents.schema,
    normalization: InputNormalization(), seed: 5)

  /// Events of up to eight objects, and some that are larger than others by far.
  private var batch: EventBatch {
    var batch = TinyEvents.batch(eventCount: 40)
    for (index, copies) in [3, 8, 30].enumerated() {
      let source = TinyEvents.batch(eventCount: copies, seed: 7)
      let objects = (0..<source.objectCount).map { source.object($0) }
      batch.append(index: 40 + index, objects: objects, scalars: [Float(index)])
    }
    return batch
  }

  /// Outputs, and gradients of all parameters, of LibTorch's operations.
  private func results(_ grouping: AttentionGrouping) -> [String: Tensor] {
    Kernels.none.using {
      for parameter in model.parameters() { parameter.value.gradient = nil }
      let encoding = model(model.input(batch, grouping: grouping))
      let output = Tensor.concatenate([encoding.events, encoding.objects], dimension: 0)
      // Every output counts with another weight.
      let weights = (0..<output.elementCount).map { sin(0.7 * Float($0)) }
      (output * Tensor(weights, shape: output.shape)).sum().backward()
      var values = ["output": output]
      for entry in model.namedParameters() {
        values[entry.name] = entry.parameter.value.gradient
      }
      return values
    }
  }

  @Test func `filled-up groups give the same outputs and gradients`() throws {
    let expected = results(.equal)
    let found = results(.padded)
    #expect(found.count == model.namedParameters().count + 1)
    let largest = expected.values.flatMap { $0.floats() }.map { abs($0) }.max() ?? 0
    for (name, tensor) in found {
      let other = try #require(expected[name])
      // A gradient that cancels, as that of the keys' bias, is noise of the largest ones.
      let isBias = name.hasSuffix("projection.bias")
      let scale = isBias ? largest : other.floats().map { abs($0) }.max() ?? 0
      #expect(
        worstDifference(
          tensor.floats(), other.floats(), relative: 0, absolute: tolerance * scale) == nil,
        "\(name)")
    }
  }

  @Test func `what fills an event up is its own`() {
    // Were a token of another event multiplied by zero, its NaN would spread.
    let poisoned = Kernels.none.using {
      withoutGradients {
        var events = TinyEvents.batch(eventCount: 12)
        events.append(
          index: 12, objects: [events.object(0), events.object(1)], scalars: [.infinity])
        return model(model.input(events, grouping: .padded)).events.floats()
      }
    }
    #expect(poisoned[..<(12 * 32)].allSatisfy { $0.isFinite })
    #expect(poisoned[(12 * 32)...].allSatisfy { $0.isNaN })
  }

  @Test func `groups are few, and less than half of a large one is padding`() {
    let counts = (0..<200).map { 2 + $0 % 14 }.sorted() + [17, 20, 31, 32, 33, 300]
    let groups = AttentionGroup.groups(tokenCounts: counts, grouping: .padded, device: .cpu)
    #expect(groups.map(\.tokenCount) == [15, 32, 33, 300])
    #expect(groups.map(\.eventCount) == [200, 4, 1, 1])
    #expect(groups.map(\.length).reduce(0, +) == counts.reduce(0, +))
    for group in groups.dropFirst() {
      #expect(2 * group.length > group.eventCount * group.tokenCount)
    }
    // Events that are as long as one another need none.
    #expect(groups.map { $0.padding == nil } == [false, false, true, true])
    let equal = AttentionGroup.groups(tokenCounts: counts, grouping: .equal, device: .cpu)
    #expect(equal.count == 20 && equal.allSatisfy { $0.padding == nil })
    #expect(equal.map(\.start) == equal.indices.map { equal[..<$0].map(\.length).reduce(0, +) })
  }
}
