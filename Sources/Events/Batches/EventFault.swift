// SPDX-License-Identifier: Apache-2.0

/// A number that may not be in an event.
struct EventFault {
  /// The position of the event in the batch.
  let event: Int
  /// What is wrong, as in `event 12, object 3 (muon): the pt is -1.0`.
  let statement: String

  /// Returns the first fault of a batch, or `nil` if there is none.
  ///
  /// No number may be infinite. The weight, pt, phi, and eta and mass where the kind has them, must
  /// be defined; pt must be at least 0.
  static func first(in batch: EventBatch) -> EventFault? {
    let schema = batch.schema
    let width = schema.featureWidth
    let scalarCount = schema.scalars.count
    // Looked at once: what every object asks for, and whether any feature needs a look at all.
    let hasEta = schema.objectKinds.map(\.hasEta)
    let hasMass = schema.objectKinds.map(\.hasMass)
    let hasInfiniteFeature = batch.features.contains(where: \.isInfinite)
    for event in 0..<batch.eventCount {
      // Only an event with a fault needs its words.
      var place: String { "event \(batch.eventIndices[event])" }
      if !batch.weights[event].isFinite {
        return EventFault(
          event: event, statement: "\(place): the weight is \(batch.weights[event])")
      }
      for index in 0..<scalarCount {
        let value = batch.scalars[scalarCount * event + index]
        if value.isInfinite {
          return EventFault(
            event: event, statement: "\(place): \(schema.scalars[index]) is \(value)")
        }
      }
      let objects = batch.range(of: event)
      for object in objects {
        let kindIndex = Int(batch.kinds[object])
        let name = momentumFault(
          batch.momenta, 4 * object, hasEta: hasEta[kindIndex], hasMass: hasMass[kindIndex])
        let feature =
          hasInfiniteFeature
          ? (0..<width).first { batch.features[width * object + $0].isInfinite } : nil
        guard name != nil || feature != nil else { continue }
        let kind = schema.objectKinds[kindIndex]
        let number = object - objects.lowerBound
        let words =
          if let name { name } else if let feature, feature < kind.features.count {
            "the feature \(kind.features[feature]) is \(batch.features[width * object + feature])"
          } else { "a feature that the kind does not have is infinite" }
        return EventFault(
          event: event, statement: "\(place), object \(number) (\(kind.name)): \(words)")
      }
    }
    return nil
  }

  private static func momentumFault(
    _ momenta: [Float], _ start: Int, hasEta: Bool, hasMass: Bool
  ) -> String? {
    let pt = momenta[start]
    let eta = momenta[start + 1]
    let phi = momenta[start + 2]
    let mass = momenta[start + 3]
    if !pt.isFinite || pt < 0 { return "the pt is \(pt)" }
    if !phi.isFinite { return "the phi is \(phi)" }
    if hasEta ? !eta.isFinite : !eta.isNaN { return "the eta is \(eta)" }
    if hasMass ? !mass.isFinite : !mass.isNaN { return "the mass is \(mass)" }
    return nil
  }
}
