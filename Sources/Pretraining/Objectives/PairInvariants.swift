// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation

/// The kinematic quantities of a pair of objects that the model is taught.
///
///     0  ln(m / GeV)          m² = 2 (mT₁ mT₂ cosh Δy − pT₁ pT₂ cos Δφ) + m₁² + m₂², with y the rapidity
///     1  ln(1 + mT / GeV)     mT² = 2 pT₁ pT₂ (1 − cos Δφ)
///     2  ln(1 + pT / GeV)     pT of the sum
///     3  |Δφ|
///     4  |Δη|
///     5  charge product       where both kinds have a feature named "charge"
///
/// Rotations about the beam, reflections and longitudinal boosts leave 0 to 3 and 5 as they are,
/// and 4 for massless objects. A quantity that needs an undefined component is NaN: missing
/// momentum has neither mass nor eta.
public enum PairInvariants {
  /// Number of quantities.
  public static let count = 6
  /// Pairs below this mass in GeV count as having it, so that the logarithm is finite.
  public static let smallestMass: Float = 0.01

  /// Returns the quantities of two objects of a batch.
  ///
  /// - Parameters:
  ///   - first: An object of the batch.
  ///   - second: Another object of the same event.
  ///   - batch: The batch.
  ///   - chargeFeature: For each kind, which feature is the charge; `nil` where it has none.
  /// - Returns: The quantities 0 to 5; the last two elements are not used.
  public static func values(
    _ first: Int, _ second: Int, in batch: EventBatch, chargeFeature: [Int?]
  ) -> SIMD8<Float> {
    let momenta = batch.momenta
    let pt1 = momenta[4 * first]
    let pt2 = momenta[4 * second]
    let deltaPhi = momenta[4 * first + 2] - momenta[4 * second + 2]
    let halfSine = sin(deltaPhi / 2)
    let eta1 = momenta[4 * first + 1]
    let eta2 = momenta[4 * second + 1]
    let mass1 = momenta[4 * first + 3]
    let mass2 = momenta[4 * second + 3]

    var values = SIMD8<Float>(repeating: .nan)
    let transverse1 = (pt1 * pt1 + mass1 * mass1).squareRoot()
    let transverse2 = (pt2 * pt2 + mass2 * mass2).squareRoot()
    // The difference of rapidities rather than energies and momenta: nothing cancels forward. And
    // m² = m₁² + m₂² + 2 (mT₁ mT₂ − pT₁ pT₂) + 4 mT₁ mT₂ sinh²(Δy/2) + 4 pT₁ pT₂ sin²(Δφ/2), with the
    // bracket as a quotient: no term is negative, so that nothing cancels for close pairs either.
    let deltaY = asinh(pt1 * sinh(eta1) / transverse1) - asinh(pt2 * sinh(eta2) / transverse2)
    let halfSinh = sinh(deltaY / 2)
    let excess =
      mass1 * mass1 * pt2 * pt2 + mass2 * mass2 * pt1 * pt1 + mass1 * mass1 * mass2 * mass2
    let squared =
      mass1 * mass1 + mass2 * mass2 + 2 * excess / (transverse1 * transverse2 + pt1 * pt2)
      + 4 * transverse1 * transverse2 * halfSinh * halfSinh + 4 * pt1 * pt2 * halfSine * halfSine
    if !squared.isNaN {
      values[0] = log(max(squared, smallestMass * smallestMass)) / 2
    }
    values[1] = log1p(2 * (pt1 * pt2).squareRoot() * abs(halfSine))
    let halfCosine = cos(deltaPhi / 2)
    values[2] = log1p(
      ((pt1 - pt2) * (pt1 - pt2) + 4 * pt1 * pt2 * halfCosine * halfCosine).squareRoot())
    values[3] = abs(deltaPhi.remainder(dividingBy: 2 * .pi))
    values[4] = abs(eta1 - eta2)
    let width = batch.schema.featureWidth
    if let charge1 = chargeFeature[Int(batch.kinds[first])],
      let charge2 = chargeFeature[Int(batch.kinds[second])]
    {
      values[5] = batch.features[first * width + charge1] * batch.features[second * width + charge2]
    }
    return values
  }

  /// Returns mean and deviation of each quantity over the pairs of a store's events.
  ///
  /// - Parameters:
  ///   - store: The events; at most 20,000 of them are looked at, evenly spread.
  ///   - indices: Which of them may be looked at, as the training split.
  /// - Returns: Moments of the quantities 0 to 5.
  /// - Throws: `EventStoreError` if an event cannot be read.
  public static func moments(
    store: any EventSource, indices: [Int]
  ) throws -> [InputNormalization.Moments] {
    var sums = [(count: Double, sum: Double, squares: Double)](
      repeating: (0, 0, 0), count: count)
    let charges = store.schema.chargeFeatures
    try store.forEachBatch(of: indices, sampling: 20_000) { batch in
      for event in 0..<batch.eventCount {
        let range = batch.range(of: event)
        for first in range {
          for second in range where second > first {
            let values = Self.values(first, second, in: batch, chargeFeature: charges)
            for quantity in 0..<count where !values[quantity].isNaN {
              let value = Double(values[quantity])
              sums[quantity].count += 1
              sums[quantity].sum += value
              sums[quantity].squares += value * value
            }
          }
        }
      }
    }
    return sums.map { sum -> InputNormalization.Moments in
      guard sum.count > 0 else { return InputNormalization.Moments() }
      let mean = sum.sum / sum.count
      let deviation = max(0, sum.squares / sum.count - mean * mean).squareRoot()
      return InputNormalization.Moments(
        mean: Float(mean), deviation: deviation > 1e-6 ? Float(deviation) : 1)
    }
  }
}
