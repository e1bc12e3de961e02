// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Kinematics

/// The leading objects of events as columns of a table.
///
/// What rotations about the beam and reflections cannot change is all that is left: events are
/// turned so that the first object has phi = 0 and eta >= 0, and the second phi >= 0. The first is
/// the leading one of the first kind that the event has, in the order of the schema.
struct LeadingObjects {
  private let schema: EventSchema
  /// The number of objects of each kind.
  private let counts: [Int]

  /// Decides the columns: of each kind as many objects as some event has.
  ///
  /// - Parameters:
  ///   - batch: The events that decide; those of the training.
  ///   - maximum: The largest number of objects of a kind.
  init(of batch: EventBatch, maximum: Int) {
    schema = batch.schema
    var counts = [Int](repeating: 0, count: schema.objectKinds.count)
    for event in 0..<batch.eventCount {
      var own = [Int](repeating: 0, count: counts.count)
      for object in batch.range(of: event) { own[Int(batch.kinds[object])] += 1 }
      for kind in counts.indices { counts[kind] = max(counts[kind], min(own[kind], maximum)) }
    }
    self.counts = counts
  }

  /// The number of columns.
  var width: Int {
    zip(counts, schema.objectKinds).reduce(schema.scalars.count) { sum, pair in
      sum + pair.0 * Self.columnCount(pair.1)
    }
  }

  private static func columnCount(_ kind: ObjectKind) -> Int {
    2 + (kind.hasEta ? 1 : 0) + (kind.hasMass ? 1 : 0) + kind.features.count
  }

  /// Returns the table.
  ///
  /// - Returns: Row by row; not-a-number where something is missing. Shape `[B, width]`.
  func values(of batch: EventBatch) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(batch.eventCount * width)
    let scalarCount = schema.scalars.count
    for event in 0..<batch.eventCount {
      // Augmentation may have changed the order of pt.
      let objects = schema.objectKinds.indices.map { kind in
        batch.range(of: event).filter { Int(batch.kinds[$0]) == kind }.map(batch.object)
          .sorted { $0.pt > $1.pt }
      }
      let frame = Frame(Array(objects.joined()))
      for (kind, count) in counts.enumerated() {
        let description = schema.objectKinds[kind]
        for rank in 0..<count {
          guard rank < objects[kind].count else {
            result += repeatElement(.nan, count: Self.columnCount(description))
            continue
          }
          let object = objects[kind][rank]
          result.append(object.pt)
          if description.hasEta { result.append(object.eta * frame.etaSign) }
          result.append(frame.phi(of: object))
          if description.hasMass { result.append(object.mass) }
          result += object.features
        }
      }
      result += batch.scalars[scalarCount * event..<scalarCount * (event + 1)]
    }
    return result
  }

  /// How an event is turned.
  private struct Frame {
    private let origin: Double
    private var phiSign: Float = 1
    private(set) var etaSign: Float = 1

    init(_ objects: [EventObject]) {
      origin = objects.first.map { Double($0.phi) } ?? 0
      if let eta = objects.first?.eta, eta < 0 { etaSign = -1 }
      if objects.count > 1, phi(of: objects[1]) < 0 { phiSign = -1 }
    }

    func phi(of object: EventObject) -> Float {
      phiSign * Float(deltaPhi(Double(object.phi), origin))
    }
  }
}
