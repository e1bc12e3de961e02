// SPDX-License-Identifier: Apache-2.0

/// How events of one schema are written in another that holds all of it.
///
/// Kinds, features and scalars are found by name. What the events lack is missing, NaN.
struct SchemaEmbedding: Sendable {
  /// The schema of the result.
  private let schema: EventSchema
  private let source: EventSchema
  /// The new number of each kind.
  private let kinds: [UInt8]
  /// The new column of each feature of each kind.
  private let features: [[Int]]
  /// The new place of each scalar.
  private let scalars: [Int]

  /// Finds where everything goes.
  ///
  /// - Precondition: Every kind, feature and scalar of the source is in the other schema.
  init(from source: EventSchema, into schema: EventSchema) {
    func place(_ name: String, in names: [String]) -> Int {
      guard let place = names.firstIndex(of: name) else {
        preconditionFailure("The larger schema lacks \(name).")
      }
      return place
    }
    self.source = source
    self.schema = schema
    let names = schema.objectKinds.map(\.name)
    let places = source.objectKinds.map { place($0.name, in: names) }
    kinds = places.map { UInt8($0) }
    features = zip(source.objectKinds, places).map { kind, target in
      kind.features.map { place($0, in: schema.objectKinds[target].features) }
    }
    scalars = source.scalars.map { place($0, in: schema.scalars) }
  }

  /// Returns the same events in the larger schema.
  ///
  /// - Precondition: The batch has the smaller schema.
  func callAsFunction(_ batch: EventBatch) -> EventBatch {
    precondition(batch.schema == source, "The batch has another schema than was announced.")
    var result = EventBatch(schema: schema)
    result.eventIndices = batch.eventIndices
    result.offsets = batch.offsets
    result.momenta = batch.momenta
    result.weights = batch.weights
    result.labels = batch.labels
    result.kinds = batch.kinds.map { kinds[Int($0)] }
    let (old, new) = (source.featureWidth, schema.featureWidth)
    result.features = [Float](repeating: .nan, count: new * batch.objectCount)
    for object in 0..<batch.objectCount {
      for (column, target) in features[Int(batch.kinds[object])].enumerated() {
        result.features[object * new + target] = batch.features[object * old + column]
      }
    }
    let (oldCount, newCount) = (source.scalars.count, schema.scalars.count)
    result.scalars = [Float](repeating: .nan, count: newCount * batch.eventCount)
    for event in 0..<batch.eventCount {
      for (scalar, target) in scalars.enumerated() {
        result.scalars[event * newCount + target] = batch.scalars[event * oldCount + scalar]
      }
    }
    return result
  }
}
