// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Torch

/// A batch as the model sees it: tensors of normalized inputs, without padding.
public struct ModelInput {
  /// Inputs of the objects, in the order of the batch.
  ///
  /// Shape `[T, objectWidth]`.
  let objects: Tensor
  /// Inputs of the events.
  ///
  /// Shape `[B, eventWidth]`, or `nil` where the schema has no scalars.
  let events: Tensor?
  /// The number of tokens of each event, its own counted.
  let tokenCounts: [Int]
  /// What pairs of tokens have in common; `nil` where the model does not ask.
  var pairs: PairInput?
  /// Which events attention computes together where LibTorch computes it.
  let grouping: AttentionGrouping
  /// Number of events, `B`.
  public let eventCount: Int
  /// Number of objects, `T`.
  public let objectCount: Int

  /// Prepares a batch.
  ///
  /// - Parameters:
  ///   - batch: The events; their schema is that of the layout.
  ///   - layout: Which input stands in which column.
  ///   - normalization: Mean and deviation of the inputs.
  ///   - mask: What to hide; `nil` hides nothing.
  ///   - device: Where the tensors go.
  ///   - grouping: Which events attention computes together; `nil` takes what suits the device.
  public init(
    batch: EventBatch, layout: InputLayout, normalization: InputNormalization,
    mask: ObjectMask? = nil, device: Device = .cpu, grouping: AttentionGrouping? = nil
  ) {
    precondition(
      batch.schema == layout.schema, "The batch has another schema than the model's input.")
    eventCount = batch.eventCount
    objectCount = batch.objectCount
    let rows = Self.objectRows(
      batch: batch, layout: layout, normalization: normalization, mask: mask)
    objects = Tensor(rows, shape: [objectCount, layout.objectWidth], device: device)
    events =
      layout.eventWidth == 0
      ? nil
      : Tensor(
        Self.eventRows(batch: batch, layout: layout, normalization: normalization),
        shape: [eventCount, layout.eventWidth], device: device)
    tokenCounts = (0..<eventCount).map { batch.range(of: $0).count + 1 }
    self.grouping = grouping ?? .suiting(device)
  }

  /// The first token of each event, and the number of tokens, where each event's token is followed
  /// by its objects.
  ///
  /// Shape `[B + 1]`.
  func offsets() -> [Int64] {
    var offsets: [Int64] = [0]
    offsets.reserveCapacity(eventCount + 1)
    for count in tokenCounts { offsets.append(offsets[offsets.count - 1] + Int64(count)) }
    return offsets
  }

  /// Returns the normalized inputs of the objects, row by row, for messages.
  ///
  /// Shape `[T, objectWidth]`.
  public func objectValues() -> [Float] { objects.floats() }

  /// Returns the rank in pT of every object among the objects of its kind in its event, from 0.
  public static func ranks(of batch: EventBatch) -> [Int] {
    var ranks = [Int](repeating: 0, count: batch.objectCount)
    for event in 0..<batch.eventCount {
      let range = batch.range(of: event)
      for object in range {
        let pt = batch.momenta[4 * object]
        for other in range where batch.kinds[other] == batch.kinds[object] && other != object {
          let otherPt = batch.momenta[4 * other]
          // Equal pT keeps the order of the store, so that ranks are unique.
          if otherPt > pt || otherPt == pt && other < object { ranks[object] += 1 }
        }
      }
    }
    return ranks
  }

  private static func objectRows(
    batch: EventBatch, layout: InputLayout, normalization: InputNormalization, mask: ObjectMask?
  ) -> [Float] {
    let width = layout.objectWidth
    let featureWidth = layout.schema.featureWidth
    let moments = layout.schema.objectKinds.flatMap { kind in
      kind.features.map { normalization.features["\(kind.name).\($0)"] ?? .init() }
    }
    let ranks = mask == nil ? [] : ranks(of: batch)
    var rows = [Float](repeating: 0, count: batch.objectCount * width)
    rows.withUnsafeMutableBufferPointer { rows in
      for object in 0..<batch.objectCount {
        let row = object * width
        let kind = Int(batch.kinds[object])
        let hidesMomentum = mask?.hidesMomentum[object] ?? false
        let hidesKind = mask?.hidesKind[object] ?? false
        if !hidesMomentum {
          let eta = batch.momenta[4 * object + 1]
          let phi = batch.momenta[4 * object + 2]
          let mass = batch.momenta[4 * object + 3]
          rows[row] = normalization.lnPt.standardized(
            InputNormalization.lnPt(batch.momenta[4 * object]))
          rows[row + 1] = eta.isNaN ? 0 : normalization.eta.standardized(eta)
          rows[row + 2] = sin(phi)
          rows[row + 3] = cos(phi)
          if !hidesKind, !mass.isNaN {
            rows[row + 4] = normalization.lnMass.standardized(InputNormalization.lnMass(mass))
          }
        }
        if !hidesKind { rows[row + layout.kindColumn + kind] = 1 }
        if !hidesKind, !hidesMomentum {
          let first = layout.firstFeature[kind]
          for feature in layout.schema.objectKinds[kind].features.indices {
            let value = batch.features[object * featureWidth + feature]
            if value.isNaN {
              rows[row + layout.missingColumn + first + feature] = 1
            } else {
              rows[row + layout.valueColumn + first + feature] =
                InputNormalization.tamed(moments[first + feature].standardized(value))
            }
          }
        }
        if hidesMomentum {
          rows[row + layout.hiddenColumn] = 1
          rows[row + layout.rankColumn + min(ranks[object], InputLayout.rankCount - 1)] = 1
        }
        if hidesKind { rows[row + layout.hiddenColumn + 1] = 1 }
      }
    }
    return rows
  }

  private static func eventRows(
    batch: EventBatch, layout: InputLayout, normalization: InputNormalization
  ) -> [Float] {
    let count = layout.schema.scalars.count
    let moments = layout.schema.scalars.map { normalization.scalars[$0] ?? .init() }
    var rows = [Float](repeating: 0, count: batch.eventCount * 2 * count)
    for event in 0..<batch.eventCount {
      for scalar in 0..<count {
        let value = batch.scalars[event * count + scalar]
        if value.isNaN {
          rows[event * 2 * count + count + scalar] = 1
        } else {
          rows[event * 2 * count + scalar] = InputNormalization.tamed(
            moments[scalar].standardized(value))
        }
      }
    }
    return rows
  }
}
