// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Runtime
import TestSupport
import Testing
import Torch

/// The kernels of our own against LibTorch's operations.
@Suite struct EncoderKernelTests {
  /// Float32 sums of some hundred terms in another order, through some layers.
  private let tolerance: Float = 3e-5

  static let available = [Kernels.avx512, .avx2].filter(\.isAvailable)
  static let halves = [Kernels.avx512fp16, .avx512bf16, .avx512vnni].filter(\.isAvailable)

  private static let schema = EventSchema(
    objectKinds: [ObjectKind(name: "jet", features: ["btag"])], scalars: ["npv"])

  /// Random events with these numbers of objects.
  private func batch(_ counts: [Int]) -> EventBatch {
    var batch = EventBatch(schema: Self.schema)
    for (event, count) in counts.enumerated() {
      var generator = CounterBasedGenerator(seed: 3, event: event, purpose: .init(rawValue: 17))
      let objects = (0..<count).map { _ in
        EventObject(
          kind: 0, pt: 20 + 100 * generator.uniform(), eta: generator.normal(),
          phi: .pi * (1 - 2 * generator.uniform()), mass: 5, features: [generator.uniform()])
      }
      batch.append(index: event, objects: objects, scalars: [generator.normal()])
    }
    return batch
  }

  private func model(_ configuration: ModelConfiguration) -> EventTransformer {
    let model = EventTransformer(
      configuration: configuration, schema: Self.schema, normalization: InputNormalization(),
      seed: 5)
    model.setRandomPairBias(scale: 0.5)
    return model
  }

  /// A configuration with a bias of attention.
  private static func biased(
    width: Int, layers: Int, heads: Int, references: Bool = true
  ) -> ModelConfiguration {
    ModelConfiguration(width: width, layers: layers, heads: heads, referenceVectors: references)
  }

  /// A configuration without one.
  private static func plain(
    width: Int, layers: Int, heads: Int, feedForwardFactor: Int = 4
  ) -> ModelConfiguration {
    ModelConfiguration(
      width: width, layers: layers, heads: heads, feedForwardFactor: feedForwardFactor,
      pairwiseBias: false)
  }

  /// Which vectors are asked for.
  private enum Wanted {
    case all, events
    case objects([Int])
  }

  /// The outputs and the gradients of all parameters, by name.
  private func results(
    _ model: EventTransformer, _ batch: EventBatch, _ kernels: Kernels, wanted: Wanted = .all
  ) -> [String: [Float]] {
    kernels.using {
      for entry in model.namedParameters() { entry.parameter.value.gradient = nil }
      let input = model.input(batch)
      let output: Tensor
      switch wanted {
      case .all:
        let encoding = model(input)
        output = Tensor.concatenate([encoding.events, encoding.objects], dimension: 0)
      case .events: output = model.eventVectors(input)
      case .objects(let objects): output = model.vectors(ofObjects: objects, of: input)
      }
      // Every output counts with another weight, none by symmetry with another.
      let weights = (0..<output.shape[0] * output.shape[1]).map { sin(0.7 * Float($0)) }
      (output * Tensor(weights, shape: output.shape)).sum().backward()
      var values = ["output": output.floats()]
      for entry in model.namedParameters() {
        values[entry.name] = entry.parameter.value.gradient?.floats()
      }
      return values
    }
  }

