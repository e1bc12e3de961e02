// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import TestSupport
import Testing
import Torch

/// The model, its losses, gradients and steps against PyTorch: `scripts/model-reference.py`.
@Suite struct ParityTests {
  /// Float32 sums in another order: the largest relative difference seen is a few 1e-6.
  private let relative: Float = 1e-4
  private let absolute: Float = 2e-5

  private let fixture: [String: Tensor]
  private let batch: EventBatch
  private let backbone: EventTransformer
  private let masked: MaskedObjects
  private let invariants: KinematicInvariants
  private let type: ObjectTypePrediction

  init() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/parity.safetensors").path
    fixture = try readTensors(path)
    let schema = EventSchema(
      objectKinds: [
        ObjectKind(name: "muon", features: ["charge", "isolation"]),
        ObjectKind(name: "jet", features: ["btag"]),
        ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
      ], scalars: ["npv"])
    batch = try Self.batch(fixture, schema: schema)

    var normalization = InputNormalization()
    normalization.lnPt = .init(mean: 3.5, deviation: 0.8)
    normalization.eta = .init(mean: 0.1, deviation: 1.2)
    normalization.lnMass = .init(mean: 1, deviation: 0.9)
    normalization.features = [
      "muon.charge": .init(mean: 0.1, deviation: 0.9),
      "muon.isolation": .init(mean: 0.4, deviation: 0.3),
      "jet.btag": .init(mean: 0.5, deviation: 0.25),
    ]
    normalization.scalars = ["npv": .init(mean: 20, deviation: 5)]
    backbone = EventTransformer(
      configuration: ModelConfiguration(width: 16, layers: 2, heads: 4), schema: schema,
      normalization: normalization, seed: 1)
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    masked = MaskedObjects(
      settings: .init(), bins: QuantileBins(edges: Self.edges), layout: backbone.layout, width: 16,
      generator: &generator)
    let moments: [(Float, Float)] = [
      (4, 0.7), (3.5, 0.9), (4, 0.6), (1.5, 0.9), (1.2, 0.8), (0.05, 1.1),
    ]
    var settings = KinematicInvariants.Settings()
    settings.maximumPairs = 100  // all pairs, as the reference
    invariants = KinematicInvariants(
      settings: settings, moments: moments.map { .init(mean: $0.0, deviation: $0.1) },
      schema: schema, width: 16, generator: &generator)
    type = ObjectTypePrediction(
      settings: .init(), layout: backbone.layout, width: 16, generator: &generator)
    for (prefix, module) in modules {
      try module.load(part("initial.\(prefix)."))
    }
  }

  @Test func `the output equals that of a padded reference`() throws {
    let encoding = backbone(backbone.input(batch, mask: try mask))
    #expect(differences(encoding.events, try tensor("output.events")) == nil)
    #expect(differences(encoding.objects, try tensor("output.objects")) == nil)
  }

  @Test func `losses, every gradient and ten optimizer steps equal the reference`() throws {
    let mask = try mask
    let expected = try tensor("losses").doubles()
    let optimizer = AdamW(
      groups: decayGroups(parameters, weightDecay: 0.01, scale: 1), beta2: 0.98)
    for step in 0..<10 {
      optimizer.zeroGradients()
      let losses = [
        masked.loss(batch: batch, mask: mask, backbone: backbone),
        invariants.loss(
          batch: batch, backbone: backbone, context: ObjectiveContext(seed: 1, epoch: 0)),
        type.loss(batch: batch, mask: typeMask(mask), backbone: backbone),
      ]
      (losses[0] + losses[1] * 2.0 + losses[2]).backward()
      for index in 0..<3 {
        #expect(
          isClose(losses[index].item(), expected[3 * step + index], relative: 1e-4),
          "loss \(index) in step \(step)")
      }
      if step == 0 {
        for (name, parameter) in parameters {
          let gradient = try #require(parameter.value.gradient, "\(name) has no gradient")
          #expect(differences(gradient, try tensor("gradient.\(name)")) == nil, "\(name)")
        }
      }
      clipGradientNorm(optimizer.parameters, maximum: 1)
      optimizer.step(learningRate: 1e-3)
    }
    // Adam divides by the root of tiny second moments, which magnifies rounding: of ten steps of
    // 1e-3 each, a difference of 1e-4 is one percent.
    for (name, parameter) in parameters {
      var (values, expected) = (parameter.value.floats(), try tensor("final.\(name)").floats())
      if name.hasSuffix("attention.projection.bias") {
        // The softmax does not change with the bias of the keys: its gradient is zero but for
        // rounding, which Adam scales up to whole steps.
        values.removeSubrange(16..<32)
        expected.removeSubrange(16..<32)
      }
      let difference = worstDifference(values, expected, relative: 1e-3, absolute: 1e-4)
      #expect(difference == nil, "\(name): \(difference ?? "")")
    }
  }

  // MARK: - The fixture

  private var modules: [(prefix: String, module: any Module)] {
    [
      ("backbone", backbone), ("maskedObjects", masked), ("kinematicInvariants", invariants),
      ("objectType", type),
    ]
  }

  private var parameters: [(name: String, parameter: Parameter)] {
    modules.flatMap { prefix, module in
      module.namedParameters().map { ("\(prefix).\($0.name)", $0.parameter) }
    }
  }

  private var mask: ObjectMask {
    get throws {
      var mask = ObjectMask(objectCount: batch.objectCount)
      mask.hidesMomentum = try tensor("hidesMomentum").bytes().map { $0 == 1 }
      mask.hidesKind = try tensor("hidesKind").bytes().map { $0 == 1 }
      return mask
    }
  }

  private func typeMask(_ mask: ObjectMask) -> ObjectMask {
    var result = mask
    result.hidesMomentum = mask.hidesMomentum.map { _ in false }
    return result
  }

  private func tensor(_ name: String) throws -> Tensor {
    try #require(fixture[name], "the fixture lacks \(name)")
  }

  private func part(_ prefix: String) -> [(name: String, tensor: Tensor)] {
    fixture.compactMap { name, tensor in
      name.hasPrefix(prefix) ? (String(name.dropFirst(prefix.count)), tensor) : nil
    }
  }

  private func differences(_ values: Tensor, _ expected: Tensor) -> String? {
    worstDifference(
      values.floats(), expected.floats(), relative: relative, absolute: absolute)
  }

  private static func batch(_ fixture: [String: Tensor], schema: EventSchema) throws -> EventBatch {
    var batch = EventBatch(schema: schema)
    batch.offsets = try #require(fixture["offsets"]).int64s().map { Int($0) }
    batch.kinds = try #require(fixture["kinds"]).bytes()
    batch.momenta = try #require(fixture["momenta"]).floats()
    batch.features = try #require(fixture["features"]).floats()
    batch.scalars = try #require(fixture["scalars"]).floats()
    let count = batch.scalars.count
    batch.eventIndices = Array(0..<count)
    batch.weights = [Float](repeating: 1, count: count)
    batch.labels = [Int32](repeating: -1, count: count)
    return batch
  }

  /// The edges of the script, kind by kind.
  private static var edges: [[[Float]]] {
    func linear(_ first: Double, _ last: Double, _ count: Int) -> [Float] {
      (0..<count).map { Float(first + (last - first) * Double($0) / Double(count - 1)) }
    }
    let pt = linear(3, 5, 31)
    let eta = linear(-2, 2, 31)
    let phi = linear(-3, 3, 31)
    let feature = linear(0.1, 0.9, 15)
    return [
      [pt, eta, phi, [], [-1], feature], [pt, eta, phi, linear(1.8, 2.4, 20), feature],
      [pt, [], phi, []],
    ]
  }
}
