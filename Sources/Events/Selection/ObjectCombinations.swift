// SPDX-License-Identifier: Apache-2.0

/// The objects of a batch by kind and rank, as functions of objects ask for them.
final class ObjectCombinations {
  private let batch: EventBatch
  /// For each kind and order, the objects of all events, and where those of an event begin.
  private var rankings: [Ranking: (objects: [Int], offsets: [Int])] = [:]

  private struct Ranking: Hashable {
    let kind: Int
    let order: ObjectReference.Quantity
  }

  init(_ batch: EventBatch) { self.batch = batch }

  /// Computes a function for each event.
  ///
  /// - Returns: One value per event where every argument is one object: not-a-number where one of
  ///   them is absent, or two are the same. Else a list over the combinations of different
  ///   objects; those that differ only in the order of objects of one kind count once.
  func evaluate(_ function: ObjectFunction, _ references: [ObjectReference]) -> ExpressionValue {
    if !references.contains(where: { $0.rank == nil }) {
      return .flat(
        (0..<batch.eventCount).map { event in
          let objects = references.compactMap { object($0, event) }
          guard objects.count == references.count, Set(objects).count == objects.count else {
            return .nan
          }
          return function.value(of: objects, in: batch)
        })
    }
    var values: [Double] = []
    var offsets = [0]
    for event in 0..<batch.eventCount {
      forEachCombination(of: references, event) { values.append(function.value(of: $0, in: batch)) }
      offsets.append(values.count)
    }
    return .jagged(values, offsets: offsets)
  }

  private func forEachCombination(
    of references: [ObjectReference], _ event: Int, _ body: ([Int]) -> Void
  ) {
    // Single objects first, so that whole kinds leave them out.
    var chosen = [Int?](repeating: nil, count: references.count)
    for (place, reference) in references.enumerated() where reference.rank != nil {
      guard let object = object(reference, event), !chosen.contains(object) else { return }
      chosen[place] = object
    }
    func choose(_ place: Int) {
      guard place < references.count else { return body(chosen.compactMap { $0 }) }
      guard references[place].rank == nil else { return choose(place + 1) }
      let objects = ranked(references[place].kind, .pt, event)
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

  private func object(_ reference: ObjectReference, _ event: Int) -> Int? {
    let objects = ranked(reference.kind, reference.order, event)
    guard let rank = reference.rank, rank < objects.count else { return nil }
    return objects[objects.startIndex + rank]
  }

  /// Returns the objects of a kind in falling order of a quantity, those without it at the end.
  private func ranked(
    _ kind: Int, _ order: ObjectReference.Quantity, _ event: Int
  ) -> ArraySlice<Int> {
    let key = Ranking(kind: kind, order: order)
    let ranking = rankings[key] ?? makeRanking(key)
    rankings[key] = ranking
    return ranking.objects[ranking.offsets[event]..<ranking.offsets[event + 1]]
  }

  private func makeRanking(_ ranking: Ranking) -> (objects: [Int], offsets: [Int]) {
    var objects: [Int] = []
    var offsets = [0]
    for event in 0..<batch.eventCount {
      let own = batch.range(of: event).filter { Int(batch.kinds[$0]) == ranking.kind }
      // Swift's sort keeps the order of equals.
      objects += own.map { (object: $0, value: batch.value(ranking.order, of: $0)) }
        .sorted { $0.value > $1.value || ($1.value.isNaN && !$0.value.isNaN) }
        .map(\.object)
      offsets.append(objects.count)
    }
    return (objects, offsets)
  }
}
