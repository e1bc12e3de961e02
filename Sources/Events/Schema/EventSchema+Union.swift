// SPDX-License-Identifier: Apache-2.0

extension EventSchema {
  /// Joins the schemas of samples whose events are used together.
  ///
  /// Kinds are known by name, the features of a kind by name, and scalars by name; all stand in the
  /// order in which they are first met. One schema, or several equal ones, is the result itself.
  ///
  /// - Parameter samples: The name of each sample with its schema, at least one.
  /// - Returns: The smallest schema that holds all of them.
  /// - Throws: ``SchemaConflictError`` if a kind has eta or mass in one sample and not in another,
  ///   or there are more than 255 kinds.
  public static func union(
    _ samples: [(name: String, schema: EventSchema)]
  ) throws(SchemaConflictError) -> EventSchema {
    guard let first = samples.first else {
      preconditionFailure("A union of schemas needs at least one.")
    }
    var kinds: [ObjectKind] = []
    var origins: [String] = []
    var scalars: [String] = []
    for (name, schema) in samples {
      for kind in schema.objectKinds {
        guard let place = kinds.firstIndex(where: { $0.name == kind.name }) else {
          kinds.append(kind)
          origins.append(name)
          continue
        }
        let known = kinds[place]
        guard known.hasEta == kind.hasEta, known.hasMass == kind.hasMass else {
          throw SchemaConflictError(
            first: origins[place], second: name,
            statement: "\(kind.name) has \(words(known)) in \(origins[place]) and "
              + "\(words(kind)) in \(name).",
            remedy: "Give one of the two another name in its events section.")
        }
        kinds[place] = ObjectKind(
          name: kind.name,
          features: known.features + kind.features.filter { !known.features.contains($0) },
          hasEta: kind.hasEta, hasMass: kind.hasMass)
      }
      scalars += schema.scalars.filter { !scalars.contains($0) }
      guard kinds.count <= 255 else {
        throw SchemaConflictError(
          first: first.name, second: name,
          statement: "they have \(kinds.count) kinds of objects, more than 255.",
          remedy: "Give kinds that mean the same one name.")
      }
    }
    return EventSchema(objectKinds: kinds, scalars: scalars)
  }

  private static func words(_ kind: ObjectKind) -> String {
    switch (kind.hasEta, kind.hasMass) {
    case (true, true): "eta and mass"
    case (true, false): "eta but no mass"
    case (false, true): "mass but no eta"
    case (false, false): "neither eta nor mass"
    }
  }
}

/// An error met while the schemas of two samples are joined.
public struct SchemaConflictError: Error, Sendable, CustomStringConvertible {
  /// The sample that says one thing.
  public let first: String
  /// The sample that says another.
  public let second: String
  /// What they say.
  public let statement: String
  /// What to do, as a sentence.
  public let remedy: String

  /// One line: what was tried, on what, what was found, what to do.
  public var description: String {
    "cannot use the samples \(first) and \(second) together: \(statement) \(remedy)"
  }
}
