// SPDX-License-Identifier: Apache-2.0

import CTorch

/// Adam with decoupled weight decay.
///
///     let optimizer = AdamW(model.namedParameters(), weightDecay: 0.01)
///     loss.backward()
///     clipGradientNorm(optimizer.parameters, maximum: 1)
///     optimizer.step(learningRate: 1e-3 * schedule.factor(step: step))
///     optimizer.zeroGradients()
///
/// With gradient g, learning rate a, decay w and t steps taken, a parameter p moves by
///
///     p <- p (1 - a w)
///     m <- beta1 m + (1 - beta1) g        v <- beta2 v + (1 - beta2) g^2
///     p <- p - a (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// A parameter without a gradient, or one that is not trainable, is left alone, and its t does not
/// count. The numbers are those of PyTorch's fused implementation.
///
/// Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", arXiv:1711.05101,
/// algorithm 2.
public final class AdamW {
  /// Parameters that share their settings.
  public struct Group {
    /// The parameters with the names under which their state is stored.
    public var parameters: [(name: String, parameter: Parameter)]
    /// The factor on the learning rate, at least 0.
    public var learningRateScale: Double
    /// The decay w, at least 0.
    public var weightDecay: Double

    /// Makes a group.
    ///
    /// - Parameters:
    ///   - parameters: As from ``Module/namedParameters()``.
    ///   - learningRateScale: The factor on the learning rate.
    ///   - weightDecay: The decay w.
    public init(
      parameters: [(name: String, parameter: Parameter)], learningRateScale: Double = 1,
      weightDecay: Double = 0.01
    ) {
      precondition(
        learningRateScale >= 0, "The learning rate's scale \(learningRateScale) is negative.")
      precondition(weightDecay >= 0, "The weight decay \(weightDecay) is negative.")
      self.parameters = parameters
      self.learningRateScale = learningRateScale
      self.weightDecay = weightDecay
    }
  }

  /// A parameter and what the optimizer remembers about it.
  struct Slot {
    let name: String
    let parameter: Parameter
    let value: Tensor
    let firstMoment: Tensor
    let secondMoment: Tensor
    /// The number of steps, a `float32` scalar on the parameter's device, as the kernels want it.
    let step: Tensor
  }

  let groups: [(settings: Group, slots: [Slot])]
  private let beta1: Double
  private let beta2: Double
  private let epsilon: Double

  /// Makes an optimizer; the parameters are on their devices already.
  ///
  /// - Parameters:
  ///   - groups: The parameters; no parameter and no name occurs twice.
  ///   - beta1: How much of the mean gradient stays at a step, in [0, 1).
  ///   - beta2: How much of the mean squared gradient stays at a step, in [0, 1).
  ///   - epsilon: Added to the divisor.
  public init(
    groups: [Group], beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8
  ) {
    precondition((0..<1).contains(beta1), "beta1 = \(beta1) is not in [0, 1).")
    precondition((0..<1).contains(beta2), "beta2 = \(beta2) is not in [0, 1).")
    precondition(epsilon >= 0, "epsilon = \(epsilon) is negative.")
    var names: Set<String> = []
    var identities: Set<ObjectIdentifier> = []
    self.groups = groups.map { group in
      let slots = group.parameters.map { name, parameter in
        precondition(names.insert(name).inserted, "Two parameters have the name \(name).")
        precondition(
          identities.insert(ObjectIdentifier(parameter)).inserted,
          "The parameter \(name) is given twice.")
        return Slot(name: name, parameter: parameter)
      }
      return (group, slots)
    }
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// Makes an optimizer whose parameters share all settings.
  public convenience init(
    _ parameters: [(name: String, parameter: Parameter)], weightDecay: Double = 0.01,
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8
  ) {
    self.init(
      groups: [Group(parameters: parameters, weightDecay: weightDecay)], beta1: beta1,
      beta2: beta2, epsilon: epsilon)
  }

  /// All parameters, in the order of the groups.
  public var parameters: [Parameter] { groups.flatMap { $0.slots.map(\.parameter) } }

  /// Moves every parameter that has a gradient, in place.
  ///
  /// - Parameters:
  ///   - learningRate: The learning rate a of this step, before the groups' scales.
  ///   - skipping: A `float32` scalar on the parameters' device; where it is 1, and not 0, everything
  ///     stays as it is, the numbers of steps too. The device decides, and the host need not wait.
  public func step(learningRate: Double, skipping: Tensor? = nil) {
    for (settings, slots) in groups {
      let active = slots.filter { slot in
        precondition(
          slot.parameter.value === slot.value,
          "The parameter \(slot.name) was moved after the optimizer was made.")
        return slot.parameter.isTrainable && slot.value.gradient != nil
      }
      // The fused kernel takes the type and the device of its first parameter for all.
      let batches = Dictionary(grouping: active) { Placement($0.value) }
      for batch in batches.values {
        advance(
          batch, learningRate: learningRate * settings.learningRateScale,
          weightDecay: settings.weightDecay, skipping: skipping)
      }
    }
  }

  /// Forgets all gradients.
  public func zeroGradients() {
    for parameter in parameters { parameter.value.gradient = nil }
  }

  private func advance(
    _ slots: [Slot], learningRate: Double, weightDecay: Double, skipping: Tensor?
  ) {
    Tensor.execute("an AdamW step", slots.map(\.value) + (skipping.map { [$0] } ?? [])) {
      Tensor.withHandles(of: slots.map(\.value)) { values, count in
        Tensor.withHandles(of: slots.map(\.firstMoment)) { firstMoments, _ in
          Tensor.withHandles(of: slots.map(\.secondMoment)) { secondMoments, _ in
            Tensor.withHandles(of: slots.map(\.step)) { steps, _ in
              guard let values, let firstMoments, let secondMoments, let steps else {
                return CTORCH_OK
              }
              return ctorch_adamw_step(
                count, values, firstMoments, secondMoments, steps, learningRate, beta1, beta2,
                weightDecay, epsilon, skipping?.handle)
            }
          }
        }
      }
    }
  }
}

extension AdamW.Slot {
  /// Makes the state before the first step.
  init(name: String, parameter: Parameter) {
    let value = parameter.value
    self.init(
      name: name, parameter: parameter, value: value,
      firstMoment: .zeros(value.shape, dtype: value.dtype, device: value.device),
      secondMoment: .zeros(value.shape, dtype: value.dtype, device: value.device),
      step: .zeros([], device: value.device))
  }
}

/// What parameters must share to be updated in one call.
private struct Placement: Hashable {
  let dtype: DType
  let device: Device

  init(_ tensor: Tensor) {
    dtype = tensor.dtype
    device = tensor.device
  }
}
