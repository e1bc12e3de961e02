// SPDX-License-Identifier: Apache-2.0

import Configuration
import EventModel
import Events
import Runtime

/// What can be set of an objective, and how it is made: one key of `pretraining.objectives`.
protocol ObjectiveSettings: Codable, Hashable, Sendable {
  /// The name in configurations, reports and checkpoints.
  static var name: String { get }
  /// The factor of its loss in the sum.
  var weight: Double { get }

  /// Reads the settings; what is not given keeps its default.
  init(_ node: ConfigurationNode) throws

  /// Makes the objective with random heads.
  ///
  /// - Parameters:
  ///   - parts: What the run consists of.
  ///   - generator: Where the first weights come from.
  /// - Returns: The objective.
  /// - Throws: What the source throws for damaged events.
  func objective(
    _ parts: ObjectiveParts, generator: inout CounterBasedGenerator
  ) throws -> any PretrainingObjective
}

/// What objectives are made from.
struct ObjectiveParts {
  /// The events of the run.
  let source: any EventSource
  /// Those that are trained on.
  let trainingEvents: [Int]
  /// The input of the backbone.
  let layout: InputLayout
  /// The size of the backbone.
  let model: ModelConfiguration
  /// How the backbone is trained.
  let configuration: PretrainingConfiguration
}
