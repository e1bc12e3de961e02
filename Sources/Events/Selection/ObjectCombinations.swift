// SPDX-License-Identifier: Apache-2.0

/// The objects of a batch by kind and rank, as functions of objects ask for them.
final class ObjectCombinations {
  private let batch: EventBatch
  private var rankings: [Key: Ranking] = [:]

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
          return function.value(of: objects, in: batch)
        })
    }
    var values: [Double] = []
    var offsets = [0]
    for event in 0..<batch.eventCount {
      Self.forEachCombination(of: references, rankings, event) {
        values.append(function.value(of: $0, in: batch))
      }
      offsets.append(values.count)
    }
    return .jagged(values, offsets: offsets)
  }

  private static func forEachCombination(
    of references: [ObjectReference], _ rankings: [Ranking], _ event: Int, _ body: ([Int]) -> Void
  ) {
    // Single objects first, so that whole kinds leave them out.
    var chosen = [Int?](repeating: nil, count: references.count)
    for (place, reference) in references.enumerated() where reference.rank != nil {
      guard let object = object(reference, of: rankings[place], event), !chosen.contains(object)
      else { return }
      chosen[place] = object
    }
    func choose(_ place: Int) {
      guard place < references.count else { return body(chosen.compactMap { $0 }) }
      guard references[place].rank == nil else { return choose(place + 1) }
      let objects = rankings[place].objects(of: event)
      // Of equal kinds the later argument takes the later object: no combination comes twice.
      let before = references[..<place].lastIndex {
        $0.rank == nil && $0.kind == references[place].kind
      }
      var start = objects.startIndex
      if let before, let object = chosen[before], let index = objects.firstIndex(of: object) {
        start = index + 1
      }
      for object in objects[start...] where !chosen.contains(object) {
        chosen[place] = object
        choose(place + 1)
        chosen[place] = nil
      }
    }
    choose(0)
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
