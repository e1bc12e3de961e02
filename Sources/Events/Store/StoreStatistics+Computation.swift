// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

extension StoreStatistics {
  /// Looks at all events of a store, or at ``largestEventCount`` spread evenly over it.
  init(of store: EventStore) throws {
    let total = store.eventCount
    let count = min(total, Self.largestEventCount)
    let schema = store.schema
    let width = schema.featureWidth
    var columns = schema.objectKinds.map { kind in
      Columns(features: Array(repeating: [], count: kind.features.count))
    }
    var scalars = Array(repeating: [Float](), count: schema.scalars.count)

    var start = 0
    while start < count {
      try Interruption.check()
      let end = min(count, start + 10_000)
      let batch = try store.batch(events: (start..<end).map { $0 * total / count })
      for object in 0..<batch.objectCount {
        let kind = Int(batch.kinds[object])
        columns[kind].count += 1
        let pt = batch.momenta[4 * object]
        if pt > 0 { columns[kind].logarithmOfPt.append(log(pt)) }
        append(batch.momenta[4 * object + 1], to: &columns[kind].eta)
        append(batch.momenta[4 * object + 3], to: &columns[kind].mass)
        for feature in columns[kind].features.indices {
          append(batch.features[width * object + feature], to: &columns[kind].features[feature])
        }
      }
      for event in 0..<batch.eventCount {
        for index in scalars.indices {
          append(batch.scalars[scalars.count * event + index], to: &scalars[index])
        }
      }
      start = end
    }

    eventCount = count
    kinds = zip(schema.objectKinds, columns).map { kind, columns in
      var result = Kind(name: kind.name)
      result.count = columns.count
      result.logarithmOfPt = Distribution(columns.logarithmOfPt)
      result.eta = Distribution(columns.eta)
      result.mass = Distribution(columns.mass)
      result.features = columns.features.map { Distribution($0) }
      return result
    }
    self.scalars = scalars.map { Distribution($0) }
  }

  private struct Columns {
    var count = 0
    var logarithmOfPt: [Float] = []
    var eta: [Float] = []
    var mass: [Float] = []
    var features: [[Float]]
  }
}

private func append(_ value: Float, to values: inout [Float]) {
  if !value.isNaN { values.append(value) }
}
