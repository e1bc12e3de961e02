// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Runtime
import Torch

/// Makes the objectives of a configuration, with random heads.
func makeObjectives(
  _ configuration: PretrainingConfiguration, store: any EventSource, indices: [Int],
  layout: InputLayout, model: ModelConfiguration
) throws -> [any PretrainingObjective] {
  var generator = CounterBasedGenerator(
    seed: configuration.seed, event: 1, purpose: .initialization)
  let parts = ObjectiveParts(
    source: store, trainingEvents: indices, layout: layout, model: model,
    configuration: configuration)
  return try configuration.objectives.used.map {
    try $0.objective(parts, generator: &generator)
  }
}

/// Groups parameters so that weight decay acts on matrices, and not on biases, norms or tokens.
///
/// - Parameters:
///   - parameters: Names and parameters.
///   - weightDecay: The decay of matrices.
///   - scale: Factor of the learning rate.
/// - Returns: Matrices and all others, those that exist.
public func decayGroups(
  _ parameters: [(name: String, parameter: Parameter)], weightDecay: Double, scale: Double
) -> [AdamW.Group] {
  let matrices = parameters.filter { $0.parameter.value.rank >= 2 }
  let others = parameters.filter { $0.parameter.value.rank < 2 }
  return [
    AdamW.Group(parameters: matrices, learningRateScale: scale, weightDecay: weightDecay),
    AdamW.Group(parameters: others, learningRateScale: scale, weightDecay: 0),
  ].filter { !$0.parameters.isEmpty }
}

/// Makes the optimizer of pre-training: AdamW with betas 0.9 and 0.98, and decay of matrices only.
///
/// The shorter memory of squares suits Transformers. Source: arXiv:1706.03762, section 5.3.
package func makePretrainingOptimizer(
  backbone: EventTransformer, objectives: [any PretrainingObjective], weightDecay: Double
) -> AdamW {
  let parameters =
    backbone.namedParameters().map { (name: "backbone.\($0.name)", parameter: $0.parameter) }
    + objectives.flatMap { objective in
      objective.namedParameters().map {
        (name: "\(objective.name).\($0.name)", parameter: $0.parameter)
      }
    }
  return AdamW(groups: decayGroups(parameters, weightDecay: weightDecay, scale: 1), beta2: 0.98)
}

/// Spells a number out; whether NaN has a sign is chance.
package func spelled(_ value: Double) -> String { value.isNaN ? "nan" : "\(value)" }

/// Describes a loss that is not a number: where it happened, and which input stands out.
func nonFiniteLoss(
  _ value: Double, of objective: String, epoch: Int, step: Int, batch: EventBatch,
  backbone: EventTransformer
) -> ModelError {
  let rows = backbone.input(batch).objectValues()
  let columns = backbone.layout.objectColumns
  var worst = (magnitude: Float(-1), object: 0, column: 0, value: Float(0))
  for object in 0..<batch.objectCount {
    for column in columns.indices {
      let entry = rows[object * columns.count + column]
      let magnitude = entry.isFinite ? abs(entry) : .infinity
      if magnitude > worst.magnitude { worst = (magnitude, object, column, entry) }
    }
  }
  let event = (0..<batch.eventCount).first { batch.range(of: $0).contains(worst.object) } ?? 0
  return ModelError(
    code: .nonFinite,
    "training stopped: \(objective) is \(spelled(value)) in epoch \(epoch), step \(step). "
      + "The input that stands out most is \(columns[worst.column]) = \(worst.value) (normalized) "
      + "of event \(batch.eventIndices[event]) of the store. "
      + "Look at that event, or lower the learning rate; the last saved state is untouched.")
}
