// SPDX-License-Identifier: Apache-2.0

import Configuration
import EventModel
import Events
import Foundation
import Runtime
import Torch

/// Predicts high-level variables of an event from its vector.
///
/// They can be computed from what the model reads, so they need no label; what it takes to compute
/// them is what few labels cannot teach. A variable is shifted by its mean and scaled by its
/// deviation after asinh of itself in units of its median magnitude, which keeps tails near. The loss
/// is the mean squared error over all variables that an event has. Of automatic variables those that
/// few events have count less, each by the share of events that have it: nobody chose them.
public final class VariablePrediction: PretrainingObjective {
  /// What can be set in a configuration.
  public struct Settings: ObjectiveSettings {
    /// The name in configurations.
    static let name = "variables"
    /// Factor of the loss in the sum of objectives.
    public var weight = 3.0
    /// The expressions by name; where there are none, a study takes those of its section `variables`
    /// that the events have the objects for, and without any, automatic ones.
    public var expressions: [String: String] = [:]

    /// Makes the defaults.
    public init() {}

    /// Reads the settings; what is not given keeps its default.
    public init(_ node: ConfigurationNode) throws {
      weight = try node.double("weight", default: weight, in: 0...1000)
      guard node.contains("expressions") else { return }
      for (name, value) in try node.entries("expressions") {
        expressions[name] = try value.asString()
      }
    }
  }

  /// The name in configurations.
  public var name: String { Settings.name }
  /// The factor of the loss.
  public var weight: Double { settings.weight }
  private let settings: Settings
  private let variables: EventVariables
  private let scales: [Scale]
  private let head: PredictionHead

  /// How a variable becomes a target.
  struct Scale: Sendable {
    /// The median magnitude.
    var unit: Float = 1
    var moments = InputNormalization.Moments()
    /// What its squared error counts.
    var weight: Float = 1

    func target(_ value: Float) -> Float { moments.standardized(asinh(value / unit)) }
  }

  /// Makes the objective with a random head.
  ///
  /// - Parameters:
  ///   - settings: The settings.
  ///   - variables: What is predicted.
  ///   - countsByShare: Whether a variable counts by the share of events that have it; else all alike.
  ///   - source: The events.
  ///   - trainingEvents: Those that may be looked at for scales; at most 20,000 are.
  ///   - width: The width of the backbone, `D`.
  ///   - generator: Where the first weights come from.
  /// - Throws: What the source throws for damaged events; `ExpressionError`.
  init(
    settings: Settings, variables: EventVariables, countsByShare: Bool, source: any EventSource,
    trainingEvents: [Int], width: Int, generator: inout some RandomNumberGenerator
  ) throws {
    self.settings = settings
    self.variables = variables
    var columns = variables.names.map { _ in [Float]() }
    try source.forEachBatch(of: trainingEvents, sampling: 20_000) { batch in
      for (place, value) in try variables.values(of: batch).enumerated() where !value.isNaN {
        columns[place % columns.count].append(value)
      }
    }
    let most = columns.map(\.count).max() ?? 0
    scales = columns.map { values in
      var scale = Self.scale(of: values)
      if countsByShare, most > 0 { scale.weight = Float(values.count) / Float(most) }
      return scale
    }
    head = PredictionHead(
      width: width, hiddenWidth: 2 * width, outputs: variables.names.count, generator: &generator)
  }

  private static func scale(of values: [Float]) -> Scale {
    guard !values.isEmpty else { return Scale() }
    var scale = Scale()
    let median = values.map(abs).sorted()[values.count / 2]
    if median > 0 { scale.unit = median }
    scale.moments = .init(of: values.map { asinh($0 / scale.unit) })
    return scale
  }

  /// The two layers of the head.
  public var children: [(name: String, module: any Module)] { head.children }

  /// Returns the mean squared error of what events have.
  ///
  /// - Throws: `ExpressionError`; see `EventVariables.values(of:)`.
  public func loss(
    batch: EventBatch, backbone: EventTransformer, context: ObjectiveContext
  ) throws -> Tensor {
    let values = try variables.values(of: batch)
    let vectors = backbone.eventVectors(backbone.input(batch), dropout: context.dropout)
    let weights = values.enumerated().map { place, value in
      value.isNaN ? 0 : scales[place % scales.count].weight
    }
    let total = weights.reduce(0.0) { $0 + Double($1) }
    // The mean of nothing would be NaN; it teaches nothing.
    guard total > 0 else { return (vectors * 0).sum() }
    let device = vectors.device
    let shape = [batch.eventCount, scales.count]
    let targets = values.enumerated().map { place, value in
      value.isNaN ? 0 : scales[place % scales.count].target(value)
    }
    let difference =
      head(vectors).to(dtype: .float32) - Tensor(targets, shape: shape, device: device)
    return (difference.square() * Tensor(weights, shape: shape, device: device)).sum() / total
  }
}

extension VariablePrediction.Settings {
  func objective(
    _ parts: ObjectiveParts, generator: inout CounterBasedGenerator
  ) throws -> any PretrainingObjective {
    let schema = parts.layout.schema
    let entries = expressions.sorted { $0.key < $1.key }
    let variables =
      entries.isEmpty
      ? EventVariables(automaticFor: schema)
      : EventVariables(
        names: entries.map(\.key),
        expressions: try entries.map { try EventExpression($0.value, schema: schema) })
    return try VariablePrediction(
      settings: self, variables: variables, countsByShare: entries.isEmpty, source: parts.source,
      trainingEvents: parts.trainingEvents, width: parts.model.width, generator: &generator)
  }
}
