// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Runtime
import TestSupport
import Testing
import Torch

@testable import Pretraining

@Suite struct MixtureDensityTests {
  let densities = MixtureDensities(bins: QuantileBins(edges: []), componentCount: 2)

  /// -ln p of one target by a head's six numbers.
  private func loss(_ outputs: [Float], _ target: Float, isAzimuth: Bool = false) -> Double {
    densities.negativeLogDensity(
      outputs: Tensor(outputs, shape: [1, 6]), targets: [target], isAzimuth: [isAzimuth ? 1 : 0]
    ).item()
  }

  @Test func `the density is that of a mixture of normal distributions`() {
    let outputs: [Float] = [0.3, -0.4, 1.5, -2, 0.7, -1.2]
    let shares = [exp(0.3), exp(-0.4)].map { $0 / (exp(0.3) + exp(-0.4)) }
    let widths = [0.7, -1.2].map { 0.02 + log1p(exp($0)) }
    for target in [-3.0, 0.2, 4] {
      let density = zip(zip(shares, widths), [1.5, -2]).map { part, mean in
        part.0 * exp(-pow((target - mean) / part.1, 2) / 2)
          / (part.1 * (2 * Double.pi).squareRoot())
      }.reduce(0, +)
      #expect(isClose(loss(outputs, Float(target)), -log(density), absolute: 1e-4))
    }
  }

  @Test func `the density is one when all is added up`() {
    let outputs: [Float] = [0, 1, -1, 0.5, -3, 0.2]
    for isAzimuth in [false, true] {
      // A narrow mixture on the circle is a density on it, wherever it lies.
      let outputs = isAzimuth ? [0, 1, 3.1, -3, -3, -2.5] : outputs
      let range = isAzimuth ? Float.pi : 12
      let count = 4000
      let targets = (0..<count).map { (Float($0) + 0.5) / Float(count) * 2 * range - range }
      let sum = targets.map { exp(-loss(outputs, $0, isAzimuth: isAzimuth)) }.reduce(0, +)
      #expect(isClose(sum * Double(2 * range) / Double(count), 1, absolute: 1e-3))
    }
  }

  @Test func `azimuths are near across the cut`() {
    let outputs: [Float] = [0, -9, -3.1, 0, -1, 0]
    #expect(
      isClose(
        loss(outputs, 3.1, isAzimuth: true), loss(outputs, -3.1 + 2 * (.pi - 3.1), isAzimuth: true),
        absolute: 1e-3))
    #expect(loss(outputs, 3.1, isAzimuth: true) < loss(outputs, 0, isAzimuth: true) - 1)
  }

  @Test func `a value that all events share has a bounded density`() {
    #expect(loss([0, 0, 1, 1, -1000, -1000], 1) > -3.1)
  }

  @Test func `continuous quantities have densities and discrete ones have bins`() throws {
    let folder = try TemporaryFolder()
    let store = try TinyEvents.store(in: folder, eventCount: 500)
    let bins = try QuantileBins(store: store, indices: Array(0..<500))
    let own = MixtureDensities(bins: bins, componentCount: 3)
    let batch = try store.batch(events: Array(0..<100))
    var kinds: Set<String> = []
    for object in 0..<batch.objectCount {
      let kind = batch.schema.objectKinds[Int(batch.kinds[object])]
      let names = ["pt", "eta", "phi", "mass"] + kind.features
      for (quantity, name) in names.enumerated() {
        guard let target = own.target(of: quantity, object: object, in: batch) else { continue }
        kinds.insert("\(kind.name).\(name)")
        #expect(target.isAzimuth == (name == "phi"))
        #expect(abs(target.value) < 6)
      }
    }
    // Charges are two values, and all muons have the same mass.
    #expect(
      kinds == [
        "muon.pt", "muon.eta", "muon.phi", "muon.isolation", "jet.pt", "jet.eta", "jet.phi",
        "jet.mass", "jet.btag", "missingMomentum.pt", "missingMomentum.phi",
      ])
  }
}
