// SPDX-License-Identifier: Apache-2.0

import Augmentation
import Classification
import Configuration
import EventModel
import Events
import Pretraining

/// All that one YAML file says: events, samples, model, training and the study's arms.
public struct StudyConfiguration {
  /// The top-level keys of a configuration.
  public static let sections = [
    "name", "description", "classes", "events", "variables", "samples", "model", "augmentation",
    "pretraining", "finetuning", "trees", "study",
  ]

  /// A pre-training of the study, from which arms may start.
  public struct Pretraining: Sendable {
    /// The short name, as in "lorentz".
    public var name: String
    /// The names of the samples that it learns from.
    public var samples: [String]
    /// The pre-training whose backbone it goes on with; `nil` starts from random weights.
    public var from: String?
    /// The size of the backbone.
    public var model: ModelConfiguration
    /// How it is trained.
    public var configuration: PretrainingConfiguration
  }

  /// A way of training that the study compares with others.
  public struct Arm: Codable, Hashable, Sendable {
    /// The short name, as in "scratch".
    public var name: String
    /// The name in tables and plots.
    public var title: String
    /// What is done, in a sentence.
    public var description: String
    /// The pre-training that the backbone comes from; `nil` starts from random weights.
    public var pretraining: String?
    /// The size of a backbone that starts from random weights; `nil` for that of the study.
    public var model: ModelConfiguration?
    /// How the classifier is trained; of trees, whether weights count and classes count alike.
    public var finetuning: FineTuningConfiguration
    /// What boosted trees are given and how they are trained; `nil` trains an event Transformer.
    public var trees: TreeArm?
    /// The names of other arms whose logits are averaged; nothing is trained where there are any.
    public var joins: [String] = []
  }

  /// The name of the study.
  public var name: String
  /// What the data are, a line each.
  public var dataDescription: [String]
  /// The names of the classes, by label.
  public var classNames: [String]
  /// How events are read from files; `nil` where every sample has a section `events` of its own.
  public var events: EventsConfiguration?
  /// The high-level variables, where the file names some.
  public var variables: EventVariables?
  /// The samples.
  public var samples: [SampleConfiguration]
  /// The size of the backbone.
  public var model: ModelConfiguration
  /// The names of the samples on which backbones are pre-trained, where they name no others.
  public var pretrainingSamples: [String]
  /// The names of the samples whose events may count as background in a fine-tuning.
  public var collisionSamples: [String]
  /// The pre-training of the `pretrain` command.
  public var pretraining: PretrainingConfiguration
  /// What the section `trees` says of boosted trees, for all arms and for `finetune`.
  public var trees: TreeArm
  /// The fine-tuning of the `finetune` command; its head reads variables unless the section says no.
  public var finetuning: FineTuningConfiguration
  /// The pre-trainings of the study, by name, with the names of their samples.
  public var pretrainings: [Pretraining]
  /// The arms of the study.
  public var arms: [Arm]
  /// The arm whose gain the report states.
  public var mainArm: String
  /// The arm that others are compared with.
  public var referenceArm: String
  /// Further arms that others are compared with: by default the first of boosted trees, the last
  /// that starts from scratch, and the last that starts from the pre-training `baseline`.
  public var furtherReferences: [String]
  /// The arms that show how the gain grows with the events of their pre-trainings.
  public var scaling: [String]
  /// Labeled events of each class, by rising number.
  public var labels: [Int]
  /// How often every pre-training of the study is done, with seeds that follow one another.
  ///
  /// The seeds of the labeled events take them in turn. With one, differences between seeds show
  /// the chance of the labeled events and of fine-tuning, and not that of the pre-training.
  public var pretrainingSeeds: Int
  /// Number of seeds; each draws other labeled events and weights.
  public var seeds: Int
  /// The seed of the test split and the first of the seeds.
  public var seed: UInt64
  /// Share of the labeled events that are tested on and nothing else.
  public var testFraction: Double
  /// Largest number of test events of each class.
  public var maximumTestEvents: Int
  /// Whether the study serves to choose settings: it then tests on events of the pool, and never
  /// touches the test events of the real study.
  public var isDevelopment: Bool
  /// Whether test events count with their weights.
  public var usesEventWeights: Bool
  /// Trainings at a time, one thread each.
  public var parallel: Int
  /// The merged configuration, as YAML.
  public var text: String
  /// The folder where relative paths start.
  public var folder: String

