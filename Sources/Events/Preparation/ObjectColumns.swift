// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kinematics

/// An object that an event gets, before its numbers are copied.
struct ObjectPlace {
  let kind: Int
  let pt: Float
  /// The element of `objects` that makes it, and its position in the columns of that.
  let collection: Int
  let index: Int
}

extension [ObjectPlace] {
  /// Sorts the objects from a position on by kind and falling pt; equals keep their order.
  ///
  /// Files mostly have them in this order, so that looking is enough.
  mutating func sortFrom(_ start: Int) {
    guard
      (start + 1..<Swift.max(start + 1, count)).contains(where: {
        (self[$0].kind, -self[$0].pt) < (self[$0 - 1].kind, -self[$0 - 1].pt)
      })
    else { return }
    self[start...].sort {
      ($0.kind, -$0.pt, $0.collection, $0.index) < ($1.kind, -$1.pt, $1.collection, $1.index)
    }
  }
}

/// The objects that one element of `objects` makes of a chunk.
final class ObjectColumns {
  private let configuration: ObjectConfiguration
  private let kind: Int
  private let chunk: ColumnChunk
  /// Element `entry` has the objects from `offsets[entry]` to before `offsets[entry + 1]`.
  private let offsets: [Int]
  private let pt: [Double]
  private let eta: [Double]
  private let phi: [Double]
  private let mass: [Double]
  private let features: [[Double]]
  private let passes: [Double]
  // What every object asks for; taken out of the configuration and the schema, whose reference counts
  // the threads would contend for.
  private let hasEta: Bool
  private let maximum: Int
  private let featureWidth: Int

  /// Computes the columns of all objects.
  ///
  /// A flat pt makes at most one object per event.
  init(
    _ configuration: ObjectConfiguration, kind: Int, featureWidth: Int, chunk: ColumnChunk
  ) throws {
    self.configuration = configuration
    hasEta = configuration.eta != nil
    maximum = configuration.maximum ?? .max
    self.featureWidth = featureWidth
    self.kind = kind
    self.chunk = chunk
    let name = configuration.kind.name
    let first = try chunk.evaluate(configuration.pt, role: "the pt of \(name)", local: [:])
    switch first {
    case .jagged(_, let offsets): self.offsets = offsets
    case .flat, .constant: offsets = Array(0...chunk.entries.count)
    }
    let offsets = offsets
    func values(
      _ expression: ColumnExpression, _ role: String, _ local: [String: ExpressionValue] = [:]
    ) throws -> [Double] {
      let role = "the \(role) of \(name)"
      let value = try chunk.evaluate(expression, role: role, local: local)
      if case .jagged(_, let found) = value, found != offsets {
        let entry = zip(found, offsets).enumerated().first { $1.0 != $1.1 }?.offset ?? 1
        throw PreparationError(
          .invalidExpression, sample: chunk.sample, file: chunk.file,
          "\(role), \(expression), has another number of elements than its pt, "
            + "\(configuration.pt), in entry \(chunk.entries.lowerBound + entry - 1).")
      }
      return value.spread(over: offsets)
    }
    pt = first.spread(over: offsets)
    phi = try values(configuration.phi, "phi")
    let undefined = [Double](repeating: .nan, count: pt.count)
    eta = try configuration.eta.map { try values($0, "eta") } ?? undefined
    mass = try configuration.mass.map { try values($0, "mass") } ?? undefined
    features = try zip(configuration.kind.features, configuration.features).map {
      try values($1, $0)
    }
    guard let cuts = configuration.cuts else {
      passes = Array(repeating: 1, count: pt.count)
      return
    }
    var local: [String: ExpressionValue] = [:]
    let columns = [pt, phi, eta, mass] + features
    for (name, column) in zip(["pt", "phi", "eta", "mass"] + configuration.kind.features, columns) {
      local[name] = .jagged(column, offsets: offsets)
    }
    passes = try values(cuts, "cuts", local)
  }

  /// Appends the objects of an entry that pass the cuts, by falling pt, at most as many as the
  /// configuration allows.
  ///
  /// - Parameters:
  ///   - entry: The position in the chunk.
  ///   - collection: The position of these columns among those of the event.
  ///   - places: Is given the objects.
  /// - Throws: ``PreparationError`` for a momentum that is incomplete or impossible.
  func append(
    objectsOf entry: Int, as collection: Int, to places: inout [ObjectPlace]
  ) throws {
    let start = places.count
    for index in offsets[entry]..<offsets[entry + 1] where !pt[index].isNaN {
      try check(index, entry)
      guard isTrue(passes[index]) else { continue }
      places.append(
        ObjectPlace(kind: kind, pt: Float(pt[index]), collection: collection, index: index))
    }
    places.sortFrom(start)
    if places.count - start > maximum {
      places.removeLast(places.count - start - maximum)
    }
  }

  /// Appends the numbers of an object to a batch.
  func append(_ place: ObjectPlace, to batch: inout EventBatch) {
    let index = place.index
    batch.kinds.append(UInt8(kind))
    batch.momenta.append(place.pt)
    batch.momenta.append(Float(eta[index]))
    batch.momenta.append(wrapped(phi[index]))
    batch.momenta.append(Float(mass[index]))
    for values in features { batch.features.append(Float(values[index])) }
    for _ in features.count..<featureWidth { batch.features.append(.nan) }
  }

  /// Azimuths are given in (-pi, pi] or [0, 2 pi), give or take rounding.
  private static let largestPhi = 2 * Double.pi + 1e-3

  private func check(_ index: Int, _ entry: Int) throws {
    func fail(_ quantity: String, _ found: String, _ expected: String) -> PreparationError {
      let number = index - offsets[entry]
      return PreparationError(
        .invalidValue, sample: chunk.sample, file: chunk.file,
        "the \(quantity) of \(configuration.kind.name) \(number) in entry "
          + "\(chunk.entries.lowerBound + entry) is \(found); expected \(expected).")
    }
    if pt[index] < 0 || pt[index] > Double(Float.greatestFiniteMagnitude) {
      throw fail("pt", "\(pt[index])", "at least 0 and finite")
    }
    if !(abs(phi[index]) <= Self.largestPhi) {
      throw fail(
        "phi", phi[index].isNaN ? "missing" : "\(phi[index])", "radians from -pi to 2 pi")
    }
    if hasEta {
      if eta[index].isNaN { throw fail("eta", "missing", "a number, because its pt is one") }
      if mass[index].isNaN { throw fail("mass", "missing", "a number, because its pt is one") }
    }
  }

  /// Returns an azimuth in (-pi, pi], in single precision.
  private func wrapped(_ phi: Double) -> Float {
    // The largest Float below pi stands for what rounding would put above it.
    min(Float.pi, max(-Float.pi, Float(wrappedPhi(phi))))
  }
}
