// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Kinematics

/// What the objects of an event have in common, for the bias of attention between them.
///
/// Of two objects with transverse momenta pt, rapidities y, azimuths φ and four-momenta p, floors
/// keeping the logarithms finite:
///
///     lnDeltaR  ln ΔR = ln sqrt(Δy² + Δφ²), ΔR at least 0.001
///     lnKT      ln (min(pt₁, pt₂) ΔR / GeV), at least ln 0.001
///     lnZ       ln (min(pt₁, pt₂) / (pt₁ + pt₂)), at least ln 0.001
///     lnMass2   ln ((p₁ + p₂)² / GeV²), at least ln 0.01
///
/// The mass is Lorentz-invariant; the others are invariant under rotations about the beam,
/// reflections and boosts along the beam. Where one of the two has no pseudorapidity, as missing
/// momentum, both count as massless and without a longitudinal part: `lnDeltaR` is ln |Δφ|, and
/// `lnMass2` is that of the transverse mass 2 pt₁ pt₂ (1 − cos Δφ); `isTransverse` is 1 there.
///
/// Of an object and the event, which stands for the detector, the products of p with the axes of
/// time t = (1, 0, 0, 0) and of the beams b± = (1, 0, 0, ±1), each at least 0.01 GeV; for an object
/// without pseudorapidity its part across the beam, and `isTransverse`:
///
///     lnEnergy  ln (t·p / GeV) = ln E
///     lnPlus    ln (b₋·p / GeV) = ln (E + pz)
///     lnMinus   ln (b₊·p / GeV) = ln (E − pz)
///
/// All are shifted and scaled to the order of 1. Of an object whose momentum is hidden there is
/// nothing but `isHidden`. One whose kind is hidden counts as massless, and in the place of a missing
/// pseudorapidity it has 0 without a mark, as among the model's inputs. Negative masses count as 0.
///
/// Sources: H. Qu et al., arXiv:2202.03772, equations 3 to 6; S. Gong et al., arXiv:2201.08187, and
/// J. Spinner et al., arXiv:2405.14806, for reference vectors.
struct PairFeatures {
  /// The names of the columns of pairs of objects.
  static let pairColumns = [
    "lnDeltaR", "lnKT", "lnZ", "lnMass2", "isTransverse", "isHidden",
  ]
  /// The names of the columns of an object and the event.
  static let referenceColumns = ["lnEnergy", "lnPlus", "lnMinus", "isTransverse", "isHidden"]

  /// The pairs of objects, event after event: each object with those before it in its event.
  ///
  /// With `n` objects an event has `n (n - 1) / 2` pairs, of which that of its objects `i < j` is
  /// number `j (j - 1) / 2 + i`. Shape `[pairs, pairColumns.count]`.
  private(set) var pairs: [Float] = []
  /// The objects and their events, in the order of the batch; empty unless asked for.
  ///
  /// Shape `[T, referenceColumns.count]`.
  private(set) var references: [Float] = []

  /// Computes the features of a batch.
  ///
  /// - Parameters:
  ///   - batch: The events.
  ///   - mask: What is hidden; `nil` hides nothing.
  ///   - withReferences: Whether products with reference vectors are asked for.
  init(_ batch: EventBatch, mask: ObjectMask?, withReferences: Bool) {
    let objects = (0..<batch.objectCount).map { PairedObject($0, of: batch, mask: mask) }
    let pairCount = (0..<batch.eventCount).reduce(0) { sum, event in
      let count = batch.range(of: event).count
      return sum + count * (count - 1) / 2
    }
    let width = Self.pairColumns.count
    pairs = [Float](unsafeUninitializedCapacity: pairCount * width) { values, count in
      for event in 0..<batch.eventCount {
        let range = batch.range(of: event)
        for second in range {
          for first in range.lowerBound..<second {
            Self.write(objects[first], objects[second], to: values, at: count)
            count += width
          }
        }
      }
    }
    guard withReferences else { return }
    references.reserveCapacity(batch.objectCount * Self.referenceColumns.count)
    for object in objects { references += Self.row(object) }
  }