  /// Reads a configuration file.
  ///
  /// - Parameters:
  ///   - path: The YAML file.
  ///   - overrides: Values from the command line, as in "pretraining.epochs=5".
  /// - Throws: `ConfigurationError`, which names file, line and key.
  public init(path: String, overrides: [String] = []) throws {
    try self.init(
      ConfigurationNode.load(
        path: path, overrides: overrides, fileKeys: ["samples.*.files", "samples.*.luminosityMask"])
    )
  }

  /// Reads a configuration.
  ///
  /// - Throws: `ConfigurationError`, which names file, line and key.
  public init(_ root: ConfigurationNode) throws {
    text = root.serialized()
    folder = root.folder
    name = try root.string("name", default: "study")
    dataDescription = try root.contains("description") ? root.strings("description") : []
    classNames =
      try root.contains("classes") ? root.strings("classes") : ["background", "signal"]
    guard classNames.count == 2 else {
      throw root.fail(
        "classes", found: "\(classNames.count) names", expected: "two, background first",
        remedy: "More than two classes are not evaluated yet.")
    }
    let eventsSection = try root.node("events")
    events = try eventsSection.map { try EventsConfiguration($0) }
    let sampleNodes = try root.nodes("samples")
    if sampleNodes.isEmpty || !sampleNodes.allSatisfy({ $0.contains("events") }) {
      _ = try root.requiredNode("events")
    }
    samples = try SampleConfiguration.list(root)
    let labeled = samples.first { $0.label != nil } ?? samples.first
    variables = try (labeled?.events ?? events).flatMap {
      try EventVariables(root, schema: $0.schema)
    }
    for (sample, node) in zip(samples, sampleNodes) {
      guard let label = sample.label, label >= classNames.count else { continue }
      throw node.fail("label", expected: "0 (\(classNames[0])) or 1 (\(classNames[1]))")
    }
    model = try ModelConfiguration(root.node("model"))
    let augmentation = try AugmentationConfiguration(root.node("augmentation"))
    let section = try root.node("pretraining")
    (pretrainingSamples, pretraining) = try Self.pretraining(
      section, among: samples, samples: samples.filter { $0.label == nil }.map(\.name),
      defaults: PretrainingConfiguration(augmentation: augmentation))
    collisionSamples = Self.collisionSamples(
      samples, pretraining: pretrainingSamples, events: events)
    var defaults = FineTuningConfiguration(augmentation: augmentation)
    defaults.variables = true
    defaults.collisions = CollisionConfiguration()
    finetuning = try FineTuningConfiguration(root.node("finetuning"), defaults: defaults)
    // Arms differ in whether heads read variables and collisions count as background; those of a
    // list say so themselves.
    var shared = finetuning
    let finetuningSection = try root.node("finetuning")
    if finetuningSection?.contains("variables") != true { shared.variables = false }
    if finetuningSection?.contains("collisions") != true { shared.collisions = nil }

    let study = try root.node("study") ?? ConfigurationNode(text: "{}", name: "study")
    labels = try study.contains("labels") ? study.ints("labels", in: 4...).sorted() : [100, 1000]
    guard !labels.isEmpty, Set(labels).count == labels.count else {
      throw study.fail("labels", expected: "different numbers of labeled events, one at least")
    }
    seeds = try study.int("seeds", default: 5, in: 1...1000)
    pretrainingSeeds = try study.int("pretrainingSeeds", default: 1, in: 1...1000)
    seed = UInt64(try study.int("seed", default: 1, in: 0...1_000_000_000))
    testFraction = try study.double("testFraction", default: 0.5, in: 0.01...0.99)
    maximumTestEvents = try study.int("maximumTestEvents", default: 1_000_000, in: 10...)
    isDevelopment = try study.bool("development", default: false)
    usesEventWeights = try study.bool("usesEventWeights", default: true)
    parallel = try study.int("parallel", default: 2, in: 1...1024)
    pretrainings = try Self.pretrainings(
      study, among: samples,
      defaults: Pretraining(
        name: "", samples: pretrainingSamples, model: model, configuration: pretraining))
    trees = try TreeArm(root.node("trees"), defaults: TreeArm())
    arms = try Self.arms(
      study, model: model, finetuning: shared, trees: trees, hasVariables: variables != nil,
      hasCollisions: finetuning.collisions != nil && !collisionSamples.isEmpty)
    let armNames = arms.map(\.name)
    mainArm = try study.string(
      "mainArm",
      default: ["lorentz-all", "lorentz-augmented"].first(where: armNames.contains)
        ?? armNames.last ?? "")
    referenceArm = try study.string(
      "referenceArm",
      default: armNames.contains("scratch-augmented")
        ? "scratch-augmented" : armNames.first ?? "")
    furtherReferences =
      try study.contains("furtherReferences")
      ? study.strings("furtherReferences")
      : Self.furtherReferences(arms).filter { [referenceArm] in $0 != referenceArm }
    scaling = try study.contains("scaling") ? study.strings("scaling") : []
    for name in scaling where arms.contains(where: { $0.name == name && $0.pretraining == nil }) {
      throw study.fail("scaling", found: name, expected: "arms with a pre-training")
    }
    let named =
      [("mainArm", mainArm), ("referenceArm", referenceArm)]
      + furtherReferences.map { ("furtherReferences", $0) } + scaling.map { ("scaling", $0) }
    for (key, arm) in named
    where !armNames.contains(arm) {
      throw study.fail(
        key, found: arm, expected: "one of the arms \(armNames.joined(separator: ", "))")
    }
    try Self.checkJoins(arms, study)
    for arm in arms {
      guard let wanted = arm.pretraining, !pretrainings.contains(where: { $0.name == wanted })
      else { continue }
      throw study.fail(
        "arms", found: "an arm, \(arm.name), from the pre-training \(wanted)",
        expected: "none or one of \(pretrainings.map(\.name).joined(separator: ", "))")
    }
    try root.finish()
  }

