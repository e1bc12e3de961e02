// SPDX-License-Identifier: Apache-2.0

import Kinematics

/// The objects of a batch by kind and rank, as functions of objects ask for them.
final class ObjectCombinations {
  private let batch: EventBatch
  private lazy var momenta = batch.fourMomenta
  private var rankings: [Key: Ranking] = [:]
  /// What was computed before; min, max and nearest of several expressions share a list.
  private var values: [Call: ExpressionValue] = [:]

  private struct Call: Hashable {
    let function: ObjectFunction
    let references: [ObjectReference]
  }

  private struct Key: Hashable {
    let kind: Int
    let order: ObjectReference.Quantity
  }

  /// The objects of a kind in falling order of a quantity, those without it at the end.
  private struct Ranking {
    /// Those of all events, one after the other.
    let objects: [Int]
    /// Where those of an event begin.
    let offsets: [Int]

    func objects(of event: Int) -> ArraySlice<Int> { objects[offsets[event]..<offsets[event + 1]] }
  }

  init(_ batch: EventBatch) { self.batch = batch }

  /// Computes a function for each event.
  ///
  /// - Returns: One value per event where every argument is one object: not-a-number where one of
  ///   them is absent, or two are the same. Else a list over the combinations of different
  ///   objects; those that differ only in the order of objects of one kind count once.
  func evaluate(_ function: ObjectFunction, _ references: [ObjectReference]) -> ExpressionValue {
    let call = Call(function: function, references: references)
    if let known = values[call] { return known }
    let made = compute(function, references)
    values[call] = made
    return made
  }

  private func compute(
    _ function: ObjectFunction, _ references: [ObjectReference]
  ) -> ExpressionValue {
    let rankings = references.map(ranking)
    if !references.contains(where: { $0.rank == nil }) {
      var objects = [Int](repeating: 0, count: references.count)
      return .flat(
        (0..<batch.eventCount).map { event in
          for (place, ranking) in rankings.enumerated() {
            guard let object = Self.object(references[place], of: ranking, event),
              !objects[..<place].contains(object)
            else { return .nan }
            objects[place] = object
          }
          return function.value(of: objects, in: batch, momenta: momenta)
        })
    }
    let choice = Choice(references: references, rankings: rankings)
    var values: [Double] = []
    var offsets = [0]
    for event in 0..<batch.eventCount {
      choice.forEachCombination(in: event) {
        values.append(function.value(of: $0, in: batch, momenta: momenta))
      }
      offsets.append(values.count)
    }
    return .jagged(values, offsets: offsets)
  }

  /// How the arguments of a function are chosen, where whole kinds are among them.
  private struct Choice {
    let references: [ObjectReference]
    let rankings: [Ranking]
    /// The argument before each that is the same whole kind.
    let before: [Int?]

    init(references: [ObjectReference], rankings: [Ranking]) {
      self.references = references
      self.rankings = rankings
      before = references.indices.map { place in
        references[..<place].lastIndex { $0.rank == nil && $0.kind == references[place].kind }
      }
    }

    func forEachCombination(in event: Int, _ body: ([Int]) -> Void) {
      // Single objects first, so that whole kinds leave them out. Not yet chosen: -1.
      var chosen = [Int](repeating: -1, count: references.count)
      for (place, reference) in references.enumerated() where reference.rank != nil {
        guard
          let object = ObjectCombinations.object(reference, of: rankings[place], event),
          !chosen.contains(object)
        else { return }
        chosen[place] = object
      }
      choose(0, in: event, &chosen, body)
    }

    private func choose(
      _ place: Int, in event: Int, _ chosen: inout [Int], _ body: ([Int]) -> Void
    ) {
      guard place < references.count else { return body(chosen) }
      guard references[place].rank == nil else {
        return choose(place + 1, in: event, &chosen, body)
      }
      let objects = rankings[place].objects(of: event)
      var start = objects.startIndex
      // Of equal kinds the later argument takes the later object: no combination comes twice.
      if let before = before[place], let index = objects.firstIndex(of: chosen[before]) {
        start = index + 1
      }
      for object in objects[start...] where !chosen.contains(object) {
        chosen[place] = object
        choose(place + 1, in: event, &chosen, body)
        chosen[place] = -1
      }
    }
  }

  private static func object(
    _ reference: ObjectReference, of ranking: Ranking, _ event: Int
  ) -> Int? {
    let start = ranking.offsets[event]
    guard let rank = reference.rank, rank < ranking.offsets[event + 1] - start else { return nil }
    return ranking.objects[start + rank]
  }

  /// Returns the objects of a reference's kind in falling order of its quantity, pt for whole kinds.
  private func ranking(_ reference: ObjectReference) -> Ranking {
    let key = Key(kind: reference.kind, order: reference.rank == nil ? .pt : reference.order)
    if let known = rankings[key] { return known }
    let made = makeRanking(key)
    rankings[key] = made
    return made
  }

  private func makeRanking(_ key: Key) -> Ranking {
    var objects: [Int] = []
    var offsets = [0]
    for event in 0..<batch.eventCount {
      let own = batch.range(of: event).filter { Int(batch.kinds[$0]) == key.kind }
      // Swift's sort keeps the order of equals.
      objects += own.map { (object: $0, value: batch.value(key.order, of: $0)) }
        .sorted { $0.value > $1.value || ($1.value.isNaN && !$0.value.isNaN) }
        .map(\.object)
      offsets.append(objects.count)
    }
    return Ranking(objects: objects, offsets: offsets)
  }
}
