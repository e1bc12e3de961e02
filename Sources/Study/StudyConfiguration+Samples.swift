// SPDX-License-Identifier: Apache-2.0

import Classification
import Configuration
import EventModel
import Events
import Pretraining
import Runtime

extension StudyConfiguration {
  /// Returns how the columns of a sample become events: its own section, or the top-level one.
  public func events(of sample: SampleConfiguration) -> EventsConfiguration {
    guard let section = sample.events ?? events else {
      preconditionFailure("The sample \(sample.name) has no section events, nor the configuration.")
    }
    return section
  }

  /// Returns how the columns of files that are scored become events.
  ///
  /// - Parameter name: The sample as whose files they are read; `nil` for the first with a label, on
  ///   which classifiers are trained.
  /// - Returns: The section of that sample.
  /// - Throws: `ModelError` with code `unknownSample` where there is none of that name.
  public func scoredEvents(as name: String?) throws(ModelError) -> EventsConfiguration {
    guard let name else {
      guard let sample = samples.first(where: { $0.label != nil }) ?? samples.first else {
        preconditionFailure("A configuration has at least one sample.")
      }
      return events(of: sample)
    }
    guard let sample = samples.first(where: { $0.name == name }) else {
      throw ModelError(
        code: .unknownSample,
        "cannot read files as those of the sample \(name): the configuration of the classifier has "
          + "\(samples.map(\.name).joined(separator: ", "))."
          + nearestNamesHint(for: name, among: samples.map(\.name)))
    }
    return events(of: sample)
  }

  /// Checks that samples consist of the same kinds, features and scalars in the same order.
  ///
  /// Samples with labels have to: what only one class has would tell the classes apart.
  ///
  /// - Throws: `ModelError` with code `schemaMismatch`, which names two samples and what differs.
  func checkSchemasAgree(_ samples: [SampleConfiguration]) throws(ModelError) {
    guard let first = samples.first else { return }
    let expected = events(of: first).schema
    for sample in samples.dropFirst() {
      let found = events(of: sample).schema
      guard found != expected else { continue }
      let lacking = Self.names(expected).filter { !Self.names(found).contains($0) }
      let added = Self.names(found).filter { !Self.names(expected).contains($0) }
      throw ModelError(
        code: .schemaMismatch,
        "cannot fine-tune on the samples \(first.name) and \(sample.name) together: "
          + (lacking.isEmpty ? "" : "only \(first.name) has \(lacking.joined(separator: ", ")); ")
          + (added.isEmpty ? "" : "only \(sample.name) has \(added.joined(separator: ", ")); ")
          + (lacking.isEmpty && added.isEmpty ? "their schemas differ; " : "")
          + "what only one class has would tell the classes apart. Give samples with labels the "
          + "same kinds, features and scalars in the same order.")
    }
  }

  /// What a schema consists of, as in "muon", "muon.charge" and "vertices".
  private static func names(_ schema: EventSchema) -> [String] {
    schema.objectKinds.flatMap { kind in
      [kind.name] + kind.features.map { "\(kind.name).\($0)" }
    } + schema.scalars
  }

  /// Reads a pre-training with its samples; what is not given keeps its value in the defaults.
  ///
  /// A mixture belongs to its samples: who names other samples starts without one.
  ///
  /// - Throws: `ConfigurationError` if a sample does not exist, or the mixture has not one weight
  ///   for each sample.
  static func pretraining(
    _ node: ConfigurationNode?, among all: [SampleConfiguration], samples: [String],
    defaults: PretrainingConfiguration
  ) throws -> (samples: [String], configuration: PretrainingConfiguration) {
    guard let node else { return (samples, defaults) }
    var (samples, defaults) = (samples, defaults)
    if node.contains("samples") {
      samples = try node.strings("samples")
      for (place, sample) in samples.enumerated() {
        guard all.contains(where: { $0.name == sample }) else {
          throw node.fail(
            "samples", found: sample,
            expected: "names among \(all.map(\.name).joined(separator: ", "))")
        }
        guard !samples[..<place].contains(sample) else {
          throw node.fail("samples", found: "\(sample) a second time", expected: "each once")
        }
      }
      defaults.mixture = nil
    }
    let configuration = try PretrainingConfiguration(node, defaults: defaults)
    if configuration.objectives.process != nil,
      let labeled = all.first(where: { $0.label != nil && samples.contains($0.name) })
    {
      throw node.fail(
        "samples", found: "\(labeled.name) among others, which has a label",
        expected: "samples without labels beside the objective process",
        remedy: "It would see of which class test events are. Take other files of that process.")
    }
    if let mixture = configuration.mixture, Set(mixture.keys) != Set(samples) {
      throw node.fail(
        "mixture", found: "weights of \(mixture.keys.sorted().joined(separator: ", "))",
        expected: "one of each sample, \(samples.joined(separator: ", "))")
    }
    return (samples, configuration)
  }

