// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The objects of one collection in a range of entries.
struct CollectionReader {
  private let collection: EventsConfiguration.Collection
  private let kind: Int
  private let kindFeatures: [String]
  private let pt: ColumnData
  private let eta: ColumnData?
  private let phi: ColumnData
  private let mass: ColumnData?
  private let features: [String: ColumnData]
  private let passes: ColumnData?
  private let firstEntry: Int
  private let path: String

  /// Computes the columns of the collection.
  ///
  /// - Throws: ``PreparationError`` with code `badExpression`.
  init(
    _ collection: EventsConfiguration.Collection, schema: EventSchema,
    columns: [String: ColumnData], entryCount: Int, firstEntry: Int, path: String
  ) throws {
    guard let kind = schema.index(ofKind: collection.kind) else {
      preconditionFailure("The schema lacks the kind \(collection.kind) of its own collection.")
    }
    self.collection = collection
    self.kind = kind
    self.firstEntry = firstEntry
    self.path = path
    kindFeatures = schema.objectKinds[kind].features
    var shape: [Int]?
    func compute(_ expression: Expression, _ columns: [String: ColumnData]) throws -> ColumnData {
      let data: ColumnData
      do {
        data = try expression.evaluate(columns, entryCount: entryCount, firstEntry: firstEntry)
      } catch {
        throw PreparationError(
          code: .badExpression, "cannot read the \(collection.kind) objects of \(path): \(error)")
      }
      // A number of the event, as a constant mass, belongs to every object of a list.
      guard let shape, data.offsets == nil else {
        guard data.offsets == shape || shape == nil else {
          throw PreparationError(
            code: .badExpression,
            "cannot read the \(collection.kind) objects of \(path): \"\(expression.written)\" has "
              + "lists of other lengths than pt. Use columns of one collection.")
        }
        return data
      }
      var spread: [Double] = []
      for entry in data.values.indices {
        spread += repeatElement(data.values[entry], count: shape[entry + 1] - shape[entry])
      }
      return ColumnData(values: spread, offsets: shape)
    }
    pt = try compute(collection.pt, columns)
    shape = pt.offsets
    eta = try collection.eta.map { try compute($0, columns) }
    phi = try compute(collection.phi, columns)
    mass = try collection.mass.map { try compute($0, columns) }
    var features: [String: ColumnData] = [:]
    for feature in collection.features {
      features[feature.name] = try compute(feature.expression, columns)
    }
    self.features = features
    if let cuts = collection.cuts {
      var local = columns
      local["pt"] = pt
      local["phi"] = phi
      local["eta"] = eta
      local["mass"] = mass
      local.merge(features) { _, own in own }
      passes = try compute(cuts, local)
    } else {
      passes = nil
    }
  }

  /// Returns the objects of an entry that pass the cuts, by falling pT, up to the maximum.
  ///
  /// - Throws: ``PreparationError`` with code `badValue` where an object that passes has a
  ///   momentum that is not defined.
  func objects(of entry: Int) throws -> [EventObject] {
    let range = pt.offsets.map { $0[entry]..<$0[entry + 1] } ?? entry..<entry + 1
    var objects: [EventObject] = []
    // An object whose pT is missing is not there, as the second jet of a flat tree.
    for index in range where !pt.values[index].isNaN {
      if let passes, !(passes.values[index] != 0 && !passes.values[index].isNaN) { continue }
      let turned = remainder(phi.values[index], 2 * .pi)
      objects.append(
        EventObject(
          kind: kind, pt: Float(try momentum("pt", pt, index, entry, atLeast: 0)),
          eta: Float(try eta.map { try momentum("eta", $0, index, entry) } ?? .nan),
          phi: Self.phi(try momentum("phi", phi, index, entry, value: turned)),
          mass: Float(try mass.map { try momentum("mass", $0, index, entry) } ?? .nan),
          features: kindFeatures.map { Float(features[$0]?.values[index] ?? .nan) }))
    }
    guard let maximum = collection.maximum, objects.count > maximum else { return objects }
    return Array(
      objects.enumerated().sorted { (-$0.element.pt, $0.offset) < (-$1.element.pt, $1.offset) }
        .prefix(maximum).map(\.element))
  }

  /// The angle as a float in (−π, π]: rounding must not carry it past the end.
  private static func phi(_ angle: Double) -> Float {
    let rounded = Float(angle)
    return rounded > .pi ? .pi : (rounded <= -.pi ? .pi : rounded)
  }

  private func momentum(
    _ name: String, _ data: ColumnData, _ index: Int, _ entry: Int,
    atLeast minimum: Double = -.infinity, value: Double? = nil
  ) throws -> Double {
    let value = value ?? data.values[index]
    guard !value.isNaN, value >= minimum, value.isFinite else {
      throw PreparationError(
        code: .badValue,
        "cannot read \(path): \(name) of a \(collection.kind) is "
          + "\(value.isNaN ? "missing" : "\(value)") in entry \(firstEntry + entry), where its pt is "
          + "\(pt.values[index]); expected "
          + (minimum == 0 ? "a number of at least 0. " : "a finite number. ")
          + "Exclude such objects with cuts, or repair the file.")
    }
    return value
  }
}
