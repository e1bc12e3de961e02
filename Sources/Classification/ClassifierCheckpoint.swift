// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Runtime
import Torch

/// A trained classifier in a folder.
///
///     model.json, model.safetensors   the backbone, see `ModelCheckpoint`
///     head.safetensors                the head: weight [C, D] and bias [C]
///     members/2, members/3 …          the same of further members, where there are any
///     trees.json                      boosted trees that are joined, in XGBoost's format
///     classifier.json                 class names, settings and history
///     configuration.yaml              how events are read, for `score`
public struct ClassifierCheckpoint: Codable, Sendable {
  /// A high-level variable that the head reads.
  public struct Variable: Codable, Hashable, Sendable {
    /// The name.
    public var name: String
    /// How it is computed, see `EventExpression`.
    public var expression: String
    /// Where its piecewise linear columns have their knots, see ``VariableInputs``; none for trees.
    public var knots: [Float]
  }

  /// What is known of boosted trees that are joined.
  public struct Trees: Codable, Hashable, Sendable {
    /// Their inputs.
    public var variables: [Variable]
    /// How much they count.
    public var share: TreeShare
  }

  /// The names of the classes, by label.
  public var classNames: [String]
  /// How it was trained.
  public var configuration: FineTuningConfiguration
  /// What was recorded while training.
  public var history: FineTuningHistory
  /// Number of classifiers whose logits are averaged.
  public var memberCount: Int
  /// The high-level variables that the heads read beside the event vectors.
  public var variables: [Variable]
  /// Boosted trees that are joined; `nil` without.
  public var trees: Trees?
  /// The folder of the configuration file, where its relative paths start.
  public var configurationFolder: String

  /// Writes a classifier; `classifier.json` comes last, so that a folder with it is complete.
  ///
  /// - Parameters:
  ///   - scorer: The classifier, or several whose logits are averaged, with trees or without.
  ///   - configuration: How it was trained.
  ///   - history: What was recorded.
  ///   - text: The merged YAML configuration.
  ///   - configurationFolder: The folder of the configuration file.
  ///   - folder: Where it goes.
  /// - Throws: `FileSystemError`.
  public static func save(
    _ scorer: Scorer, configuration: FineTuningConfiguration, history: FineTuningHistory,
    text: String, configurationFolder: String, to folder: String
  ) throws {
    let members = scorer.members
    for (member, classifier) in members.enumerated() {
      let path = Self.folder(ofMember: member, in: folder)
      try createFolder(path)
      try ModelCheckpoint.save(classifier.backbone, to: path)
      try writeTensors(
        classifier.head.namedParameters().map { ($0.name, $0.parameter.value) },
        to: path + "/head.safetensors")
    }
    try scorer.trees?.save(to: folder + "/trees.json")
    try writeAtomically(text, to: folder + "/configuration.yaml")
    try writeJSON(
      ClassifierCheckpoint(
        classNames: members[0].classNames, configuration: configuration, history: history,
        memberCount: members.count, variables: variables(of: members[0]),
        trees: scorer.trees.map { trees in
          Trees(
            variables: zip(trees.variables.names, trees.variables.expressions).map {
              Variable(name: $0, expression: $1.description, knots: [])
            }, share: scorer.treeShare)
        },
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

  private static func folder(ofMember member: Int, in folder: String) -> String {
    member == 0 ? folder : "\(folder)/members/\(member + 1)"
  }

  /// Opens a classifier.
  ///
  /// - Throws: ``ClassificationError`` with code `notAClassifier` if the folder holds none;
  ///   `ModelError` or `TorchError` if its files do not fit together.
  public static func load(_ folder: String) throws -> Scorer {
    let checkpoint = try read(folder)
    guard checkpoint.classNames.count >= 2 else {
      throw damaged(folder, names: "\(checkpoint.classNames.count) classes, expected at least 2")
    }
    let settings = checkpoint.configuration
    guard checkpoint.memberCount >= 1, settings.scoreViews >= 1 else {
      throw damaged(
        folder,
        names: "\(checkpoint.memberCount) members and \(settings.scoreViews) views, "
          + "expected at least 1")
    }
    let members = try (0..<checkpoint.memberCount).map { member in
      let path = Self.folder(ofMember: member, in: folder)
      let backbone = try ModelCheckpoint.load(path)
      let classifier = Classifier(
        backbone: backbone, classNames: checkpoint.classNames,
        variables: try checkpoint.variableInputs(schema: backbone.layout.schema))
      try classifier.head.load(
        readTensors(path + "/head.safetensors").map { (name: $0.key, tensor: $0.value) })
      return classifier
    }
    let trees = try checkpoint.trees.map {
      try JoinedTrees(
        on: eventVariables($0.variables, schema: members[0].backbone.layout.schema),
        contentsOf: folder + "/trees.json")
    }
    return Scorer(
      members: members, viewCount: settings.scoreViews, augmentation: settings.augmentation,
      trees: trees, treeShare: checkpoint.trees?.share ?? TreeShare())
  }

  private static func variables(of classifier: Classifier) -> [Variable] {
    guard let inputs = classifier.variables else { return [] }
    return inputs.knots.enumerated().map { index, knots in
      Variable(
        name: inputs.variables.names[index],
        expression: inputs.variables.expressions[index].description, knots: knots)
    }
  }

  private func variableInputs(schema: EventSchema) throws -> VariableInputs? {
    guard !variables.isEmpty else { return nil }
    return VariableInputs(
      try Self.eventVariables(variables, schema: schema), knots: variables.map(\.knots))
  }

  private static func eventVariables(
    _ variables: [Variable], schema: EventSchema
  ) throws -> EventVariables {
    EventVariables(
      names: variables.map(\.name),
      expressions: try variables.map { try EventExpression($0.expression, schema: schema) })
  }

  private static func damaged(_ folder: String, names found: String) -> ClassificationError {
    ClassificationError(
      code: .notAClassifier,
      "cannot open the classifier \(folder): classifier.json names \(found). The file was changed; "
        + "take it from a backup, or fine-tune again.")
  }
}
