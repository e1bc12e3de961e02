// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Runtime
import Torch

/// A trained backbone in a folder: `model.safetensors` and `model.json`.
///
///     model.safetensors   the parameters by name, float32
///     model.json          size, schema, normalization, names of the input columns, version
///
/// Python opens the first with `safetensors.torch.load_file`.
public struct ModelCheckpoint: Codable, Sendable {
  /// The version of `model.json`; another is refused.
  public static let currentFormat = 1

  /// The version of the format.
  public var format = ModelCheckpoint.currentFormat
  /// The size of the model.
  public var configuration: ModelConfiguration
  /// The objects, features and scalars that it reads.
  public var schema: EventSchema
  /// Mean and deviation of the inputs.
  public var normalization: InputNormalization
  /// Names of the columns of `objectInput.weight`.
  public var objectColumns: [String]
  /// Names of the columns of `eventInput.weight`.
  public var eventColumns: [String]

  /// Describes a model.
  public init(of model: EventTransformer) {
    configuration = model.configuration
    schema = model.layout.schema
    normalization = model.normalization
    objectColumns = model.layout.objectColumns
    eventColumns = model.layout.eventColumns
  }

  /// Writes a model into a folder, each file complete or not at all.
  ///
  /// - Throws: `FileSystemError`.
  public static func save(_ model: EventTransformer, to folder: String) throws {
    try createFolder(folder)
    try writeTensors(
      model.namedParameters().map { ($0.name, $0.parameter.value) },
      to: folder + "/model.safetensors")
    try writeJSON(ModelCheckpoint(of: model), to: folder + "/model.json")
  }

  /// Reads the description of the model in a folder.
  ///
  /// - Throws: ``ModelError`` if the folder holds no checkpoint or one of another format.
  public static func read(_ folder: String) throws -> ModelCheckpoint {
    let path = folder + "/model.json"
    guard FileManager.default.fileExists(atPath: path) else {
      throw ModelError(
        code: .notACheckpoint,
        "cannot open the checkpoint \(folder): it has no model.json. "
          + "Name the folder that pretrain or finetune wrote.")
    }
    let checkpoint = try readJSON(ModelCheckpoint.self, from: path)
    guard checkpoint.format == currentFormat else {
      throw ModelError(
        code: .corrupted,
        "cannot open \(path): its format is \(checkpoint.format), this program reads "
          + "\(currentFormat). Use the program's version that wrote it.")
    }
    try checkpoint.checkConsistency(path: path)
    return checkpoint
  }

  /// Checks that a model can be built from the description, whoever wrote it.
  private func checkConsistency(path: String) throws {
    let layout = InputLayout(schema: schema)
    let found: String? =
      if !configuration.isValid {
        "the size of the model is not possible"
      } else if schema.objectKinds.isEmpty || schema.objectKinds.count > 255 {
        "the schema has \(schema.objectKinds.count) kinds of objects, expected 1 to 255"
      } else if Set(layout.objectColumns).count != layout.objectWidth
        || Set(layout.eventColumns).count != layout.eventWidth
      {
        "the schema names something twice"
      } else if objectColumns != layout.objectColumns || eventColumns != layout.eventColumns {
        "the columns are not those of the schema"
      } else {
        nil
      }
    guard let found else { return }
    throw ModelError(
      code: .corrupted,
      "cannot open \(path): \(found). The file was changed; take it from a backup, or run the "
        + "command that wrote it again.")
  }

  /// Returns the checksum of a model's weights.
  ///
  /// - Throws: `FileSystemError`.
  package static func checksum(_ folder: String) throws -> String {
    try Checksum.ofFile(folder + "/model.safetensors")
  }

  /// Opens a model as it was saved.
  ///
  /// - Throws: ``ModelError``, `SafetensorsError` or `TorchError` if the files do not fit.
  public static func load(_ folder: String) throws -> EventTransformer {
    let checkpoint = try read(folder)
    let model = EventTransformer(
      configuration: checkpoint.configuration, schema: checkpoint.schema,
      normalization: checkpoint.normalization, seed: 0)
    try model.load(
      readTensors(folder + "/model.safetensors").map { (name: $0.key, tensor: $0.value) })
    return model
  }
}

/// Writes a value as JSON, keys sorted.
///
/// - Throws: `FileSystemError`.
public func writeJSON(_ value: some Encodable, to path: String) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  try writeAtomically(try encoder.encode(value), to: path)
}

/// Reads a value that ``writeJSON(_:to:)`` wrote.
///
/// - Throws: ``ModelError`` with code `corrupted`, which names the file and the place.
public func readJSON<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
  let data = try readFile(path)
  let decoder = JSONDecoder()
  decoder.nonConformingFloatDecodingStrategy = .convertFromString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  do {
    return try decoder.decode(type, from: data)
  } catch {
    throw ModelError(
      code: .corrupted,
      "cannot read \(path): \(place(of: error)). The file was changed or cut; "
        + "take it from a backup, or run the command that wrote it again.")
  }
}

/// Says where a file departs from what was expected, in words for users.
private func place(of error: any Error) -> String {
  func path(_ keys: [any CodingKey]) -> String {
    keys.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: ".")
  }
  return switch error as? DecodingError {
  case .keyNotFound(let key, let context): "\(path(context.codingPath + [key])) is missing"
  case .valueNotFound(_, let context): "\(path(context.codingPath)) is null"
  case .typeMismatch(_, let context): "\(path(context.codingPath)) has another type than expected"
  case .dataCorrupted(let context) where !context.codingPath.isEmpty:
    "\(path(context.codingPath)) has a value that is not possible"
  default: "it is not JSON"
  }
}
