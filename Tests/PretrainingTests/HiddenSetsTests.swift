// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Runtime
import TestSupport
import Testing
import Torch

@testable import Pretraining

@Suite struct HiddenSetsTests {
  let folder: TemporaryFolder
  let backbone: EventTransformer
  let objective: HiddenSets
  let batch = TinyEvents.batch(eventCount: 300)
  let context = ObjectiveContext(seed: 7, epoch: 3)

  init() throws {
    folder = try TemporaryFolder()
    let store = try TinyEvents.store(in: folder, eventCount: 500)
    let model = ModelConfiguration(width: 16, layers: 1, heads: 2, feedForwardFactor: 2)
    backbone = EventTransformer(
      configuration: model, schema: store.schema,
      normalization: try InputNormalization(store: store, indices: Array(0..<500)), seed: 1)
    var settings = HiddenSets.Settings()
    settings.proposals = 3
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    objective = HiddenSets(
      settings: settings, bins: try QuantileBins(store: store, indices: Array(0..<500)),
      layout: backbone.layout, model: model, generator: &generator)
  }

  @Test func `of every event some objects are taken out and some are left`() {
    let hidden = objective.hidden(in: batch, context: context)
    var counts: Set<Int> = []
    for event in 0..<batch.eventCount where batch.range(of: event).count > 1 {
      let count = batch.range(of: event).filter { hidden[$0] }.count
      #expect(count > 0 && count < batch.range(of: event).count)
      counts.insert(count)
    }
    #expect(counts == [1, 2, 3], "no more than there are proposals")
    // What is taken out depends on the event alone.
    let one = objective.hidden(in: batch.selecting([77]), context: context)
    #expect(one == Array(hidden[batch.range(of: 77)]))
  }

  @Test func `what is taken out is not there`() {
    let hidden = objective.hidden(in: batch, context: context)
    let rest = batch.removing(hidden)
    #expect(rest.isConsistent)
    #expect(rest.objectCount == hidden.filter { !$0 }.count)
    for event in 0..<batch.eventCount {
      let left = batch.range(of: event).filter { !hidden[$0] }
      for (object, original) in zip(rest.range(of: event), left) {
        #expect(rest.object(object).pt == batch.object(original).pt)
        #expect(rest.kinds[object] == batch.kinds[original])
      }
    }
  }

  @Test func `the order of the objects means nothing`() {
    let hidden = objective.hidden(in: batch, context: context)
    var other = EventBatch(schema: batch.schema)
    var otherHidden: [Bool] = []
    for event in 0..<batch.eventCount {
      let range = batch.range(of: event)
      other.append(
        index: event, objects: range.reversed().map { batch.object($0) },
        scalars: [batch.scalars[event]])
      otherHidden += range.reversed().map { hidden[$0] }
    }
    let first = objective.loss(batch: batch, hidden: hidden, backbone: backbone).item()
    let second = objective.loss(batch: other, hidden: otherHidden, backbone: backbone).item()
    #expect(isClose(first, second, absolute: 1e-5))
  }

  @Test func `it learns what was hidden`() {
    let few = batch.slice(0..<40)
    let hidden = objective.hidden(in: few, context: context)
    let optimizer = makePretrainingOptimizer(
      backbone: backbone, objectives: [objective], weightDecay: 0)
    func loss() -> Tensor { objective.loss(batch: few, hidden: hidden, backbone: backbone) }
    let before = loss().item()
    for _ in 0..<60 {
      optimizer.zeroGradients()
      loss().backward()
      optimizer.step(learningRate: 0.01)
    }
    // Guessing kind and bins costs ln 4 + ln 32 = 4.9; 40 events can be learned by heart.
    #expect(before > 4 && loss().item() < before - 1.5)
  }

  @Test(arguments: [1, 2, 3, 4, 5])
  func `an assignment is the cheapest of all`(rows: Int) {
    func cheapest(_ row: Int, _ used: Set<Int>, _ cost: [Double], _ columns: Int) -> Double {
      if row == rows { return 0 }
      return (0..<columns).filter { !used.contains($0) }.map {
        cost[row * columns + $0] + cheapest(row + 1, used.union([$0]), cost, columns)
      }.min() ?? 0
    }
    for trial in 0..<40 {
      var generator = CounterBasedGenerator(seed: 5, event: trial, purpose: .pairs)
      let columns = rows + trial % 3
      // Whole numbers, so that some assignments cost the same.
      let cost = (0..<rows * columns).map { _ in Double(Int(generator.next() % 9)) - 4 }
      let found = cheapestAssignment(cost: cost, rows: rows, columns: columns)
      #expect(Set(found).count == rows && found.allSatisfy { (0..<columns).contains($0) })
      let sum = found.enumerated().map { cost[$0.offset * columns + $0.element] }.reduce(0, +)
      #expect(sum == cheapest(0, [], cost, columns))
    }
    #expect(cheapestAssignment(cost: [], rows: 0, columns: 2) == [])
  }
}
