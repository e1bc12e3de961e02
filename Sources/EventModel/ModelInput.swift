// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Torch

/// A batch as the model sees it: tensors of normalized inputs, and the plan of the packed sequence.
///
/// The tokens of a batch are one sequence without padding, sorted by multiplicity. Each event has
/// its event token first and its objects after it, so that events of equal multiplicity are a
/// block that can be viewed as `[events, tokens, D]`; see ``AttentionGrouping``.
public struct ModelInput {
  /// Inputs of the objects, in the order of the batch.
  ///
  /// Shape `[T, objectWidth]`.
  let objects: Tensor
  /// Inputs of the events.
  ///
  /// Shape `[B, eventWidth]`, or `nil` where the schema has no scalars.
  let events: Tensor?
  /// For each packed token, its row in event tokens followed by objects.
  ///
  /// Shape `[B + T]`.
  let gather: Tensor
  /// For each event token followed by objects, its place in the packed sequence.
  ///
  /// Shape `[B + T]`.
  let scatter: Tensor
  /// The same where it need not be fetched from a device.
  let places: [Int64]
  /// First token of each event in the packed sequence, and the number of tokens, on the CPU.
  ///
  /// Shape `[B + 1]`.
  let offsets: Tensor
  /// The runs of events that attention computes together, which cover the packed sequence.
  let groups: [AttentionGroup]
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

    let order = (0..<eventCount).sorted {
      (batch.range(of: $0).count, $0) < (batch.range(of: $1).count, $1)
    }
    var gather: [Int64] = []
    gather.reserveCapacity(eventCount + objectCount)
    var offsets: [Int64] = [0]
    offsets.reserveCapacity(eventCount + 1)
    var places = [Int64](repeating: 0, count: eventCount + objectCount)
    for event in order {
      let range = batch.range(of: event)
      places[event] = Int64(gather.count)
      gather.append(Int64(event))
      for object in range {
        places[eventCount + object] = Int64(gather.count)
        gather.append(Int64(eventCount + object))
      }
      offsets.append(Int64(gather.count))
    }
    groups = AttentionGroup.groups(
      tokenCounts: order.map { batch.range(of: $0).count + 1 },
      grouping: grouping ?? .suiting(device), device: device)
    self.offsets = Tensor(offsets)
    self.gather = Tensor(gather, device: device)
    self.scatter = Tensor(places, device: device)
    self.places = places
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
                asinh(moments[first + feature].standardized(value))
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
          rows[event * 2 * count + scalar] = asinh(moments[scalar].standardized(value))
        }
      }
    }
    return rows
  }
}
