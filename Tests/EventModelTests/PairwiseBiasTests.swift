// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Kinematics
import TestSupport
import Testing
import Torch

@testable import EventModel

/// Attention that is biased by what pairs of objects have in common.
@Suite struct PairwiseBiasTests {
  private let batch = TinyEvents.batch(eventCount: 24)

  private func configuration(references: Bool = true) -> ModelConfiguration {
    var configuration = ModelConfiguration(width: 32, layers: 3, heads: 4)
    configuration.pairwiseBias = true
    configuration.referenceVectors = references
    return configuration
  }

  private func model(
    _ configuration: ModelConfiguration, biasScale: Double = 0
  ) -> EventTransformer {
    let model = EventTransformer(
      configuration: configuration, schema: TinyEvents.schema, normalization: InputNormalization(),
      seed: 5)
    // The last map starts at zero.
    var generator = SystemRandomNumberGenerator()
    withoutGradients {
      for (name, parameter) in model.namedParameters() where name.contains("pairBias.contraction") {
        let count = parameter.value.elementCount
        let values = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
        parameter.value.copy(
          from: Tensor(values.map { $0 * Float(biasScale) }, shape: parameter.value.shape))
      }
    }
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

  /// Applies a transformation to everything but missing momentum, which has no longitudinal part.
  private func moved(_ batch: EventBatch, by transformation: LorentzTransformation) -> EventBatch {
    var result = batch
    for object in 0..<batch.objectCount where !batch.momenta[4 * object + 1].isNaN {
      let own = batch.momenta[4 * object..<4 * object + 4].map(Double.init)
      let p = transformation.applied(
        to: FourMomentum(pt: own[0], eta: own[1], phi: own[2], mass: own[3]))
      for (column, value) in [p.pt, p.eta, p.phi].enumerated() {
        result.momenta[4 * object + column] = Float(value)
      }
    }
    return result
  }

  /// The column of every pair of objects with a pseudorapidity.
  private func column(_ name: String, _ batch: EventBatch) throws -> [Float] {
    let features = PairFeatures(batch, mask: nil, withReferences: true)
    let column = try #require(PairFeatures.columns.firstIndex(of: name))
    var result: [Float] = []
    for event in 0..<batch.eventCount {
      let range = batch.range(of: event)
      for (place, first) in range.enumerated() {
        for (other, second) in range.enumerated()
        where first != second && !batch.momenta[4 * first + 1].isNaN
          && !batch.momenta[4 * second + 1].isNaN
        {
          let row = features.starts[event] + (place + 1) * (range.count + 1) + other + 1
          result.append(features.values[row * PairFeatures.width + column])
        }
      }
    }
    return result
  }

  @Test func `the mass is that of the four-momenta, and invariant`() throws {
    let found = try column("lnMass2", batch)
    var expected: [Float] = []
    for event in 0..<batch.eventCount {
      let momenta = batch.range(of: event).compactMap { object -> FourMomentum? in
        let own = batch.momenta[4 * object..<4 * object + 4].map(Double.init)
        return own[1].isNaN
          ? nil : FourMomentum(pt: own[0], eta: own[1], phi: own[2], mass: own[3])
      }
      for (place, first) in momenta.enumerated() {
        for (other, second) in momenta.enumerated() where place != other {
          expected.append(Float((log(pow((first + second).mass, 2)) - 8) * 0.4))
        }
      }
    }
    #expect(worstDifference(found, expected, relative: 1e-5, absolute: 1e-5) == nil)
    let boosted = moved(batch, by: .boost(along: [0.3, 0.5, 0.8], rapidity: 0.7))
    #expect(
      worstDifference(try column("lnMass2", boosted), found, relative: 1e-4, absolute: 1e-3) == nil)
  }

  @Test(arguments: ["lnDeltaR", "lnKT", "lnZ", "lnMass2"])
  func `pairs are invariant under a collider's symmetries`(name: String) throws {
    let found = try column(name, batch)
    for (what, transformation, tolerance) in [
      ("rotation", LorentzTransformation.rotation(about: [0, 0, 1], angle: 1.1), 1e-3),
      ("reflection", .reflection(normal: [0, 0, 1]), 1e-4),
      // Differences of pseudorapidity are those of rapidity for massless objects only.
      ("boost", .boost(along: [0, 0, 1], rapidity: 0.4), 0.1),
    ] {
      let after = try column(name, moved(batch, by: transformation))
      #expect(
        worstDifference(after, found, relative: 0, absolute: Float(tolerance)) == nil, "\(what)")
    }
  }

  @Test func `a new model attends as one without a bias`() {
    let plain = events(model(ModelConfiguration(width: 32, layers: 3, heads: 4)), batch)
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
    let padded = events(model, batch, grouping: .padded)
    #expect(worstDifference(padded, together, relative: 1e-4, absolute: 1e-5) == nil)
  }

  @Test func `nothing of a hidden object leaks`() {
    let model = model(configuration(), biasScale: 0.5)
    var mask = ObjectMask(objectCount: batch.objectCount)
    var momenta = batch
    var masses = batch
    for object in stride(from: 0, to: batch.objectCount, by: 3) {
      mask.hidesMomentum[object] = true
      momenta.momenta[4 * object + 1] *= 0.5
      momenta.momenta[4 * object + 2] *= -0.3
    }
    for object in stride(from: 1, to: batch.objectCount, by: 3) {
      mask.hidesKind[object] = true
      masses.momenta[4 * object + 3] += 7
    }
    var kinds = batch
    for object in stride(from: 1, to: batch.objectCount, by: 3)
    where batch.momenta[4 * object + 1].isNaN {
      // As an object of a kind that has both.
      kinds.momenta[4 * object + 1] = 0
      kinds.momenta[4 * object + 3] = 5
    }
    let features = PairFeatures(batch, mask: mask, withReferences: true)
    let same = PairFeatures(kinds, mask: mask, withReferences: true)
    #expect(kinds != batch && same.values == features.values)
    let expected = events(model, batch, mask: mask)
    #expect(events(model, momenta, mask: mask) == expected)
    #expect(events(model, masses, mask: mask) == expected)
    #expect(events(model, momenta) != events(model, batch))
  }

  @Test func `without reference vectors pairs with the event say nothing`() {
    let features = PairFeatures(batch, mask: nil, withReferences: false)
    for event in 0..<batch.eventCount {
      for other in 0...batch.range(of: event).count {
        let row = (features.starts[event] + other) * PairFeatures.width
        let expected: [Float] = PairFeatures.columns.map { $0 == "isOfEvent" ? 1 : 0 }
        #expect(Array(features.values[row..<row + PairFeatures.width]) == expected)
      }
    }
  }

  @Test func `gradients reach the network`() {
    let model = model(configuration(), biasScale: 0.5)
    model(model.input(batch)).events.square().sum().backward()
    for (name, parameter) in model.namedParameters() where name.contains("pairBias") {
      let gradient = parameter.value.gradient?.floats() ?? []
      #expect(gradient.contains { $0 != 0 }, "\(name)")
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
    #expect(old == ModelConfiguration())
  }
}
