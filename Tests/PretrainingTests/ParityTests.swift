// SPDX-License-Identifier: Apache-2.0

import EventModel
import Pretraining
import TestSupport
import Testing
import Torch

@Suite struct ParityTests {
  let parts: ReferenceParts

  init() throws { parts = try ReferenceParts() }

  @Test func `inputs are those of the reference`() throws {
    let expected = try #require(
      ModelReference.tensors("output").first { $0.name == "inputs" }?.tensor)
    let input = parts.backbone.input(parts.batch)
    #expect(
      worstDifference(input.objectValues(), expected.floats(), relative: 1e-6, absolute: 1e-6)
        == nil)
  }

  @Test func `packed encoding equals the padded encoding of PyTorch`() throws {
    let expected = try ModelReference.tensors("output")
    let encoding = withoutGradients { parts.backbone(parts.backbone.input(parts.batch)) }
    for (name, tensor) in [("events", encoding.events), ("objects", encoding.objects)] {
      let other = try #require(expected.first { $0.name == name }?.tensor)
      #expect(ModelReference.difference(tensor, other) == nil, "\(name)")
    }
  }

  @Test(arguments: ["maskedObjects", "kinematicInvariants", "objectType"])
  func `loss and every gradient equal those of PyTorch`(name: String) throws {
    let loss = parts.loss(name)
    let expected = try #require(parts.reference.losses[name])
    #expect(isClose(loss.item(), expected, relative: Double(ModelReference.tolerance)))
    loss.backward()
    let gradients = Dictionary(
      uniqueKeysWithValues: try ModelReference.tensors("gradient.\(name)"))
    let largest = gradients.values.flatMap { $0.floats() }.map { abs($0) }.max() ?? 0
    #expect(gradients.count > 20)
    for (parameterName, parameter) in parts.parameters {
      switch (parameter.value.gradient, gradients[parameterName]) {
      case (nil, nil): continue
      case (let own?, let other?):
        // A gradient that cancels, as that of the keys' bias, is noise of the largest ones.
        #expect(
          worstDifference(
            own.floats(), other.floats(), relative: 0,
            absolute: ModelReference.tolerance * largest) == nil, "\(parameterName)")
        #expect(own.shape == other.shape)
      default: Issue.record("only one of the two has a gradient of \(parameterName)")
      }
    }
  }

  @Test func `ten steps of training equal those of PyTorch`() throws {
    let reference = parts.reference
    let optimizer = makePretrainingOptimizer(
      backbone: parts.backbone, objectives: parts.objectives, weightDecay: reference.weightDecay)
    for (step, expected) in reference.stepLosses.enumerated() {
      parts.forgetGradients()
      for (objective, expected) in zip(parts.objectives, expected) {
        let loss = parts.loss(objective.name)
        #expect(
          isClose(loss.item(), expected, relative: Double(ModelReference.tolerance)),
          "\(objective.name) is \(loss.item()), not \(expected), before step \(step + 1)")
        (loss * (try #require(reference.weights[objective.name]))).backward()
      }
      let norm = clipGradientNorm(optimizer.parameters, maximum: reference.gradientClip)
      #expect(
        isClose(norm, reference.gradientNorms[step], relative: Double(ModelReference.tolerance)))
      optimizer.step(learningRate: reference.learningRate)
      let tensors = Dictionary(
        uniqueKeysWithValues: try ModelReference.tensors("step.\(step + 1)"))
      #expect(tensors.count == parts.parameters.count)
      for (name, parameter) in parts.parameters {
        let other = try #require(tensors[name])
        var own = parameter.value.detached()
        var expected = other
        if name.hasSuffix("attention.projection.bias") {
          // The keys' bias adds the same to all scores of a query, which the softmax takes away
          // again: its gradient is rounding noise, which Adam blows up to steps of any sign.
          let width = reference.width
          own = Tensor(withoutKeys(own.floats(), width: width))
          expected = Tensor(withoutKeys(other.floats(), width: width))
        }
        #expect(
          ModelReference.difference(own, expected) == nil, "\(name) after step \(step + 1)")
      }
    }
  }

  private func withoutKeys(_ values: [Float], width: Int) -> [Float] {
    Array(values[..<width] + values[(2 * width)...])
  }
}
