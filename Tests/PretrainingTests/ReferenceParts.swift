// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Pretraining
import Runtime
import TestSupport
import Torch

/// The model and objectives of the PyTorch reference, with its weights.
struct ReferenceParts {
  let reference: ModelReference
  let batch: EventBatch
  let backbone: EventTransformer
  let masked: MaskedObjects
  let invariants: KinematicInvariants
  let type: ObjectTypePrediction

  init() throws {
    reference = try ModelReference.read()
    batch = reference.batch
    var normalization = InputNormalization()
    for (name, moments) in reference.moments {
      let own = InputNormalization.Moments(mean: moments.mean, deviation: moments.deviation)
      switch name {
      case "lnPt": normalization.lnPt = own
      case "eta": normalization.eta = own
      case "lnMass": normalization.lnMass = own
      case "npv": normalization.scalars[name] = own
      default: normalization.features[name] = own
      }
    }
    backbone = EventTransformer(
      configuration: ModelConfiguration(
        width: reference.width, layers: reference.layers, heads: reference.heads,
        feedForwardFactor: reference.feedForwardFactor, pairwiseBias: false),
      schema: batch.schema, normalization: normalization, seed: 1)
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    var maskedSettings = MaskedObjects.Settings()
    maskedSettings.kindWeight = reference.kindWeight
    masked = MaskedObjects(
      settings: maskedSettings, bins: QuantileBins(edges: reference.edges),
      layout: backbone.layout, width: reference.width, generator: &generator)
    invariants = KinematicInvariants(
      settings: .init(),
      moments: reference.pairMoments.map { .init(mean: $0.mean, deviation: $0.deviation) },
      schema: batch.schema, width: reference.width, generator: &generator)
    type = ObjectTypePrediction(
      settings: .init(), layout: backbone.layout, width: reference.width, generator: &generator)
    try backbone.load(ModelReference.tensors("initial.backbone"))
    for objective in objectives {
      try objective.load(ModelReference.tensors("initial.\(objective.name)"))
    }
  }

  var objectives: [any PretrainingObjective] { [masked, invariants, type] }

  /// All parameters by the names of the reference.
  var parameters: [(name: String, parameter: Parameter)] {
    backbone.namedParameters().map { ("backbone.\($0.name)", $0.parameter) }
      + objectives.flatMap { objective in
        objective.namedParameters().map { ("\(objective.name).\($0.name)", $0.parameter) }
      }
  }

  /// What masked objects hides.
  var mask: ObjectMask {
    var mask = ObjectMask(objectCount: batch.objectCount)
    mask.hidesMomentum = reference.events.flatMap { $0.objects.map(\.hidesMomentum) }
    mask.hidesKind = reference.events.flatMap { $0.objects.map(\.hidesKind) }
    return mask
  }

  /// What object types hides.
  var typeMask: ObjectMask {
    var mask = ObjectMask(objectCount: batch.objectCount)
    mask.hidesKind = reference.events.flatMap { $0.objects.map(\.hidesType) }
    return mask
  }

  /// The loss of an objective, with what the reference hides; all pairs are asked about.
  func loss(_ name: String) -> Tensor {
    switch name {
    case "maskedObjects": masked.loss(batch: batch, mask: mask, backbone: backbone)
    case "objectType": type.loss(batch: batch, mask: typeMask, backbone: backbone)
    default:
      invariants.loss(
        batch: batch, backbone: backbone, context: ObjectiveContext(seed: 1, epoch: 0))
    }
  }

  /// Forgets the gradients of all parameters.
  func forgetGradients() {
    for entry in parameters { entry.parameter.value.gradient = nil }
  }
}
