// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Runtime

/// Equally populated bins of every quantity of every object kind, as targets of classification.
///
/// Predicting a bin rather than a value lets the model say "either here or there", which the mean
/// of a regression cannot. The edges come from the pre-training events; equal edges, as those of
/// charge or decay mode, are kept once, so that a discrete quantity has a bin for each value.
public struct QuantileBins: Codable, Hashable, Sendable {
  /// Largest number of bins of a quantity.
  public static let binCount = 32

  /// Inner edges by kind and quantity, rising.
  ///
  /// Empty where the kind lacks the quantity or it is constant. Quantities are ln pT, eta, phi,
  /// ln(1 + m) and the features of the kind.
  public private(set) var edges: [[[Float]]]

  /// Finds the edges from the events of a store, at most 50,000 of them, evenly spread.
  ///
  /// - Parameters:
  ///   - store: The events.
  ///   - indices: Which of them may be looked at, as the training split.
  /// - Throws: `EventStoreError` if an event cannot be read.
  public init(store: any EventSource, indices: [Int]) throws {
    let kinds = store.schema.objectKinds
    var values = kinds.map { [[Float]](repeating: [], count: 4 + $0.features.count) }
    try store.forEachBatch(of: indices, sampling: 50_000) { batch in
      for object in 0..<batch.objectCount {
        let kind = Int(batch.kinds[object])
        for quantity in values[kind].indices {
          let value = Self.value(of: quantity, object: object, in: batch)
          if !value.isNaN { values[kind][quantity].append(value) }
        }
      }
    }
    edges = values.map { $0.map(Self.edges(of:)) }
  }

  /// Makes bins from inner edges by kind and quantity, rising.
  package init(edges: [[[Float]]]) {
    self.edges = edges
  }

  /// Returns the bin of a quantity of an object, or `nil` where it has none.
  ///
  /// - Parameters:
  ///   - quantity: 0 ln pT, 1 eta, 2 phi, 3 ln(1 + m), from 4 the features of the object's kind.
  ///   - object: The object.
  ///   - batch: The batch that holds it.
  /// - Returns: The bin, in 0 ..< 32.
  public func bin(of quantity: Int, object: Int, in batch: EventBatch) -> Int? {
    let inner = edges[Int(batch.kinds[object])][quantity]
    let value = Self.value(of: quantity, object: object, in: batch)
    guard !inner.isEmpty, !value.isNaN else { return nil }
    return inner.firstIndexOfSorted { $0 >= value }
  }

  /// Returns a quantity of an object; NaN where it is missing.
  static func value(of quantity: Int, object: Int, in batch: EventBatch) -> Float {
    switch quantity {
    case 0: InputNormalization.lnPt(batch.momenta[4 * object])
    case 1: batch.momenta[4 * object + 1]
    case 2: batch.momenta[4 * object + 2]
    case 3: log1p(max(0, batch.momenta[4 * object + 3]))
    default: batch.features[object * batch.schema.featureWidth + quantity - 4]
    }
  }

  private static func edges(of values: [Float]) -> [Float] {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last, first < last else { return [] }
    var edges: [Float] = []
    for bin in 1..<binCount {
      let edge = sorted[min(sorted.count - 1, bin * sorted.count / binCount)]
      // The largest value needs no edge of its own: nothing lies above it.
      if edge != edges.last, edge < last { edges.append(edge) }
    }
    return edges
  }
}
