// SPDX-License-Identifier: Apache-2.0

import Events
import Torch

extension ModelCheckpoint {
  /// Opens a model for events of a schema, which may be another than the one it was trained on.
  ///
  /// Inputs are known by name, with their moments:
  ///
  ///     the events also have     its input columns get weights of zero
  ///     a kind                   no events have objects of it; its columns are dropped
  ///     a feature or a scalar    it counts as missing: the weight of its missing mark, a constant
  ///                              now, is added to that of its kind, or to the bias of the scalars
  ///
  /// Lines two and three are about what only the checkpoint has. So events without the new inputs
  /// give the output that the model gives for them where the lost ones are missing.
  ///
  /// - Parameters:
  ///   - folder: The checkpoint.
  ///   - schema: The schema of the events.
  ///   - normalization: Mean and deviation of the new inputs.
  ///   - allowsGrowth: Whether another schema is accepted at all.
  /// - Returns: The model.
  /// - Throws: ``ModelError`` with code `schemaMismatch`, which names what differs.
  public static func load(
    _ folder: String, schema: EventSchema, normalization: InputNormalization? = nil,
    allowsGrowth: Bool = false
  ) throws -> EventTransformer {
    let checkpoint = try read(folder)
    if checkpoint.schema == schema { return try load(folder) }
    guard allowsGrowth, let normalization else {
      throw checkpoint.mismatch(with: schema, folder: folder)
    }
    let model = EventTransformer(
      configuration: checkpoint.configuration, schema: schema,
      normalization: checkpoint.normalization.filled(from: normalization).restricted(to: schema),
      seed: 0)
    var tensors = try readTensors(folder + "/model.safetensors")
    try checkpoint.checkShapes(of: tensors, folder: folder)
    let layout = InputLayout(schema: schema)
    if let weight = tensors["objectInput.weight"] {
      tensors["objectInput.weight"] = checkpoint.objectWeight(weight, for: layout)
    }
    checkpoint.fitEventInput(in: &tensors, to: layout)
    try model.load(tensors.map { (name: $0.key, tensor: $0.value) })
    return model
  }

  private func mismatch(with schema: EventSchema, folder: String) -> ModelError {
    let layout = InputLayout(schema: schema)
    let old = objectColumns + eventColumns.map { "event." + $0 }
    let new = layout.objectColumns + layout.eventColumns.map { "event." + $0 }
    let missing = old.filter { !new.contains($0) && !$0.contains("missing.") }
    let added = new.filter { !old.contains($0) && !$0.contains("missing.") }
    return ModelError(
      code: .schemaMismatch,
      "cannot use the checkpoint \(folder) for these events: it was trained on another schema"
        + (missing.isEmpty ? "" : "; it reads \(missing.joined(separator: ", "))")
        + (added.isEmpty ? "" : "; the events also have \(added.joined(separator: ", "))")
        + (missing.isEmpty && added.isEmpty ? "; the order of the kinds differs" : "")
        + ". Prepare the events with the configuration of the checkpoint, or set "
        + "finetuning.growSchema: true to match inputs by name.")
  }

  private func checkShapes(of tensors: [String: Tensor], folder: String) throws(ModelError) {
    let width = configuration.width
    for (name, expected) in [
      ("objectInput.weight", [width, objectColumns.count]),
      ("eventInput.weight", [width, eventColumns.count]),
      ("eventInput.bias", [width]), ("eventToken", [width]),
    ] {
      guard let shape = tensors[name]?.shape, shape != expected else { continue }
      throw ModelError(
        code: .corrupted,
        "cannot open \(folder)/model.safetensors: \(name) has the shape \(shape), expected "
          + "\(expected). The file was changed; take it from a backup.")
    }
  }

  /// Returns the weight of the objects' input for other columns.
  ///
  /// An object of a kind has 1 in the kind's column, so what is always missing goes there.
  private func objectWeight(_ weight: Tensor, for layout: InputLayout) -> Tensor {
    var columns = Columns(weight, names: objectColumns)
    let new = Set(layout.objectColumns)
    for kind in schema.objectKinds where new.contains("kind.\(kind.name)") {
      for feature in kind.features where !new.contains("value.\(kind.name).\(feature)") {
        columns.add("missing.\(kind.name).\(feature)", to: "kind.\(kind.name)")
      }
    }
    return columns.tensor(layout.objectColumns, rows: configuration.width)
  }

  /// Replaces the input of the scalars by that of other scalars.
  private func fitEventInput(in tensors: inout [String: Tensor], to layout: InputLayout) {
    var columns = Columns(tensors["eventInput.weight"], names: eventColumns)
    columns.set("constant", tensors["eventInput.bias"])
    for scalar in schema.scalars where !layout.schema.scalars.contains(scalar) {
      columns.add("missing.\(scalar)", to: "constant")
    }
    let constant = columns.tensor(["constant"], rows: configuration.width)
      .reshaped([configuration.width])
    if layout.eventWidth > 0 {
      tensors["eventInput.weight"] = columns.tensor(layout.eventColumns, rows: configuration.width)
      tensors["eventInput.bias"] = constant
    } else {
      // Without scalars there is no such input: what is left of it belongs to the event's token.
      tensors["eventInput.weight"] = nil
      tensors["eventInput.bias"] = nil
      if let token = tensors["eventToken"] { tensors["eventToken"] = token + constant }
    }
  }
}

/// The columns of a weight by name.
private struct Columns {
  private var values: [String: [Float]] = [:]

  init(_ weight: Tensor?, names: [String]) {
    guard let floats = weight?.floats() else { return }
    for (column, name) in names.enumerated() {
      values[name] = stride(from: column, to: floats.count, by: names.count).map { floats[$0] }
    }
  }

  mutating func set(_ name: String, _ column: Tensor?) { values[name] = column?.floats() }

  /// Adds a column to another, which may not be there yet.
  mutating func add(_ name: String, to other: String) {
    guard let column = values[name] else { return }
    values[other] = values[other].map { zip($0, column).map { $0 + $1 } } ?? column
  }

  /// Returns the weight of some columns; those that are not there are zero.
  func tensor(_ names: [String], rows: Int) -> Tensor {
    var result = [Float](repeating: 0, count: rows * names.count)
    for (column, name) in names.enumerated() {
      guard let own = values[name] else { continue }
      for row in 0..<rows { result[row * names.count + column] = own[row] }
    }
    return Tensor(result, shape: [rows, names.count])
  }
}
