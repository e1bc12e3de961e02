// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Torch

/// Mixtures of normal distributions as predictions of continuous quantities.
///
/// For each quantity a head gives, for every component, the logit of its share, its mean and its
/// width. A quantity is shifted by its median and scaled by half the distance of its 16 % and 84 %
/// quantiles, and asinh keeps its tails near; azimuths stay in radians, and their distance from a
/// mean is the shorter way around. Widths are at least ``smallestWidth``: a value that many events
/// share exactly would else have a density without bound.
///
/// Source: C. M. Bishop, "Mixture density networks", Aston University NCRG/94/004 (1994).
struct MixtureDensities {
  /// The smallest width of a component.
  static let smallestWidth = 0.02
  /// The azimuth among the quantities of ``QuantileBins``.
  private static let azimuth = 2

  /// The bins whose edges say what is continuous, and where its values lie.
  let bins: QuantileBins
  /// Components of a mixture, `C`.
  let componentCount: Int

  /// The numbers that a head gives for each quantity.
  var outputCount: Int { 3 * componentCount }

  /// Returns the target of a quantity of an object, or `nil` where it is missing or not continuous.
  ///
  /// - Returns: The number whose density is asked for, and whether it is an azimuth.
  func target(
    of quantity: Int, object: Int, in batch: EventBatch
  ) -> (value: Float, isAzimuth: Bool)? {
    let edges = bins.edges[Int(batch.kinds[object])][quantity]
    // A quantity with fewer different values than bins has edges that coincide, of which one stays.
    guard edges.count == QuantileBins.binCount - 1 else { return nil }
    let value = QuantileBins.value(of: quantity, object: object, in: batch)
    guard !value.isNaN else { return nil }
    if quantity == Self.azimuth { return (value, true) }
    func quantile(_ fraction: Double) -> Float {
      edges[Int((fraction * Double(QuantileBins.binCount)).rounded()) - 1]
    }
    let scale = (quantile(0.84) - quantile(0.16)) / 2
    return (asinh((value - quantile(0.5)) / max(scale, 1e-6)), false)
  }

  /// Returns the mean of -ln p.
  ///
  /// - Parameters:
  ///   - outputs: What the head gives for each target. Shape `[n, 3 C]`: logits, means, widths
  ///     before softplus.
  ///   - targets: The values. Shape `[n]`.
  ///   - isAzimuth: 1 for an azimuth, else 0. Shape `[n]`.
  /// - Returns: A scalar.
  func negativeLogDensity(outputs: Tensor, targets: [Float], isAzimuth: [Float]) -> Tensor {
    let (count, device) = (targets.count, outputs.device)
    let parts = outputs.to(dtype: .float32).reshaped([count, 3, componentCount])
    let shares = parts.selected(dimension: 1, index: 0).logSoftmax(dimension: 1)
    let widths = parts.selected(dimension: 1, index: 2).softplus() + Self.smallestWidth
    let difference =
      Tensor(targets, shape: [count, 1], device: device) - parts.selected(dimension: 1, index: 1)
    // The shorter way around the circle.
    let wrapped = (difference + Double.pi).remainder(2 * Double.pi) - Double.pi
    let turns = Tensor(isAzimuth, shape: [count, 1], device: device)
    let distance = difference + (wrapped - difference) * turns
    let logDensities =
      shares - (distance / widths).square() * 0.5 - widths.log() - 0.5 * log(2 * Double.pi)
    return -logDensities.logSumExp(dimensions: [1]).mean()
  }
}