  /// Returns the pre-trainings that arms start from, and those that they go on with, in their order.
  var wantedPretrainings: [Pretraining] {
    var names = Set(arms.compactMap(\.pretraining))
    // A pre-training goes on with an earlier one.
    for pretraining in pretrainings.reversed() where names.contains(pretraining.name) {
      if let from = pretraining.from { names.insert(from) }
    }
    return pretrainings.filter { names.contains($0.name) }
  }

  /// Finds the samples whose events may count as background in a fine-tuning.
  ///
  /// - Parameters:
  ///   - samples: All samples.
  ///   - pretraining: The names of those of the pre-training.
  ///   - events: How columns become events in samples that do not say so themselves.
  /// - Returns: The names of those of the pre-training without labels, of the same kinds, features
  ///   and scalars as labeled ones.
  static func collisionSamples(
    _ samples: [SampleConfiguration], pretraining: [String], events: EventsConfiguration?
  ) -> [String] {
    guard let labeled = samples.first(where: { $0.label != nil }) else { return [] }
    let schema = (labeled.events ?? events)?.schema
    return samples.filter {
      $0.label == nil && pretraining.contains($0.name) && ($0.events ?? events)?.schema == schema
    }.map(\.name)
  }

  /// Returns a pre-training without acceptances of kinds that only other samples have, and with the
  /// study's variables to predict where it has none of its own.
  func fitted(
    _ settings: PretrainingConfiguration, to schema: EventSchema
  ) -> PretrainingConfiguration {
    var settings = settings
    settings.augmentation = settings.augmentation.restricted(to: schema, among: kinds)
    if let variables, settings.objectives.variables?.expressions.isEmpty == true {
      // Those of whose objects the pre-training's samples have none are no question to them.
      let texts = zip(variables.names, variables.expressions.map(\.text))
        .filter { (try? EventExpression($1, schema: schema)) != nil }
      settings.objectives.variables?.expressions = Dictionary(uniqueKeysWithValues: Array(texts))
    }
    return settings
  }

  /// Returns a fine-tuning without acceptances of kinds that only other samples have.
  func fitted(
    _ settings: FineTuningConfiguration, to schema: EventSchema
  ) -> FineTuningConfiguration {
    var settings = settings
    settings.augmentation = settings.augmentation?.restricted(to: schema, among: kinds)
    return settings
  }

  /// The names of the kinds of all samples.
  private var kinds: Set<String> {
    Set(samples.flatMap { events(of: $0).schema.objectKinds.map(\.name) })
  }
}

extension StudyConfiguration.Pretraining {
  /// Reads which pre-training it goes on with.
  ///
  /// - Throws: `ConfigurationError` if that does not stand before it, or a size is given too.
  mutating func start(_ node: ConfigurationNode, among earlier: [Self]) throws {
    guard node.contains("from") else { return }
    let name = try node.string("from")
    guard let origin = earlier.first(where: { $0.name == name }) else {
      let names = earlier.map(\.name)
      throw node.fail(
        "from",
        expected: names.isEmpty
          ? "a pre-training that stands before it, and none does"
          : "a pre-training that stands before it, \(names.joined(separator: " or "))")
    }
    guard !node.contains("model") else {
      throw node.fail(
        "model", found: "beside \(name), which has its own", expected: "only one of the two")
    }
    from = name
    model = origin.model
  }
}
