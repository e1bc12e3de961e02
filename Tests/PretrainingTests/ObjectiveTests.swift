// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Pretraining
import Runtime
import TestSupport
import Testing
import Torch

@Suite struct ObjectiveTests {
  let parts: ReferenceParts
  let batch = TinyEvents.batch(eventCount: 2000)
  let context = ObjectiveContext(seed: 7, epoch: 3)

  init() throws { parts = try ReferenceParts() }

  private var empty: EventBatch {
    var batch = EventBatch(schema: TinyEvents.schema)
    batch.append(index: 0, objects: [], scalars: [20])
    return batch
  }

  @Test func `masked objects never hides none or all of an event`() {
    let mask = parts.masked.mask(for: batch, context: context)
    for event in 0..<batch.eventCount where batch.range(of: event).count > 1 {
      let hidden = batch.range(of: event).filter { mask.hidesMomentum[$0] }.count
      #expect(hidden > 0 && hidden < batch.range(of: event).count)
    }
    for object in 0..<batch.objectCount where mask.hidesKind[object] {
      #expect(mask.hidesMomentum[object])
    }
  }

  @Test func `masked objects hides the fraction it is told`() {
    let mask = parts.masked.mask(for: batch, context: context)
    // In events of at least five objects, none or all are rare enough not to shift the fraction.
    let objects = (0..<batch.eventCount).map { batch.range(of: $0) }.filter { $0.count >= 5 }
      .joined()
    let hidden = objects.filter { mask.hidesMomentum[$0] }
    let kinds = hidden.filter { mask.hidesKind[$0] }
    #expect(objects.count > 3000)
    // Binomial deviations are below 0.009 and 0.014; four of them are allowed.
    #expect(isClose(Double(hidden.count) / Double(objects.count), 0.4, absolute: 0.036))
    #expect(isClose(Double(kinds.count) / Double(hidden.count), 0.5, absolute: 0.056))
  }

  @Test func `what is hidden depends on seed, epoch and event alone`() {
    let whole = parts.masked.mask(for: batch, context: context)
    let types = parts.type.mask(for: batch, context: context)
    for event in [3, 77, 1999] {
      let one = batch.selecting([event])
      let range = batch.range(of: event)
      let mask = parts.masked.mask(for: one, context: context)
      #expect(mask.hidesMomentum == Array(whole.hidesMomentum[range]))
      #expect(mask.hidesKind == Array(whole.hidesKind[range]))
      #expect(
        parts.type.mask(for: one, context: context).hidesKind == Array(types.hidesKind[range]))
    }
    for other in [ObjectiveContext(seed: 8, epoch: 3), ObjectiveContext(seed: 7, epoch: 4)] {
      let mask = parts.masked.mask(for: batch, context: other)
      #expect(mask.hidesMomentum != whole.hidesMomentum)
      #expect(parts.type.mask(for: batch, context: other).hidesKind != types.hidesKind)
    }
  }

  @Test func `object types hides kinds and no momentum`() {
    let mask = parts.type.mask(for: batch, context: context)
    #expect(!mask.hidesMomentum.contains(true))
    let share = Double(mask.hidesKind.filter { $0 }.count) / Double(batch.objectCount)
    #expect(isClose(share, 0.65, absolute: 0.02))
  }

  @Test func `a batch without questions has the loss zero`() throws {
    for objective in parts.objectives {
      let loss = try objective.loss(batch: empty, backbone: parts.backbone, context: context)
      #expect(loss.item() == 0, "\(objective.name)")
      loss.backward()
    }
  }

  @Test func `events of one object have a finite loss`() throws {
    var batch = EventBatch(schema: TinyEvents.schema)
    batch.append(index: 0, objects: [EventObject(kind: 2, pt: 30, phi: 1)], scalars: [20])
    for objective in parts.objectives {
      let loss = try objective.loss(batch: batch, backbone: parts.backbone, context: context)
      #expect(loss.item().isFinite, "\(objective.name)")
    }
  }

  @Test func `asking about fewer pairs asks about some of them`() throws {
    var settings = KinematicInvariants.Settings()
    settings.maximumPairs = 1
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    let few = KinematicInvariants(
      settings: settings, moments: .init(repeating: .init(), count: PairInvariants.count),
      schema: batch.schema, width: 8, generator: &generator)
    func loss(_ epoch: Int) -> Double {
      few.loss(
        batch: parts.batch, backbone: parts.backbone,
        context: ObjectiveContext(seed: 1, epoch: epoch)
      ).item()
    }
    #expect(loss(0) == loss(0))
    #expect(loss(0) != loss(1))
  }
}
