// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Kinematics
import Torch

/// The features of all pairs of tokens of a batch as the model sees them.
struct PairInput {
  /// Shape `[pairs, PairFeatures.width]`.
  let features: Tensor
  /// The first pair of each event.
  let starts: [Int]
}

/// What two tokens of an event have in common, for the bias of attention between them.
///
/// Of two objects, with pt, pseudorapidity and azimuth, and four-momenta p:
///
///     lnDeltaR  ln sqrt(Δη² + Δφ²)
///     lnKT      ln (min(pt₁, pt₂) ΔR / GeV)
///     lnZ       ln (min(pt₁, pt₂) / (pt₁ + pt₂))
///     lnMass2   ln ((p₁ + p₂)² / GeV²), Lorentz-invariant
///
/// The others are invariant under rotations about the beam, reflections and, as far as ΔR is, boosts
/// along it. Where an object has no pseudorapidity, as missing momentum, both count in the plane
/// across the beam, which `isTransverse` marks.
///
/// Of the event's token and an object, if reference vectors are asked for, products of p with the
/// axes of time (1, 0, 0, 0) and of the beams (1, 0, 0, ±1): what a detector at rest sees.
///
///     lnEnergy  ln (p·t / GeV), lnPlus  ln (p·b₋ / GeV), lnMinus  ln (p·b₊ / GeV)
///
/// All are shifted and scaled to the order of 1. Of an object whose momentum is hidden there is
/// nothing but `isHidden`. One whose kind is hidden counts as massless, and has 0 in the place of a missing
/// pseudorapidity, without a mark, as among the model's inputs.
///
/// Sources: H. Qu et al., arXiv:2202.03772, equations 3 to 6; S. Gong et al., arXiv:2201.08187, and
/// J. Spinner et al., arXiv:2405.14806, for reference vectors.
struct PairFeatures {
  /// The names of the columns.
  static let columns = [
    "lnDeltaR", "lnKT", "lnZ", "lnMass2", "isTransverse", "isHidden", "isOfEvent", "lnEnergy",
    "lnPlus", "lnMinus",
  ]
  /// Number of columns.
  static var width: Int { columns.count }

  /// The features of all pairs of tokens, event after event; of event `e` with `N` tokens, its own
  /// first, `N * N` rows.
  ///
  /// Shape `[pairs, width]`.
  let values: [Float]
  /// The first pair of each event.
  let starts: [Int]

  /// Computes the features of a batch.
  ///
  /// - Parameters:
  ///   - batch: The events.
  ///   - mask: What is hidden.
  ///   - withReferences: Whether pairs with the event's token have features.
  init(_ batch: EventBatch, mask: ObjectMask?, withReferences: Bool) {
    var starts: [Int] = []
    var count = 0
    for event in 0..<batch.eventCount {
      starts.append(count)
      let tokens = batch.range(of: event).count + 1
      count += tokens * tokens
    }
    let objects = (0..<batch.objectCount).map { Object($0, of: batch, mask: mask) }
    var values = [Float](repeating: 0, count: count * Self.width)
    values.withUnsafeMutableBufferPointer { values in
      for event in 0..<batch.eventCount {
        let range = batch.range(of: event)
        let tokens = range.count + 1
        func row(_ first: Int, _ second: Int) -> Int {
          (starts[event] + first * tokens + second) * Self.width
        }
        for other in 0..<tokens {
          values[row(0, other) + 6] = 1
          values[row(other, 0) + 6] = 1
        }
        for (place, index) in range.enumerated() {
          let object = objects[index]
          if object.isHidden {
            for other in 0..<tokens {
              values[row(place + 1, other) + 5] = 1
              values[row(other, place + 1) + 5] = 1
            }
            continue
          }
          if withReferences {
            object.writeReferences(to: &values, row(0, place + 1), row(place + 1, 0))
          }
          for earlier in 0..<place where !objects[range.lowerBound + earlier].isHidden {
            objects[range.lowerBound + earlier].write(
              with: object, to: &values, row(place + 1, earlier + 1), row(earlier + 1, place + 1))
          }
        }
      }
    }
    self.values = values
    self.starts = starts
  }

  /// An object, with what all of its pairs need.
  private struct Object {
    let isHidden: Bool
    private let pt: Double
    private let eta: Double
    private let phi: Double
    private let mass: Double
    private let hasEta: Bool
    private let energy: Double
    private let pz: Double

    init(_ index: Int, of batch: EventBatch, mask: ObjectMask?) {
      isHidden = mask?.hidesMomentum[index] ?? false
      func number(_ column: Int) -> Double { Double(batch.momenta[4 * index + column]) }
      pt = number(0)
      let hidesKind = mask?.hidesKind[index] ?? false
      // That there is none would tell a hidden kind.
      hasEta = !number(1).isNaN || hidesKind
      eta = number(1).isNaN ? 0 : number(1)
      phi = number(2)
      mass = number(3).isNaN || hidesKind ? 0 : max(number(3), 0)
      pz = pt * sinh(eta)
      energy = (pt * pt + pz * pz + mass * mass).squareRoot()
    }

    /// Writes the features of a pair in both orders.
    func write(
      with other: Object, to values: inout UnsafeMutableBufferPointer<Float>, _ row: Int,
      _ back: Int
    ) {
      let isTransverse = !hasEta || !other.hasEta
      let deltaEta = isTransverse ? 0 : eta - other.eta
      let deltaPhi = Kinematics.deltaPhi(phi, other.phi)
      let deltaR = max(hypot(deltaEta, deltaPhi), 1e-3)
      let smaller = min(pt, other.pt)
      // 2 p₁·p₂ of massless objects is 2 pt₁ pt₂ (cosh Δη − cos Δφ), without large terms that cancel.
      let massless = 2 * pt * other.pt * (cosh(deltaEta) - cos(deltaPhi))
      let excess =
        isTransverse
        ? 0
        : 2 * (energy * other.energy - momentum * other.momentum) + mass * mass
          + other.mass * other.mass
      let features = [
        log(deltaR) * 0.7,
        (log(max(smaller * deltaR, 1e-3)) - 3) * 0.5,
        log(max(smaller / max(pt + other.pt, 1e-3), 1e-3)) + 1.5,
        (log(max(massless + excess, 1e-2)) - 8) * 0.4,
        isTransverse ? 1 : 0,
      ]
      for (column, value) in features.enumerated() {
        values[row + column] = Float(value)
        values[back + column] = Float(value)
      }
    }

    /// The magnitude of the momentum.
    private var momentum: Double { (pt * pt + pz * pz).squareRoot() }

    /// Writes the products with the axes of time and beams, in both orders.
    func writeReferences(
      to values: inout UnsafeMutableBufferPointer<Float>, _ row: Int, _ back: Int
    ) {
      let features = [energy, energy + pz, energy - pz].map { (log(max($0, 1e-2)) - 4) * 0.7 }
      for (column, value) in features.enumerated() {
        values[row + 7 + column] = Float(value)
        values[back + 7 + column] = Float(value)
      }
      if !hasEta {
        values[row + 4] = 1
        values[back + 4] = 1
      }
    }
  }
}
