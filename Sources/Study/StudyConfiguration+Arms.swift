// SPDX-License-Identifier: Apache-2.0

import Classification
import Configuration
import EventModel

extension StudyConfiguration {
  /// Reads the arms of the section `study`.
  ///
  /// By default boosted trees, on variables and on objects, since they are what an analysis uses
  /// today; and three origins of a backbone, each without and with augmentation in fine-tuning.
  static func arms(
    _ study: ConfigurationNode, model: ModelConfiguration, finetuning: FineTuningConfiguration,
    trees: TreeArm, hasVariables: Bool
  ) throws -> [Arm] {
    guard study.contains("arms") else {
      return treeArms(finetuning: finetuning, trees: trees, hasVariables: hasVariables)
        + transformerArms(finetuning: finetuning)
    }
    var names: Set<String> = []
    return try study.nodes("arms").map { node in
      let name = try node.string("name")
      guard isFolderName(name) else { throw node.fail("name", expected: folderNameExpected) }
      guard names.insert(name).inserted else {
        throw node.fail("name", found: "\(name) a second time", expected: "another name")
      }
      return try arm(name, node, model: model, finetuning: finetuning, trees: trees)
    }
  }

  private static func arm(
    _ name: String, _ node: ConfigurationNode, model: ModelConfiguration,
    finetuning: FineTuningConfiguration, trees: TreeArm
  ) throws -> Arm {
    let origin = try node.string("pretraining", default: "none")
    var arm = Arm(
      name: name, title: try node.string("title", default: name),
      description: try node.string("description", default: ""),
      pretraining: origin == "none" ? nil : origin,
      finetuning: try FineTuningConfiguration(node.node("finetuning"), defaults: finetuning))
    if let section = try node.node("trees") {
      let own = try TreeArm(section, defaults: trees)
      guard own.inputs.contains(.embedding) == (arm.pretraining != nil) else {
        throw node.fail(
          "trees",
          found: arm.pretraining == nil
            ? "on an embedding without a pre-training"
            : "beside a pre-training that it does not use",
          expected: "a pretraining with the input embedding, and none without")
      }
      arm.trees = own
      arm.finetuning.augmentation = nil
      return arm
    }
    arm.joinedTrees = try node.node("joinedTrees").map { try TreeArm($0, defaults: trees) }
    if arm.joinedTrees?.inputs.contains(.embedding) == true {
      throw node.fail(
        "joinedTrees", found: "the input embedding", expected: "inputs beside the Transformer's",
        remedy: "An arm `trees` may read embeddings.")
    }
    if try !node.bool("augmentation", default: true) { arm.finetuning.augmentation = nil }
    if origin == "none" { arm.finetuning.mode = .scratch }
    if let section = try node.node("model") {
      guard origin == "none" else {
        throw node.fail(
          "model", found: "beside a pre-training, which has its own",
          expected: "a model for an arm that starts from random weights",
          remedy: "Write it into study.pretrainings.\(origin).")
      }
      arm.model = try ModelConfiguration(section, defaults: model)
    }
    return arm
  }

  private static func treeArms(
    finetuning: FineTuningConfiguration, trees: TreeArm, hasVariables: Bool
  ) -> [Arm] {
    var settings = finetuning
    settings.augmentation = nil
    let groups: [(name: String, title: String, input: TreeArm.Input, words: String)] = [
      (
        "trees", hasVariables ? "Trees, high-level variables" : "Trees, automatic variables",
        .variables,
        hasVariables
          ? "the configuration's variables"
          : "masses, angles and transverse masses of the leading objects"
      ),
      (
        "trees-objects", "Trees, objects", .objects,
        "momenta and features of the leading objects, and the scalars"
      ),
    ]
    return groups.map { group in
      var own = trees
      own.inputs = [group.input]
      return Arm(
        name: group.name, title: group.title, description: "Boosted trees on \(group.words).",
        pretraining: nil, finetuning: settings, trees: own)
    }
  }

  private static func transformerArms(finetuning: FineTuningConfiguration) -> [Arm] {
    let origins: [(name: String, title: String, pretraining: String?)] = [
      ("scratch", "From scratch", nil), ("baseline", "Object types (baseline)", "baseline"),
      ("lorentz", "Lorentz", "lorentz"),
    ]
    return origins.flatMap { origin in
      [false, true].map { isAugmented in
        var settings = finetuning
        if !isAugmented { settings.augmentation = nil }
        settings.mode = origin.pretraining == nil ? .scratch : finetuning.mode
        let source = origin.pretraining.map { "Pre-trained by \($0)" } ?? "Random weights"
        return Arm(
          name: origin.name + (isAugmented ? "-augmented" : ""),
          title: origin.title + (isAugmented ? ", augmented" : ""),
          description: source
            + (isAugmented
              ? ", augmentation in fine-tuning." : ", no augmentation in fine-tuning."),
          pretraining: origin.pretraining, finetuning: settings)
      }
    }
  }
}
