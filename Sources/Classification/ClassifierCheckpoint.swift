// SPDX-License-Identifier: Apache-2.0

import EventModel
import Foundation
import Runtime
import Torch

/// A trained classifier in a folder.
///
///     model.json, model.safetensors   the backbone, see `ModelCheckpoint`
///     head.safetensors                the head: weight [C, D] and bias [C]
///     classifier.json                 class names, settings and history
///     configuration.yaml              how events are read, for `score`
public struct ClassifierCheckpoint: Codable, Sendable {
  /// The names of the classes, by label.
  public var classNames: [String]
  /// How it was trained.
  public var configuration: FineTuningConfiguration
  /// What was recorded while training.
  public var history: FineTuningHistory
  /// The folder of the configuration file, where its relative paths start.
  public var configurationFolder: String

  /// Writes a classifier; `classifier.json` comes last, so that a folder with it is complete.
  ///
  /// - Parameters:
  ///   - classifier: The classifier.
  ///   - configuration: How it was trained.
  ///   - history: What was recorded.
  ///   - text: The merged YAML configuration.
  ///   - configurationFolder: The folder of the configuration file.
  ///   - folder: Where it goes.
  /// - Throws: `FileSystemError`.
  public static func save(
    _ classifier: Classifier, configuration: FineTuningConfiguration, history: FineTuningHistory,
    text: String, configurationFolder: String, to folder: String
  ) throws {
    try ModelCheckpoint.save(classifier.backbone, to: folder)
    try writeTensors(
      classifier.head.namedParameters().map { ($0.name, $0.parameter.value) },
      to: folder + "/head.safetensors")
    try writeAtomically(text, to: folder + "/configuration.yaml")
    try writeJSON(
      ClassifierCheckpoint(
        classNames: classifier.classNames, configuration: configuration, history: history,
        configurationFolder: configurationFolder),
      to: folder + "/classifier.json")
  }

  /// Reads the description of a classifier.
  ///
  /// - Throws: ``ClassificationError`` with code `notAClassifier` if the folder holds none.
  public static func read(_ folder: String) throws -> ClassifierCheckpoint {
    let path = folder + "/classifier.json"
    guard FileManager.default.fileExists(atPath: path) else {
      throw ClassificationError(
        code: .notAClassifier,
        "cannot open the classifier \(folder): it has no classifier.json. "
          + "Name the folder that finetune wrote.")
    }
    return try readJSON(ClassifierCheckpoint.self, from: path)
  }

  /// Opens a classifier.
  ///
  /// - Throws: ``ClassificationError`` with code `notAClassifier` if the folder holds none;
  ///   `ModelError` or `TorchError` if its files do not fit together.
  public static func load(_ folder: String) throws -> Classifier {
    let checkpoint = try read(folder)
    guard checkpoint.classNames.count >= 2 else {
      throw ClassificationError(
        code: .notAClassifier,
        "cannot open the classifier \(folder): classifier.json names "
          + "\(checkpoint.classNames.count) classes, expected at least 2. The file was changed; "
          + "take it from a backup, or fine-tune again.")
    }
    let classifier = Classifier(
      backbone: try ModelCheckpoint.load(folder), classNames: checkpoint.classNames)
    try classifier.head.load(
      readTensors(folder + "/head.safetensors").map { (name: $0.key, tensor: $0.value) })
    return classifier
  }
}
