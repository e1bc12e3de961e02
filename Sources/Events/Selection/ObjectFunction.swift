// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kinematics

/// What is computed of one object, or of several.
enum ObjectFunction: Hashable, Sendable {
  /// A quantity of one object, as stored.
  case quantity(ObjectReference.Quantity)
  /// Of the sum of the four-momenta.
  case mass, pt, eta
  /// sqrt((sum of ET)^2 - |sum of pT|^2).
  case transverseMass
  /// The first minus the second.
  case deltaEta, deltaPhi
  /// sqrt(deltaEta^2 + deltaPhi^2).
  case deltaR

  /// The largest number of whole kinds among the arguments.
  static let largestKindCount = 4

  private static let ofMany: [String: ObjectFunction] = [
    "mass": .mass, "pt": .pt, "eta": .eta, "transverseMass": .transverseMass,
  ]
  private static let ofTwo: [String: ObjectFunction] = [
    "deltaEta": .deltaEta, "deltaPhi": .deltaPhi, "deltaR": .deltaR,
  ]

  /// The names of all functions.
  static var names: [String] { Array(ofMany.keys) + Array(ofTwo.keys) }

  /// Returns the function of a name and number of arguments, or `nil`.
  static func named(_ name: String, argumentCount: Int) -> ObjectFunction? {
    if argumentCount >= 1, let function = ofMany[name] { return function }
    return argumentCount == 2 ? ofTwo[name] : nil
  }

  /// Returns how a function is called, or `nil` where none has the name.
  static func usage(of name: String) -> String? {
    if ofMany[name] != nil { return "\(name)(object, object, …)" }
    return ofTwo[name] == nil ? nil : "\(name)(object, object)"
  }

  /// Computes the function.
  ///
  /// - Parameters:
  ///   - objects: Positions in the batch.
  ///   - batch: The batch.
  ///   - momenta: The four-momenta of its objects; see ``EventBatch/fourMomenta``.
  /// - Returns: The value; not-a-number where an object lacks what it needs.
  func value(of objects: [Int], in batch: EventBatch, momenta: [FourMomentum]) -> Double {
    func component(_ place: Int, _ number: Int) -> Double {
      Double(batch.momenta[4 * objects[place] + number])
    }
    switch self {
    case .quantity(let quantity): return batch.value(quantity, of: objects[0])
    case .mass: return sum(objects, of: momenta).mass
    case .eta:
      let eta = sum(objects, of: momenta).eta
      // A momentum along the beam has no finite one.
      return eta.isFinite ? eta : .nan
    case .pt: return sum(objects, of: momenta).pt
    case .transverseMass:
      return Kinematics.transverseMass(
        objects.indices.map { place in
          let mass = component(place, 3)
          return (pt: component(place, 0), phi: component(place, 2), mass: mass.isNaN ? 0 : mass)
        })
    case .deltaEta: return component(0, 1) - component(1, 1)
    case .deltaPhi: return Kinematics.deltaPhi(component(0, 2), component(1, 2))
    case .deltaR:
      return hypot(
        component(0, 1) - component(1, 1), Kinematics.deltaPhi(component(0, 2), component(1, 2)))
    }
  }

  private func sum(_ objects: [Int], of momenta: [FourMomentum]) -> FourMomentum {
    var result = FourMomentum.zero
    for object in objects { result += momenta[object] }
    return result
  }
}

extension EventBatch {
  /// Returns a quantity of an object; not-a-number where it is missing.
  func value(_ quantity: ObjectReference.Quantity, of object: Int) -> Double {
    switch quantity {
    case .pt: Double(momenta[4 * object])
    case .eta: Double(momenta[4 * object + 1])
    case .phi: Double(momenta[4 * object + 2])
    case .mass: Double(momenta[4 * object + 3])
    case .feature(let index): Double(features[schema.featureWidth * object + index])
    }
  }

  /// The four-momentum of each object.
  ///
  /// Momentum along the beam and energy are not-a-number without a pseudorapidity or a mass, or with
  /// a negative mass larger than the momentum, as damaged jets have it. What is across the beam is
  /// always known.
  var fourMomenta: [FourMomentum] {
    (0..<kinds.count).map { object in
      let (pt, eta) = (Double(momenta[4 * object]), Double(momenta[4 * object + 1]))
      let (phi, mass) = (Double(momenta[4 * object + 2]), Double(momenta[4 * object + 3]))
      let momentum = pt * cosh(eta)
      guard momentum * momentum + mass * abs(mass) >= 0 else {
        var across = FourMomentum(pt: pt, eta: 0, phi: phi, mass: 0)
        (across.pz, across.energy) = (.nan, .nan)
        return across
      }
      return FourMomentum(pt: pt, eta: eta, phi: phi, mass: mass)
    }
  }
}
