// SPDX-License-Identifier: Apache-2.0

/// Events with their objects, packed one after the other without padding.
///
/// With B events, T objects in all, W feature columns and k scalars, the objects of event `e` are
/// `offsets[e]..<offsets[e + 1]`. NaN stands for what is missing or not defined, never a number.
public struct EventBatch: Sendable, Equatable {
  /// What the events consist of.
  public let schema: EventSchema
  /// The position of each event in its store, the key of its random numbers, `[B]`.
  public var eventIndices: [Int]
  /// The first object of each event, and the number of objects at the end, `[B + 1]`.
  public var offsets: [Int]
  /// The kind of each object, a position in `schema.objectKinds`, `[T]`.
  public var kinds: [UInt8]
  /// pt (GeV), eta, phi (radians, in (-pi, pi]) and mass (GeV) of each object, `[T * 4]`.
  ///
  /// NaN where the kind has no eta or mass, as missing transverse momentum.
  public var momenta: [Float]
  /// The features of each object; NaN where missing or not a feature of its kind, `[T * W]`.
  public var features: [Float]
  /// The scalars of each event; NaN where missing, `[B * k]`.
  public var scalars: [Float]
  /// The weight of each event, `[B]`.
  public var weights: [Float]
  /// The label of each event, -1 without one, `[B]`.
  public var labels: [Int32]

  /// Makes a batch without events.
  public init(schema: EventSchema) {
    self.schema = schema
    eventIndices = []
    offsets = [0]
    kinds = []
    momenta = []
    features = []
    scalars = []
    weights = []
    labels = []
  }

  /// The number of events, B.
  public var eventCount: Int { offsets.count - 1 }

  /// The number of objects in all events, T.
  public var objectCount: Int { kinds.count }

  /// Returns the positions of an event's objects; `event` counts within the batch.
  public func range(of event: Int) -> Range<Int> { offsets[event]..<offsets[event + 1] }

  /// Returns an object.
  public func object(_ index: Int) -> EventObject {
    let width = schema.featureWidth
    let count = schema.objectKinds[Int(kinds[index])].features.count
    return EventObject(
      kind: Int(kinds[index]), pt: momenta[4 * index], eta: momenta[4 * index + 1],
      phi: momenta[4 * index + 2], mass: momenta[4 * index + 3],
      features: Array(features[index * width..<index * width + count]))
  }

  /// Appends an event.
  ///
  /// - Parameters:
  ///   - index: Its position in the store.
  ///   - objects: Its objects, in the order in which they are kept.
  ///   - scalars: Its scalars, as many as the schema has.
  ///   - weight: Its weight.
  ///   - label: Its label, -1 without one.
  public mutating func append(
    index: Int, objects: [EventObject], scalars: [Float] = [], weight: Float = 1,
    label: Int32 = -1
  ) {
    precondition(
      scalars.count == schema.scalars.count,
      "The event has \(scalars.count) scalars, its schema \(schema.scalars.count).")
    let width = schema.featureWidth
    for object in objects {
      precondition(
        schema.objectKinds.indices.contains(object.kind)
          && object.features.count == schema.objectKinds[object.kind].features.count,
        "An object of kind \(object.kind) with \(object.features.count) features is not in the schema."
      )
      kinds.append(UInt8(object.kind))
      momenta += [object.pt, object.eta, object.phi, object.mass]
      features += object.features
      features += repeatElement(Float.nan, count: width - object.features.count)
    }
    offsets.append(kinds.count)
    eventIndices.append(index)
    self.scalars += scalars
    weights.append(weight)
    labels.append(label)
  }

  /// Returns a run of the events; all of them are the batch itself.
  public func slice(_ events: Range<Int>) -> EventBatch {
    if events == 0..<eventCount { return self }
    var result = EventBatch(schema: schema)
    result.append(contentsOf: self, events: events)
    return result
  }

  /// Returns some of the events, in the order asked for; positions count within the batch.
  public func selecting(_ events: some Sequence<Int>) -> EventBatch {
    var result = EventBatch(schema: schema)
    let width = schema.featureWidth
    let count = schema.scalars.count
    for event in events {
      let objects = range(of: event)
      result.kinds += kinds[objects]
      result.momenta += momenta[4 * objects.lowerBound..<4 * objects.upperBound]
      result.features += features[width * objects.lowerBound..<width * objects.upperBound]
      result.offsets.append(result.kinds.count)
      result.eventIndices.append(eventIndices[event])
      result.scalars += scalars[count * event..<count * (event + 1)]
      result.weights.append(weights[event])
      result.labels.append(labels[event])
    }
    return result
  }

  /// Whether the lengths of all arrays agree with one another and with the schema.
  public var isConsistent: Bool {
    let width = schema.featureWidth
    return offsets.first == 0 && offsets.last == kinds.count
      && zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 }
      && momenta.count == 4 * kinds.count && features.count == width * kinds.count
      && eventIndices.count == eventCount && weights.count == eventCount
      && labels.count == eventCount && scalars.count == schema.scalars.count * eventCount
      && kinds.allSatisfy { Int($0) < schema.objectKinds.count }
  }

  /// Whether two batches are equal, an undefined number being equal to an undefined one.
  public static func == (first: EventBatch, second: EventBatch) -> Bool {
    func same(_ first: [Float], _ second: [Float]) -> Bool {
      first.count == second.count
        && zip(first, second).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
    }
    return first.schema == second.schema && first.eventIndices == second.eventIndices
      && first.offsets == second.offsets && first.kinds == second.kinds
      && same(first.momenta, second.momenta) && same(first.features, second.features)
      && same(first.scalars, second.scalars) && same(first.weights, second.weights)
      && first.labels == second.labels
  }
}

/// One object of an event.
public struct EventObject: Sendable {
  /// Its kind, a position in the schema's `objectKinds`.
  public var kind: Int
  /// The transverse momentum in GeV, at least 0.
  public var pt: Float
  /// The pseudorapidity; NaN if the kind has none.
  public var eta: Float
  /// The azimuth in radians, in (-pi, pi].
  public var phi: Float
  /// The mass in GeV; NaN if the kind has none.
  public var mass: Float
  /// The features of its kind; NaN where missing.
  public var features: [Float]

  /// Makes an object.
  public init(
    kind: Int, pt: Float, eta: Float = .nan, phi: Float, mass: Float = .nan, features: [Float] = []
  ) {
    self.kind = kind
    self.pt = pt
    self.eta = eta
    self.phi = phi
    self.mass = mass
    self.features = features
  }
}
