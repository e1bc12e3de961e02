// SPDX-License-Identifier: Apache-2.0

import Events
import Pretraining
import TestSupport
import Testing

@Suite struct EventSplitTests {
  let indices = Array(100..<1100)

  @Test(arguments: [(0.0, 0), (0.05, 50), (0.5, 500), (0.9, 900)])
  func `parts have their sizes, rise and hold everything once`(fraction: Double, count: Int) {
    let split = EventSplit.split(indices, fraction: fraction, seed: 1)
    #expect(split.second.count == count)
    #expect(split.first == split.first.sorted() && split.second == split.second.sorted())
    #expect((split.first + split.second).sorted() == indices)
  }

  @Test func `a seed decides the split`() {
    let split = EventSplit.split(indices, fraction: 0.3, seed: 1)
    #expect(EventSplit.split(indices, fraction: 0.3, seed: 1) == split)
    #expect(EventSplit.split(indices, fraction: 0.3, seed: 2).second != split.second)
  }

  @Test func `every epoch has another order of the same events`() {
    let first = EventSplit.shuffled(indices, seed: 1, epoch: 0)
    #expect(first.sorted() == indices && first != indices)
    #expect(EventSplit.shuffled(indices, seed: 1, epoch: 0) == first)
    #expect(EventSplit.shuffled(indices, seed: 1, epoch: 1) != first)
    #expect(EventSplit.shuffled(indices, seed: 1, epoch: 0, purpose: .splitting) != first)
  }
}

@Suite struct QuantileBinsTests {
  @Test func `bins are equally populated`() throws {
    let folder = try TemporaryFolder()
    let store = try TinyEvents.store(in: folder, eventCount: 1600)
    let bins = try QuantileBins(store: store, indices: Array(0..<1600))
    let batch = try store.batch(events: Array(0..<1600))
    for (kind, quantities) in [(0, [0, 1, 2, 5]), (1, [0, 1, 2, 3, 4]), (2, [0, 2])] {
      for quantity in quantities {
        var counts = [Int](repeating: 0, count: QuantileBins.binCount)
        for object in 0..<batch.objectCount where Int(batch.kinds[object]) == kind {
          if let bin = bins.bin(of: quantity, object: object, in: batch) { counts[bin] += 1 }
        }
        let mean = counts.reduce(0, +) / counts.count
        #expect(
          counts.allSatisfy { abs($0 - mean) <= 2 }, "kind \(kind) quantity \(quantity): \(counts)")
      }
    }
  }

  @Test func `a discrete quantity has a bin for each value`() throws {
    let folder = try TemporaryFolder()
    let store = try TinyEvents.store(in: folder, eventCount: 200)
    let bins = try QuantileBins(store: store, indices: Array(0..<200))
    let batch = try store.batch(events: Array(0..<200))
    #expect(bins.edges[0][4] == [-1])
    for object in 0..<batch.objectCount where batch.kinds[object] == 0 {
      let charge = batch.features[2 * object]
      #expect(
        bins.bin(of: 4, object: object, in: batch) == (charge.isNaN ? nil : charge < 0 ? 0 : 1))
    }
  }

  @Test func `constant and absent quantities have no bin`() throws {
    let folder = try TemporaryFolder()
    let store = try TinyEvents.store(in: folder, eventCount: 200)
    let bins = try QuantileBins(store: store, indices: Array(0..<200))
    let batch = try store.batch(events: Array(0..<200))
    // All muons have one mass; missing momentum has neither eta nor mass.
    #expect(bins.edges[0][3].isEmpty && bins.edges[2][1].isEmpty && bins.edges[2][3].isEmpty)
    let muon = try #require(batch.kinds.firstIndex(of: 0))
    let missing = try #require(batch.kinds.firstIndex(of: 2))
    #expect(bins.bin(of: 3, object: muon, in: batch) == nil)
    #expect(bins.bin(of: 1, object: missing, in: batch) == nil)
    #expect(bins.bin(of: 3, object: missing, in: batch) == nil)
  }

  @Test func `values beyond the edges fall into the outer bins`() {
    var batch = EventBatch(schema: EventSchema(objectKinds: [ObjectKind(name: "jet")]))
    let etas: [Float] = [-9, -1, -0.5, 1, 1.5, 9]
    batch.append(
      index: 0, objects: etas.map { EventObject(kind: 0, pt: 20, eta: $0, phi: 0, mass: 1) })
    let bins = QuantileBins(edges: [[[], [-1, 1], [], []]])
    #expect(etas.indices.map { bins.bin(of: 1, object: $0, in: batch) } == [0, 0, 1, 1, 2, 2])
  }
}