  /// Writes the row of two objects from a place on.
  ///
  /// Pairs are many: what can be computed once for an object is, and nothing is allocated.
  private static func write(
    _ first: PairedObject, _ second: PairedObject, to row: UnsafeMutableBufferPointer<Float>,
    at start: Int
  ) {
    guard !first.isHidden, !second.isHidden else {
      for column in 0..<5 { row[start + column] = 0 }
      row[start + 5] = 1
      return
    }
    let isTransverse = !first.hasEta || !second.hasEta
    let deltaY = isTransverse ? 0 : first.rapidity - second.rapidity
    let deltaPhi = Kinematics.deltaPhi(first.phi, second.phi)
    let lnDeltaR = max(0.5 * log(deltaY * deltaY + deltaPhi * deltaPhi), lnFloor)
    let lnSmaller = min(first.lnPt, second.lnPt)
    let lnShare = lnSmaller - log(max(first.pt + second.pt, 1e-3))
    let massSquared = massSquared(first, second, isTransverse: isTransverse)
    row[start] = Float(lnDeltaR * 0.7)
    row[start + 1] = Float((max(lnSmaller + lnDeltaR, lnFloor) - 3) * 0.5)
    row[start + 2] = Float(max(lnShare, lnFloor) + 1.5)
    row[start + 3] = Float((log(max(massSquared, 1e-2)) - 8) * 0.4)
    row[start + 4] = isTransverse ? 1 : 0
    row[start + 5] = 0
  }

  /// The least of all logarithms but that of the mass.
  private static let lnFloor = log(1e-3)

  private static func row(_ object: PairedObject) -> [Float] {
    guard !object.isHidden else { return [0, 0, 0, 0, 1] }
    // E ± pz = mT exp(±y), without a difference of large terms.
    let exponentials = object.halfRapidity * object.halfRapidity
    func column(_ product: Double) -> Float {
      Float((log(max(object.transverseMass * product, 1e-2)) - 4) * 0.7)
    }
    return [
      column((exponentials.x + exponentials.y) / 2), column(exponentials.x),
      column(exponentials.y), object.hasEta ? 0 : 1, 0,
    ]
  }

  /// Returns (p₁ + p₂)² in GeV², as a sum of terms that are not negative, so that none cancel.
  ///
  ///     m₁² + m₂² + 2 (mT₁ mT₂ cosh Δy − pt₁ pt₂ cos Δφ),
  ///     cosh Δy = 1 + 2 sinh²(Δy/2),  cos Δφ = 1 − 2 sin²(Δφ/2),
  ///     mT₁ mT₂ − pt₁ pt₂ = (m₁² pt₂² + m₂² pt₁² + m₁² m₂²) / (mT₁ mT₂ + pt₁ pt₂)
  private static func massSquared(
    _ first: PairedObject, _ second: PairedObject, isTransverse: Bool
  ) -> Double {
    let pts = first.pt * second.pt
    let sine = first.halfPhi.y * second.halfPhi.x - first.halfPhi.x * second.halfPhi.y
    let across = 4 * pts * sine * sine
    if isTransverse { return across }
    let masses = (first.mass * first.mass, second.mass * second.mass)
    let transverseMasses = first.transverseMass * second.transverseMass
    let twiceSinh =
      first.halfRapidity.x * second.halfRapidity.y - first.halfRapidity.y * second.halfRapidity.x
    let excess =
      masses.0 * second.pt * second.pt + masses.1 * first.pt * first.pt + masses.0 * masses.1
    return masses.0 + masses.1 + across + transverseMasses * twiceSinh * twiceSinh
      + (excess > 0 ? 2 * excess / (transverseMasses + pts) : 0)
  }
}

/// An object, with what all of its pairs need; in GeV and radians.
private struct PairedObject {
  let isHidden: Bool
  let hasEta: Bool
  let pt: Double
  let phi: Double
  let mass: Double
  /// sqrt(pt² + m²).
  let transverseMass: Double
  /// 0 without pseudorapidity.
  let rapidity: Double
  let lnPt: Double
  /// The cosine and sine of half the azimuth.
  let halfPhi: SIMD2<Double>
  /// The exponential functions of half the rapidity and of its negative.
  let halfRapidity: SIMD2<Double>

  init(_ index: Int, of batch: EventBatch, mask: ObjectMask?) {
    let momentum = SIMD4<Double>(
      SIMD4<Float>(
        batch.momenta[4 * index], batch.momenta[4 * index + 1], batch.momenta[4 * index + 2],
        batch.momenta[4 * index + 3]))
    let hidesKind = mask?.hidesKind[index] ?? false
    isHidden = mask?.hidesMomentum[index] ?? false
    hasEta = hidesKind || !momentum[1].isNaN
    pt = momentum[0]
    phi = momentum[2]
    mass = hidesKind || momentum[3].isNaN ? 0 : max(momentum[3], 0)
    transverseMass = hypot(pt, mass)
    rapidity =
      momentum[1].isNaN ? 0 : asinh(pt / max(transverseMass, 1e-30) * sinh(momentum[1]))
    lnPt = log(pt)
    halfPhi = SIMD2(cos(phi / 2), sin(phi / 2))
    let exponential = exp(rapidity / 2)
    halfRapidity = SIMD2(exponential, 1 / exponential)
  }
}
