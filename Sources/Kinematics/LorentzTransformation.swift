// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An element of the Lorentz group: a linear map that keeps all scalar products.
///
///     let boost = LorentzTransformation.boost(along: [0, 0, 1], rapidity: 0.4)
///     let moved = boost.applied(to: muon)          // its rapidity is 0.4 larger
///     let both = LorentzTransformation.rotation(about: [0, 0, 1], angle: 1) * boost
///
/// Transformations are active: they move the particles, not the axes. `a * b` applies `b` first.
/// Components are ordered (E, px, py, pz).
public struct LorentzTransformation: Sendable, Hashable {
  /// The rows of the matrix.
  public let rows: [SIMD4<Double>]

  private init(_ rows: [SIMD4<Double>]) { self.rows = rows }

  /// The transformation that changes nothing.
  public static let identity = LorentzTransformation([
    [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1],
  ])

  /// The parity transformation (x, y, z) to (-x, -y, -z).
  public static let spaceInversion = LorentzTransformation([
    [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, 0], [0, 0, 0, -1],
  ])

  /// Returns a boost.
  ///
  /// - Parameters:
  ///   - direction: The direction in which a particle at rest starts to move; of any length.
  ///   - rapidity: The rapidity that it gets, atanh(v / c).
  /// - Returns: The boost.
  /// - Precondition: The direction is not zero.
  public static func boost(along direction: SIMD3<Double>, rapidity: Double)
    -> LorentzTransformation
  {
    let n = unit(direction)
    let coshY = cosh(rapidity)
    let sinhY = sinh(rapidity)
    var rows: [SIMD4<Double>] = [[coshY, sinhY * n.x, sinhY * n.y, sinhY * n.z]]
    for row in 0..<3 {
      var values = SIMD4(sinhY * n[row], 0, 0, 0)
      for column in 0..<3 {
        values[column + 1] = (row == column ? 1 : 0) + (coshY - 1) * n[row] * n[column]
      }
      rows.append(values)
    }
    return LorentzTransformation(rows)
  }

  /// Returns a rotation by the right-hand rule.
  ///
  /// - Parameters:
  ///   - axis: The axis; of any length.
  ///   - angle: The angle in radians.
  /// - Returns: The rotation.
  /// - Precondition: The axis is not zero.
  public static func rotation(about axis: SIMD3<Double>, angle: Double) -> LorentzTransformation {
    // Rodrigues' formula: R = cos 1 + (1 - cos) n n^T + sin [n]x.
    let n = unit(axis)
    let cosine = cos(angle)
    let sine = sin(angle)
    let cross: [SIMD3<Double>] = [[0, -n.z, n.y], [n.z, 0, -n.x], [-n.y, n.x, 0]]
    var rows: [SIMD4<Double>] = [[1, 0, 0, 0]]
    for row in 0..<3 {
      var values = SIMD4<Double>(repeating: 0)
      for column in 0..<3 {
        values[column + 1] =
          (row == column ? cosine : 0) + (1 - cosine) * n[row] * n[column]
          + sine * cross[row][column]
      }
      rows.append(values)
    }
    return LorentzTransformation(rows)
  }

  /// Returns the reflection in the plane through the origin that is normal to a vector.
  ///
  /// The normal [0, 0, 1] turns z into -z, the normal [0, 1, 0] phi into -phi.
  ///
  /// - Precondition: The normal is not zero.
  public static func reflection(normal: SIMD3<Double>) -> LorentzTransformation {
    let n = unit(normal)
    var rows: [SIMD4<Double>] = [[1, 0, 0, 0]]
    for row in 0..<3 {
      var values = SIMD4<Double>(repeating: 0)
      for column in 0..<3 {
        values[column + 1] = (row == column ? 1 : 0) - 2 * n[row] * n[column]
      }
      rows.append(values)
    }
    return LorentzTransformation(rows)
  }

  /// Returns the transformed vector.
  public func applied(to momentum: FourMomentum) -> FourMomentum {
    let vector = SIMD4(momentum.energy, momentum.px, momentum.py, momentum.pz)
    return FourMomentum(
      px: (rows[1] * vector).sum(), py: (rows[2] * vector).sum(), pz: (rows[3] * vector).sum(),
      energy: (rows[0] * vector).sum())
  }

  /// The transformation that applies the second, then the first.
  public static func * (
    first: LorentzTransformation, second: LorentzTransformation
  ) -> LorentzTransformation {
    LorentzTransformation(
      first.rows.map { row in
        row[0] * second.rows[0] + row[1] * second.rows[1] + row[2] * second.rows[2]
          + row[3] * second.rows[3]
      })
  }

  /// The transformation that undoes this one: g L^T g with the metric g.
  public var inverse: LorentzTransformation {
    LorentzTransformation(
      (0..<4).map { row in
        var values = SIMD4<Double>(repeating: 0)
        for column in 0..<4 {
          values[column] = rows[column][row] * ((row == 0) == (column == 0) ? 1 : -1)
        }
        return values
      })
  }

  /// The determinant: 1 for boosts and rotations, -1 for reflections.
  public var determinant: Double {
    // The product of the pivots of Gaussian elimination; the energy row has |L00| >= 1.
    var matrix = rows
    var result = 1.0
    for column in 0..<4 {
      let pivot = (column..<4).max { abs(matrix[$0][column]) < abs(matrix[$1][column]) } ?? column
      if pivot != column {
        matrix.swapAt(pivot, column)
        result = -result
      }
      result *= matrix[column][column]
      for row in column + 1..<4 {
        matrix[row] -= matrix[column] * (matrix[row][column] / matrix[column][column])
      }
    }
    return result
  }

  /// Returns the largest difference between two matrices' elements.
  public func distance(to other: LorentzTransformation) -> Double {
    zip(rows, other.rows).reduce(0) { result, pair in
      let difference = pair.0 - pair.1
      return max(result, max(difference.max(), -difference.min()))
    }
  }

  private static func unit(_ vector: SIMD3<Double>) -> SIMD3<Double> {
    let length = (vector * vector).sum().squareRoot()
    precondition(length > 0 && length.isFinite, "The vector \(vector) has no direction.")
    return vector / length
  }
}
