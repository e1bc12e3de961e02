// SPDX-License-Identifier: Apache-2.0

import Events
import Torch

/// High-level variables as inputs of a linear head.
///
/// A mass is of use to a linear map only if it may rise and fall again. So every variable becomes
/// one column for each of its knots, at quantiles of the training events: 1 at the knot, and
/// falling on straight lines to 0 at the knots beside it. Below the first and above the last knot
/// nothing changes any more. A last column is 1 where the variable is missing, with all others 0.
public struct VariableInputs: Sendable, Hashable {
  /// The largest number of knots of a variable.
  static let knotCount = 6

  /// How the variables are computed.
  public let variables: EventVariables
  /// The knots of each variable, rising; none where it never has a value.
  public let knots: [[Float]]

  /// Chooses the knots.
  ///
  /// - Parameters:
  ///   - variables: How the variables are computed.
  ///   - training: The events whose quantiles become knots.
  /// - Throws: `ExpressionError`; see `EventVariables.values(of:)`.
  public init(_ variables: EventVariables, training: EventBatch) throws {
    let values = try variables.values(of: training)
    let width = variables.names.count
    let knots = (0..<width).map { column in
      Self.knots(
        of: (0..<training.eventCount).map { values[$0 * width + column] }.filter { !$0.isNaN })
    }
    self.init(variables, knots: knots)
  }

  /// Makes inputs with knots that are known.
  ///
  /// - Precondition: There are knots for every variable.
  init(_ variables: EventVariables, knots: [[Float]]) {
    precondition(knots.count == variables.names.count, "Every variable needs its knots.")
    self.variables = variables
    self.knots = knots
  }

  /// Number of columns.
  public var width: Int { knots.map { $0.count + 1 }.reduce(0, +) }

  /// Returns the columns of each event of a batch.
  ///
  /// - Returns: Row by row, in 0...1. Shape `[B, width]`.
  /// - Throws: `ExpressionError`; see `EventVariables.values(of:)`.
  public func values(of batch: EventBatch) throws -> [Float] {
    let values = try variables.values(of: batch)
    var result: [Float] = []
    result.reserveCapacity(batch.eventCount * width)
    for (index, value) in values.enumerated() {
      Self.append(value, knots: knots[index % knots.count], to: &result)
    }
    return result
  }

  /// Returns the columns of each event of a batch as a tensor.
  ///
  /// Shape `[B, width]`.
  ///
  /// - Throws: As ``values(of:)``.
  package func columns(of batch: EventBatch, device: Device = .cpu) throws -> Tensor {
    Tensor(try values(of: batch), shape: [batch.eventCount, width], device: device)
  }

  private static func append(_ value: Float, knots: [Float], to result: inout [Float]) {
    let first = result.count
    result.append(contentsOf: repeatElement(0, count: knots.count + 1))
    guard !value.isNaN, let lowest = knots.first, let highest = knots.last else {
      result[first + knots.count] = 1
      return
    }
    let inside = min(max(value, lowest), highest)
    guard let upper = knots.firstIndex(where: { $0 >= inside }) else { return }
    guard upper > 0 else {
      result[first] = 1
      return
    }
    let share = (inside - knots[upper - 1]) / (knots[upper] - knots[upper - 1])
    result[first + upper] = share
    result[first + upper - 1] = 1 - share
  }

  /// Different quantiles from 2 % to 98 %.
  private static func knots(of values: [Float]) -> [Float] {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return [] }
    var knots: [Float] = []
    for index in 0..<knotCount {
      let quantile = 0.02 + 0.96 * Double(index) / Double(knotCount - 1)
      let knot = sorted[Int((Double(sorted.count - 1) * quantile).rounded())]
      if knots.last.map({ $0 < knot }) ?? true { knots.append(knot) }
    }
    return knots
  }
}
