// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kinematics

/// The objects that one element of `objects` makes of a chunk.
final class ObjectColumns {
  private let configuration: ObjectConfiguration
  /// The kind of the objects, a position in the schema.
  let kind: Int
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
  private let hasMass: Bool
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
    hasMass = configuration.mass != nil
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

  /// Finds the objects of entries that pass the cuts, by falling pt, at most as many of each entry as
  /// the configuration allows.
  ///
  /// - Parameters:
  ///   - entries: Positions in the chunk, rising.
  ///   - collection: The position of these columns among those of the event.
  /// - Returns: Where they stand; event `e` is entry `entries[e]`.
  /// - Throws: ``PreparationError`` for a momentum that is incomplete or impossible.
  func places(in entries: [Int], as collection: Int) throws -> ObjectPlaces {
    var result = ObjectPlaces()
    result.reserveCapacity(events: entries.count)
    // All arrays are asked for once: a check of their bounds and a count of references for each
    // object took half of the time.
    try pt.withUnsafeBufferPointer { pt in
      try passes.withUnsafeBufferPointer { passes in
        for entry in entries {
          for index in offsets[entry]..<offsets[entry + 1] where !pt[index].isNaN {
            if !isPossible(index) { throw fault(index, entry) }
            guard isTrue(passes[index]) else { continue }
            result.append(pt: Float(pt[index]), collection: collection, index: index)
          }
          result.endEvent(keeping: maximum)
        }
      }
    }
    return result
  }

  /// Writes the numbers of objects into a batch that has room for them.
  ///
  /// - Parameters:
  ///   - objects: Positions in these columns, and where the numbers go.
  ///   - batch: The batch.
  func write(_ objects: [(index: Int, target: Int)], to batch: inout EventBatch) {
    func write(
      _ column: [Double], to target: inout [Float], _ position: Int, of width: Int,
      by convert: (Double) -> Float
    ) {
      column.withUnsafeBufferPointer { column in
        target.withUnsafeMutableBufferPointer { target in
          for object in objects {
            target[width * object.target + position] = convert(column[object.index])
          }
        }
      }
    }
    for object in objects { batch.kinds[object.target] = UInt8(kind) }
    write(pt, to: &batch.momenta, 0, of: 4) { Float($0) }
    if hasEta { write(eta, to: &batch.momenta, 1, of: 4) { Float($0) } }
    write(phi, to: &batch.momenta, 2, of: 4, by: Self.wrapped)
    if hasMass { write(mass, to: &batch.momenta, 3, of: 4) { Float($0) } }
    for (position, column) in features.enumerated() {
      write(column, to: &batch.features, position, of: featureWidth) { Float($0) }
    }
  }

  /// Azimuths are given in (-pi, pi] or [0, 2 pi), give or take rounding.
  private static let largestPhi = 2 * Double.pi + 1e-3

  private func isPossible(_ index: Int) -> Bool {
    pt[index] >= 0 && pt[index] <= Double(Float.greatestFiniteMagnitude)
      && abs(phi[index]) <= Self.largestPhi && !(hasEta && eta[index].isNaN)
      && !(hasMass && mass[index].isNaN)
  }

  /// Returns what is wrong with an object that is not possible.
  private func fault(_ index: Int, _ entry: Int) -> PreparationError {
    let (quantity, found, expected) =
      if pt[index] < 0 || pt[index] > Double(Float.greatestFiniteMagnitude) {
        ("pt", "\(pt[index])", "at least 0 and finite")
      } else if !(abs(phi[index]) <= Self.largestPhi) {
        ("phi", phi[index].isNaN ? "missing" : "\(phi[index])", "radians from -pi to 2 pi")
      } else {
        (
          hasEta && eta[index].isNaN ? "eta" : "mass", "missing",
          "a number, because its pt is one"
        )
      }
    let number = index - offsets[entry]
    return PreparationError(
      .invalidValue, sample: chunk.sample, file: chunk.file,
      "the \(quantity) of \(configuration.kind.name) \(number) in entry "
        + "\(chunk.entries.lowerBound + entry) is \(found); expected \(expected).")
  }

  /// Returns an azimuth in (-pi, pi], in single precision.
  private static func wrapped(_ phi: Double) -> Float {
    // The largest Float below pi stands for what rounding would put above it.
    min(Float.pi, max(-Float.pi, Float(wrappedPhi(phi))))
  }
}