  /// What names of arms and pre-trainings are: files and folders have them too.
  static let folderNameExpected = "a name that can be a file's, without / and first dot"

  static func isFolderName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !name.contains("\0")
  }

  /// The pre-trainings of the section `study`: by default the published baseline and ours.
  private static func pretrainings(
    _ study: ConfigurationNode, among all: [SampleConfiguration], defaults: Pretraining
  ) throws -> [Pretraining] {
    guard let list = try study.node("pretrainings") else {
      var baseline = defaults
      baseline.name = "baseline"
      baseline.configuration.objectives = .baseline
      var own = defaults
      own.name = "lorentz"
      return [baseline, own]
    }
    var result: [Pretraining] = []
    for (name, node) in list.ownEntries() {
      guard isFolderName(name) else {
        throw study.fail("pretrainings", found: "a name, \(name)", expected: folderNameExpected)
      }
      guard name != "none" else {
        throw study.fail(
          "pretrainings", found: "a name, none", expected: "another name",
          remedy: "Arms with `pretraining: none` start from random weights.")
      }
      var own = defaults
      own.name = name
      if !node.isNull {
        (own.samples, own.configuration) = try Self.pretraining(
          node, among: all, samples: defaults.samples, defaults: defaults.configuration)
        own.model = try ModelConfiguration(node.node("model"), defaults: defaults.model)
        try own.start(node, among: result)
      }
      result.append(own)
    }
    return result
  }
}