  private func expectSame(
    _ values: [String: [Float]], as reference: [String: [Float]], _ comment: Comment
  ) {
    #expect(values.keys == reference.keys, comment)
    for (name, expected) in reference {
      // What is added to all logits alike does nothing: of its gradient rounding is left.
      let scale = name.replacing("contraction.bias", with: "contraction.weight")
      let isOfPairs = name.contains("pairBias")
      let largest = ((isOfPairs ? reference[scale] : nil) ?? expected).map(abs).max() ?? 0
      let found = values[name] ?? []
      #expect(found.count == expected.count, "\(name), \(comment.rawValue)")
      let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= tolerance * max(largest, 1e-3), "\(name), \(comment.rawValue)")
    }
  }

  @Test(
    arguments: available,
    [
      plain(width: 32, layers: 2, heads: 4),
      plain(width: 64, layers: 4, heads: 4),
      plain(width: 96, layers: 1, heads: 2, feedForwardFactor: 3),
      plain(width: 80, layers: 2, heads: 10, feedForwardFactor: 1),
      plain(width: 128, layers: 2, heads: 1),
      biased(width: 64, layers: 3, heads: 4), biased(width: 32, layers: 1, heads: 1),
      biased(width: 48, layers: 2, heads: 3, references: false),
    ])
  func `output and gradients are those of LibTorch`(
    kernels: Kernels, configuration: ModelConfiguration
  ) {
    let model = model(configuration)
    // One object, the limits of vectors and tiles, and enough for several pieces.
    let counts = [1, 2, 3, 6, 7, 8, 13, 14, 15, 16, 17, 30, 31, 32, 33, 64, 100, 150, 191]
    let batch = batch(counts + (0..<40).map { 3 + $0 % 9 })
    expectSame(
      results(model, batch, kernels), as: results(model, batch, .none),
      "\(kernels), width \(configuration.width), \(configuration.heads) heads")
    // Some objects; none of some events and of whole pieces.
    let objects = (0..<batch.objectCount).filter { $0 % 5 < 2 && $0 % 900 < 400 }
    for wanted in [Wanted.events, .objects(objects), .objects([40]), .objects([])] {
      expectSame(
        results(model, batch, kernels, wanted: wanted),
        as: results(model, batch, .none, wanted: wanted),
        "\(wanted), \(kernels), width \(configuration.width), \(configuration.heads) heads")
    }
  }

  @Test(arguments: available, [1, 2, 15, 16, 176])
  func `a single event is computed as well`(kernels: Kernels, count: Int) {
    let model = model(Self.biased(width: 32, layers: 2, heads: 2))
    let batch = batch([count])
    expectSame(
      results(model, batch, kernels), as: results(model, batch, .none), "\(count) objects")
    expectSame(
      results(model, batch, kernels, wanted: .events),
      as: results(model, batch, .none, wanted: .events), "\(count) objects, event only")
    expectSame(
      results(model, batch, kernels, wanted: .objects([count - 1])),
      as: results(model, batch, .none, wanted: .objects([count - 1])),
      "\(count) objects, the last one only")
  }

  @Test(arguments: available)
  func `what the kernels cannot do is left to LibTorch`(kernels: Kernels) {
    let narrow = model(ModelConfiguration(width: 20, layers: 1, heads: 2))
    let few = batch([3, 4])
    #expect(results(narrow, few, kernels) == results(narrow, few, .none))
    let wide = model(ModelConfiguration(width: 32, layers: 1, heads: 2))
    let many = batch([3, 192])
    #expect(results(wide, many, kernels) == results(wide, many, .none))
  }

  @Test(arguments: available)
  func `the number of threads changes no bit`(kernels: Kernels) {
    let model = model(ModelConfiguration(width: 64, layers: 2, heads: 4))
    let batch = batch((0..<400).map { 2 + $0 % 11 })
    let before = Threads.count
    defer { Threads.setCount(before) }
    let runs = [1, 2, 3].map { threads in
      Threads.setCount(threads)
      // LibTorch's own operations before and after the encoder keep one thread's order.
      return kernels.using {
        withoutGradients { model(model.input(batch)).events.floats() }
      }
    }
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
  }

  @Test(arguments: available)
  func `without gradients the output is the same`(kernels: Kernels) {
    let model = model(ModelConfiguration(width: 64, layers: 3, heads: 4))
    let batch = batch((0..<100).map { 2 + $0 % 11 })
    kernels.using {
      let recorded = model(model.input(batch)).events.floats()
      #expect(withoutGradients { model(model.input(batch)).events.floats() } == recorded)
      #expect(withoutGradients { model.eventVectors(model.input(batch)).floats() } == recorded)
    }
  }

  @Test(
    arguments: halves,
    [
      plain(width: 32, layers: 2, heads: 4),
      plain(width: 80, layers: 2, heads: 10, feedForwardFactor: 1),
      plain(width: 256, layers: 8, heads: 8),
      biased(width: 64, layers: 3, heads: 4),
    ])
  func `half precision is close without gradients, and float32 with them`(
    kernels: Kernels, configuration: ModelConfiguration
  ) {
    let model = model(configuration)
    let batch = batch([1, 2, 16, 31, 32, 33, 190] + (0..<80).map { 3 + $0 % 9 })
    func vectors(_ kernels: Kernels) -> [[Float]] {
      kernels.using {
        withoutGradients {
          let input = model.input(batch)
          let all = model(input)
          return [
            all.events.floats(), all.objects.floats(), model.eventVectors(input).floats(),
            model.vectors(ofObjects: [3, 40, 41, 350], of: input).floats(),
          ]
        }
      }
    }
    // The vectors are normalized: numbers of about 1. float16 has 11 bits, bfloat16 8, and integers
    // 12 below the largest of a token.
    let (largest, mean): (Float, Float) =
      switch kernels {
      case .avx512bf16: (0.12, 0.016)
      case .avx512vnni: (0.01, 0.002)
      default: (0.03, 0.004)
      }
    for (half, single) in zip(vectors(kernels), vectors(.avx512)) {
      #expect(half.count == single.count && half != single)
      let squares = zip(half, single).map { ($0 - $1) * ($0 - $1) }
      #expect(squares.allSatisfy { $0.squareRoot() < largest })
      #expect((squares.reduce(0, +) / Float(squares.count)).squareRoot() < mean)
    }
    #expect(results(model, batch, kernels) == results(model, batch, .avx512))
  }

  @Test(arguments: halves)
  func `half precision takes no event for another, and hides no fault`(kernels: Kernels) {
    let model = model(Self.biased(width: 64, layers: 3, heads: 4))
    func vectors(_ batch: EventBatch) -> [Float] {
      kernels.using { withoutGradients { model(model.input(batch)).events.floats() } }
    }
    var batch = batch([9, 1, 40, 3, 120, 17])
    let before = vectors(batch)
    #expect(before.allSatisfy { $0.isFinite })
    // An object of the third event; the largest magnitude of what is rounded becomes another.
    for pt: Float in [1e6, .infinity] {
      batch.momenta[4 * 20] = pt
      let after = vectors(batch)
      for (place, value) in after.enumerated() where place / 64 != 2 {
        #expect(value == before[place])
      }
      for value in after[128..<192] { #expect(value.isNaN == pt.isInfinite) }
      #expect(after[128..<192] != before[128..<192])
    }
  }

  @Test(arguments: available)
  func `threads that train side by side do not disturb one another`(kernels: Kernels) async {
    let model = model(ModelConfiguration(width: 64, layers: 2, heads: 4))
    let batch = batch((0..<200).map { 2 + $0 % 11 })
    let expected = kernels.using {
      withoutGradients { model(model.input(batch)).events.floats() }
    }
    await withTaskGroup(of: [Float].self) { group in
      let input = UncheckedBox((model, batch))
      for _ in 0..<4 {
        group.addTask {
          let (model, batch) = input.value
          return kernels.using {
            withoutGradients { model(model.input(batch)).events.floats() }
          }
        }
      }
      for await output in group { #expect(output == expected) }
    }
  }
}

/// Carries what is only read into other threads.
private struct UncheckedBox<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
