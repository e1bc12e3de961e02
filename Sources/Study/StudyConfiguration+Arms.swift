// SPDX-License-Identifier: Apache-2.0

import Classification
import Configuration
import EventModel

extension StudyConfiguration {
  /// Reads the arms of the section `study`.
  ///
  /// By default boosted trees, on variables and on objects, since they are what an analysis uses
  /// today; and three origins of a backbone, each without and with augmentation in fine-tuning, with
  /// variables, and with collisions as background unless there are none or the section `finetuning`
  /// says so.
  static func arms(
    _ study: ConfigurationNode, model: ModelConfiguration, finetuning: FineTuningConfiguration,
    trees: TreeArm, hasVariables: Bool, hasCollisions: Bool
  ) throws -> [Arm] {
    guard study.contains("arms") else {
      return treeArms(
        finetuning: finetuning, trees: trees, hasVariables: hasVariables,
        hasCollisions: hasCollisions)
        + transformerArms(finetuning: finetuning, hasCollisions: hasCollisions)
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
    if node.contains("joins") {
      return Arm(
        name: name, title: try node.string("title", default: name),
        description: try node.string("description", default: ""), pretraining: nil,
        finetuning: finetuning, joins: try node.strings("joins"))
    }
    let origin = try node.string("pretraining", default: "none")
    if let section = try node.node("finetuning"), section.contains("trees") {
      throw section.fail(
        "trees", found: "in an arm", expected: "nothing",
        remedy: "An arm joins another one and one of trees by joins: [\(name), trees].")
    }
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
      let readsVariables = own.inputs.contains { $0 == .variables || $0 == .automaticVariables }
      guard arm.finetuning.collisions == nil || readsVariables || arm.pretraining != nil else {
        throw node.fail(
          "finetuning", found: "collisions beside trees on objects alone",
          expected: "trees on variables or an embedding, by which collisions are weighed")
      }
      arm.trees = own
      arm.finetuning.augmentation = nil
      return arm
    }
    if origin == "none", arm.finetuning.collisions != nil, !arm.finetuning.variables {
      throw node.fail(
        "finetuning", found: "collisions without a pre-training and without variables",
        expected: "one of the two, by which collisions are weighed",
        remedy: "Set variables: true, or collisions: {events: 0}, in the arm's finetuning.")
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
    finetuning: FineTuningConfiguration, trees: TreeArm, hasVariables: Bool, hasCollisions: Bool
  ) -> [Arm] {
    var settings = finetuning
    settings.augmentation = nil
    settings.collisions = nil
    let groups: [(name: String, title: String, input: TreeArm.Input, words: String)] = [
      (
        "trees", hasVariables ? "Trees, high-level variables" : "Trees, automatic variables",
        .variables,
        hasVariables
          ? "the configuration's variables"
          : "sums, masses, angles and transverse masses made from the schema"
      ),
      (
        "trees-objects", "Trees, objects", .objects,
        "momenta and features of the leading objects, and the scalars"
      ),
    ]
    let arms = groups.map { group in
      var own = trees
      own.inputs = [group.input]
      return Arm(
        name: group.name, title: group.title, description: "Boosted trees on \(group.words).",
        pretraining: nil, finetuning: settings, trees: own)
    }
    guard hasCollisions else { return arms }
    var collisions = arms[0]
    collisions.name = "trees-collisions"
    collisions.title = "Trees, with collisions"
    collisions.description =
      "Boosted trees on \(groups[0].words), with collisions as further background."
    collisions.finetuning.collisions = finetuning.collisions ?? CollisionConfiguration()
    return arms + [collisions]
  }

  private static func transformerArms(
    finetuning: FineTuningConfiguration, hasCollisions: Bool
  ) -> [Arm] {
    let origins: [(name: String, title: String, pretraining: String?, words: String)] = [
      ("scratch", "From scratch", nil, "Random weights"),
      ("baseline", "Object types (baseline)", "baseline", "Pre-trained by the types of objects"),
      ("lorentz", "Lorentz", "lorentz", "Pre-trained by lorentz"),
    ]
    let recipes: [(ending: String, title: String, words: String, origins: Set<String>)] = [
      ("", "", ", no augmentation in fine-tuning.", ["scratch", "lorentz"]),
      (
        "-augmented", ", augmented", ", augmentation in fine-tuning.",
        ["scratch", "baseline", "lorentz"]
      ),
      (
        "-variables", ", with variables",
        ", augmentation in fine-tuning, and a head that reads high-level variables too.",
        ["scratch", "lorentz"]
      ),
      (
        "-collisions", ", with variables and collisions",
        ", augmentation in fine-tuning, a head that reads high-level variables, and collisions as "
          + "further background.",
        hasCollisions ? ["scratch", "lorentz"] : []
      ),
    ]
    var arms = origins.flatMap { origin in
      recipes.filter { $0.origins.contains(origin.name) }.map { recipe in
        var settings = finetuning
        if recipe.ending.isEmpty { settings.augmentation = nil }
        settings.variables = ["-variables", "-collisions"].contains(recipe.ending)
        settings.collisions =
          recipe.ending == "-collisions"
          ? finetuning.collisions ?? CollisionConfiguration() : nil
        settings.mode = origin.pretraining == nil ? .scratch : finetuning.mode
        return Arm(
          name: origin.name + recipe.ending, title: origin.title + recipe.title,
          description: origin.words + recipe.words, pretraining: origin.pretraining,
          finetuning: settings)
      }
    }
    let titles = [(name: "scratch", title: "From scratch"), (name: "lorentz", title: "Lorentz")]
    for (origin, title) in titles {
      arms.append(
        Arm(
          name: "\(origin)-trees", title: "\(title), with variables and trees",
          description: "The logits of “\(title), with variables” and of the trees on variables, "
            + "with shares that validation events of the former choose.",
          pretraining: nil, finetuning: finetuning, joins: ["\(origin)-variables", "trees"]))
    }
    guard hasCollisions else { return arms }
    return arms
      + titles.map { origin, title in
        Arm(
          name: "\(origin)-all", title: "\(title), with variables, collisions and trees",
          description: "The same, with collisions as further background of both.",
          pretraining: nil, finetuning: finetuning,
          joins: ["\(origin)-collisions", "trees-collisions"])
      }
  }

  /// What a gain has to be measured against beside training from scratch: the first arm of boosted
  /// trees, the last of those that no pre-training helps, which lists of arms make their best, and
  /// the published objective.
  static func furtherReferences(_ arms: [Arm]) -> [String] {
    let scratch = arms.last { arm in
      let parts = arm.joins.isEmpty ? [arm] : arms.filter { arm.joins.contains($0.name) }
      return parts.allSatisfy { $0.pretraining == nil } && !parts.allSatisfy { $0.trees != nil }
    }
    let published = arms.last { $0.pretraining == "baseline" }
    return [arms.first { $0.trees != nil }, scratch, published].compactMap { $0?.name }
  }

  /// Returns the trees on variables that an arm joins with another one alone.
  ///
  /// - Parameter arm: The other one, trained by gradients.
  /// - Returns: `nil` where there are none.
  func trees(joining arm: Arm) -> TreeArm? {
    guard arm.trees == nil else { return nil }
    return arms.lazy.filter { $0.joins.count == 2 && $0.joins.contains(arm.name) }
      .compactMap { joining in
        arms.first { $0.name != arm.name && joining.joins.contains($0.name) }?.trees
      }.first { $0.inputs == [.variables] || $0.inputs == [.automaticVariables] }
  }

  /// Checks that joined arms exist and are trained themselves.
  ///
  /// - Throws: `ConfigurationError` that names the arm.
  static func checkJoins(_ arms: [Arm], _ study: ConfigurationNode) throws {
    let trained = arms.filter(\.joins.isEmpty).map(\.name)
    for arm in arms where !arm.joins.isEmpty {
      guard arm.joins.count > 1, Set(arm.joins).count == arm.joins.count,
        Set(arm.joins).isSubset(of: trained)
      else {
        throw study.fail(
          "arms", found: "an arm, \(arm.name), that joins \(arm.joins.joined(separator: ", "))",
          expected: "two different arms or more among \(trained.joined(separator: ", "))")
      }
    }
  }
}
