// SPDX-License-Identifier: Apache-2.0

import Configuration
import EventModel
import Events
import Runtime
import Torch

/// Tells simulated processes apart: pre-training with the labels that simulation has for nothing.
///
/// A process is a sample of the pre-training. Events of samples that are no process, such as real
/// collisions, do not count. The loss is the mean cross-entropy over the others. It says nothing of
/// the classes of an analysis, whose samples are refused where a configuration is read: their test
/// events would be seen.
public final class ProcessClassification: PretrainingObjective {
  /// What can be set in a configuration.
  public struct Settings: ObjectiveSettings {
    /// The name in configurations.
    static let name = "process"
    /// Factor of the loss in the sum of objectives.
    public var weight = 1.0
    /// The samples that are told apart; `nil` for all.
    public var samples: [String]?

    /// Makes the defaults.
    public init() {}

    /// Reads the settings; what is not given keeps its default.
    public init(_ node: ConfigurationNode) throws {
      weight = try node.double("weight", default: weight, in: 0...1000)
      guard node.contains("samples") else { return }
      let names = try node.strings("samples")
      guard names.count > 1, Set(names).count == names.count else {
        throw node.fail("samples", expected: "two different samples or more")
      }
      samples = names
    }
  }

  /// The name in configurations.
  public var name: String { Settings.name }
  /// The factor of the loss.
  public var weight: Double { settings.weight }
  private let settings: Settings
  /// The events of each process.
  private let processes: [Range<Int>]
  /// Events of the source; beyond it an event comes again.
  private let eventCount: Int
  private let head: PredictionHead

  /// Makes the objective with a random head.
  ///
  /// - Parameters:
  ///   - settings: The settings.
  ///   - source: The events.
  ///   - width: The width of the backbone, `D`.
  ///   - generator: Where the first weights come from.
  /// - Throws: `ModelError` with code `unknownProcess` if a process is no sample of the source, or
  ///   there are fewer than two.
  public init(
    settings: Settings, source: any EventSource, width: Int,
    generator: inout some RandomNumberGenerator
  ) throws(ModelError) {
    let samples = source.samples
    let names = settings.samples ?? samples.map(\.name)
    processes = names.compactMap { name in samples.first { $0.name == name }?.events }
    guard processes.count == names.count, names.count > 1 else {
      throw ModelError(
        code: .unknownProcess,
        "cannot pre-train: the objective \(Settings.name) tells "
          + "\(names.joined(separator: ", ")) apart; the samples are "
          + "\(samples.map(\.name).joined(separator: ", ")). Name two of them or more in "
          + "pretraining.objectives.\(Settings.name).samples.")
    }
    self.settings = settings
    eventCount = source.eventCount
    head = PredictionHead(width: width, outputs: names.count, generator: &generator)
  }

  /// The two layers of the head.
  public var children: [(name: String, module: any Module)] { head.children }

  /// Returns the mean cross-entropy of the processes.
  public func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) -> Tensor {
    var events: [Int] = []
    var targets: [Int64] = []
    for (event, index) in batch.eventIndices.enumerated() {
      guard let process = processes.firstIndex(where: { $0.contains(index % eventCount) }) else {
        continue
      }
      events.append(event)
      targets.append(Int64(process))
    }
    // The mean of no cross-entropy would be NaN; it teaches nothing.
    guard !events.isEmpty else { return (head.parameters()[0].value * 0).sum() }
    let chosen = events.count == batch.eventCount ? batch : batch.selecting(events)
    let vectors = backbone.eventVectors(backbone.input(chosen), dropout: context.dropout)
    return Tensor.crossEntropy(
      logits: head(vectors), targets: Tensor(targets, device: vectors.device))
  }
}

extension ProcessClassification.Settings {
  func objective(
    _ parts: ObjectiveParts, generator: inout CounterBasedGenerator
  ) throws -> any PretrainingObjective {
    try ProcessClassification(
      settings: self, source: parts.source, width: parts.model.width, generator: &generator)
  }
}
