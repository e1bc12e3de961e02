// SPDX-License-Identifier: Apache-2.0

/// Where the numbers of objects stand, event after event, before they are copied into a batch.
struct ObjectPlaces {
  private struct Place {
    let pt: Float
    /// The element of `objects` that makes it, and its position in the columns of that.
    let collection: Int32
    let index: Int32
  }

  private var places: [Place] = []
  /// The first object of each event, and the number of objects at the end.
  private var offsets = [0]

  /// The number of objects in all events.
  var count: Int { places.count }

  /// Returns the positions of an event's objects.
  func range(of event: Int) -> Range<Int> { offsets[event]..<offsets[event + 1] }

  mutating func reserveCapacity(events: Int) {
    offsets.reserveCapacity(events + 1)
    places.reserveCapacity(2 * events)
  }

  /// Appends an object to the event that has not ended.
  mutating func append(pt: Float, collection: Int, index: Int) {
    places.append(Place(pt: pt, collection: Int32(collection), index: Int32(index)))
  }

  /// Sorts the objects of the last event by falling pt, equals as they came, and ends it.
  ///
  /// - Parameter maximum: The number of objects to keep, those of highest pt.
  mutating func endEvent(keeping maximum: Int = .max) {
    let start = offsets[offsets.count - 1]
    if places.count - start > 1 { sortFrom(start) }
    if places.count - start > maximum { places.removeLast(places.count - start - maximum) }
    offsets.append(places.count)
  }

  private mutating func sortFrom(_ start: Int) {
    // Files mostly have them in this order, so that looking is enough.
    guard (start + 1..<places.count).contains(where: { places[$0].pt > places[$0 - 1].pt }) else {
      return
    }
    places[start...].sort {
      (-$0.pt, $0.collection, $0.index) < (-$1.pt, $1.collection, $1.index)
    }
  }

  /// Returns the objects of some of the events.
  func selecting(_ events: [Int]) -> ObjectPlaces {
    var result = ObjectPlaces()
    result.reserveCapacity(events: events.count)
    for event in events {
      result.places += places[range(of: event)]
      result.offsets.append(result.places.count)
    }
    return result
  }

  /// Finds the objects of entries: for each kind, in the order of the schema, those of all
  /// collections that make it.
  static func byKind(_ collections: [ObjectColumns], entries: [Int]) throws -> [ObjectPlaces] {
    let found = try collections.enumerated().map { try $1.places(in: entries, as: $0) }
    return Set(collections.map(\.kind)).sorted().map { kind in
      joined(zip(found, collections).filter { $0.1.kind == kind }.map(\.0), events: entries.count)
    }
  }

  private static func joined(_ parts: [ObjectPlaces], events: Int) -> ObjectPlaces {
    if parts.count == 1 { return parts[0] }
    var result = ObjectPlaces()
    result.reserveCapacity(events: events)
    for event in 0..<events {
      for part in parts { result.places += part.places[part.range(of: event)] }
      result.endEvent()
    }
    return result
  }

  /// Returns the objects of a collection, and where each goes if those of event `e` go from
  /// `starts[e]` on.
  fileprivate func targets(of collection: Int, starts: [Int]) -> [(index: Int, target: Int)] {
    var result: [(index: Int, target: Int)] = []
    result.reserveCapacity(places.count)
    for event in starts.indices {
      let range = range(of: event)
      for position in range where places[position].collection == collection {
        result.append(
          (Int(places[position].index), starts[event] + position - range.lowerBound))
      }
    }
    return result
  }
}

extension EventBatch {
  /// Appends the objects of events, kind after kind.
  ///
  /// - Parameters:
  ///   - places: The objects of each kind, in the order of the schema.
  ///   - collections: Where their numbers are.
  ///   - eventCount: The number of events.
  mutating func appendObjects(
    _ places: [ObjectPlaces], of collections: [ObjectColumns], eventCount: Int
  ) {
    var starts: [Int] = []
    starts.reserveCapacity(eventCount)
    for event in 0..<eventCount {
      let start = offsets[offsets.count - 1]
      starts.append(start)
      offsets.append(places.reduce(start) { $0 + $1.range(of: event).count })
    }
    let added = places.reduce(0) { $0 + $1.count }
    kinds += repeatElement(0, count: added)
    momenta += repeatElement(.nan, count: 4 * added)
    features += repeatElement(.nan, count: schema.featureWidth * added)
    for kind in places {
      for (number, collection) in collections.enumerated() {
        let targets = kind.targets(of: number, starts: starts)
        if !targets.isEmpty { collection.write(targets, to: &self) }
      }
      for event in starts.indices { starts[event] += kind.range(of: event).count }
    }
  }
}
