// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

@Suite struct OptimizerTests {
  /// The network of the stored training: two linear maps with a GELU between them.
  final class Network: Module {
    let first: Linear
    let second: Linear

    init(_ initial: [Reference.Values]) {
      let parameters = initial.map { Parameter($0.tensor()) }
      first = Linear(weight: parameters[0], bias: parameters[1])
      second = Linear(weight: parameters[2], bias: parameters[3])
    }

    var children: [(name: String, module: any Module)] {
      [("first", first), ("second", second)]
    }

    func loss(_ inputs: Tensor, _ targets: Tensor) -> Tensor {
      Tensor.crossEntropy(logits: second(first(inputs).gelu()), targets: targets)
    }

    func optimizer() -> AdamW {
      let all = namedParameters()
      return AdamW(
        groups: [
          AdamW.Group(
            parameters: all.filter { $0.name.hasSuffix("weight") }, weightDecay: 0.1),
          AdamW.Group(
            parameters: all.filter { $0.name.hasSuffix("bias") }, learningRateScale: 0.5,
            weightDecay: 0),
        ], beta1: 0.9, beta2: 0.98, epsilon: 1e-7)
    }
  }

  private let reference: Reference.Training

  init() throws { reference = try Reference.load().training }

  private func train(_ network: Network, _ optimizer: AdamW, steps: Int) -> [Double] {
    (0..<steps).map { _ in
      optimizer.zeroGradients()
      let loss = network.loss(reference.inputs.tensor(), reference.targets.tensor())
      loss.backward()
      clipGradientNorm(optimizer.parameters, maximum: 1)
      optimizer.step(learningRate: 0.05)
      return loss.item()
    }
  }

  @Test func `the gradients of the first step agree with PyTorch`() throws {
    let network = Network(reference.initial)
    network.loss(reference.inputs.tensor(), reference.targets.tensor()).backward()
    for (parameter, expected) in zip(network.parameters(), reference.gradients) {
      expectEqual(try #require(parameter.value.gradient), expected, "a gradient")
    }
  }

  @Test func `ten steps agree with PyTorch`() {
    let network = Network(reference.initial)
    let losses = train(network, network.optimizer(), steps: 10)
    for (loss, expected) in zip(losses, reference.losses) {
      #expect(abs(loss - expected) < 1e-5 * expected)
    }
    for (parameter, expected) in zip(network.parameters(), reference.final) {
      // Ten steps of float32 arithmetic.
      expectEqual(parameter.value, expected, relative: 1e-4, "a parameter")
    }
  }

  @Test func `a training resumed from its state goes on to the last bit`() throws {
    let whole = Network(reference.initial)
    let expected = train(whole, whole.optimizer(), steps: 10)

    let first = Network(reference.initial)
    let firstOptimizer = first.optimizer()
    _ = train(first, firstOptimizer, steps: 4)
    let second = Network(reference.initial)
    let secondOptimizer = second.optimizer()
    try second.load(first.stateDictionary())
    try secondOptimizer.load(firstOptimizer.stateDictionary())
    #expect(train(second, secondOptimizer, steps: 6) == Array(expected[4...]))
    #expect(
      second.stateDictionary().map { $0.tensor.floats() }
        == whole.stateDictionary().map { $0.tensor.floats() })
  }

  @Test func `the state has the step and the moments of every parameter`() {
    let parameter = Parameter(Tensor([1, 2] as [Float]))
    let optimizer = AdamW([("a", parameter)])
    #expect(
      optimizer.stateDictionary().map(\.name) == ["a.step", "a.first_moment", "a.second_moment"])
    parameter.value.gradient = Tensor([1, 1] as [Float])
    optimizer.step(learningRate: 0.1)
    #expect(optimizer.stateDictionary()[0].tensor.item() == 1)
  }

  @Test func `a state that does not fit is refused`() throws {
    let optimizer = AdamW([("a", Parameter(Tensor([1, 2] as [Float])))])
    let remedy =
      "Resume with the model and the training configuration that the state was saved with."
    var state = optimizer.stateDictionary()
    state[1].tensor = Tensor.zeros([3])
    var error = try #require(throws: TorchError.self) { try optimizer.load(state) }
    #expect(error.code == .stateMismatch)
    #expect(
      error.description
        == "cannot load the state of AdamW: a.first_moment is [3] float32 instead of [2] "
        + "float32. \(remedy)")
    error = try #require(throws: TorchError.self) { try optimizer.load(Array(state[2...])) }
    #expect(error.message == "cannot load the state of AdamW: a.step is missing")
    error = try #require(throws: TorchError.self) {
      try optimizer.load([("b.step", Tensor(0))])
    }
    #expect(error.message == "cannot load the state of AdamW: b.step belongs to no parameter")
    error = try #require(throws: TorchError.self) { try optimizer.load([state[0], state[0]]) }
    #expect(error.message == "cannot load the state of AdamW: a name is given twice")
  }

  @Test func `a parameter without a gradient, or not trainable, is left alone`() {
    let parameters = (0..<3).map { _ in Parameter(Tensor([1] as [Float])) }
    let optimizer = AdamW([("a", parameters[0]), ("b", parameters[1]), ("c", parameters[2])])
    parameters[2].isTrainable = false
    for parameter in [parameters[0], parameters[2]] {
      parameter.value.gradient = Tensor([1] as [Float])
    }
    optimizer.step(learningRate: 0.1)
    #expect(parameters[0].value.item() < 1)
    #expect(parameters[1].value.item() == 1)
    #expect(parameters[2].value.item() == 1)
    let steps = optimizer.stateDictionary().filter { $0.name.hasSuffix("step") }
    #expect(steps.map { $0.tensor.item() } == [1, 0, 0])
    optimizer.zeroGradients()
    #expect(parameters.allSatisfy { $0.value.gradient == nil })
  }

  @Test func `parameters of several types are updated together`() {
    let single = Parameter(Tensor([1] as [Float]))
    let double = Parameter(Tensor([1] as [Double]))
    let optimizer = AdamW([("single", single), ("double", double)], weightDecay: 0)
    single.value.gradient = Tensor([2] as [Float])
    double.value.gradient = Tensor([2] as [Double])
    optimizer.step(learningRate: 0.1)
    // The first step of Adam moves by the learning rate, whatever the gradient.
    #expect(abs(single.value.item() - 0.9) < 1e-6)
    #expect(abs(double.value.item() - 0.9) < 1e-6)
  }

  @Test func `clipping agrees with PyTorch`() throws {
    let reference = try Reference.load().clipping
    let parameters = reference.values.map { Parameter($0.tensor()) }
    for (parameter, gradient) in zip(parameters, reference.gradients) {
      parameter.value.gradient = gradient.tensor()
    }
    let unused = Parameter(Tensor.zeros([3]))
    let norm = clipGradientNorm(parameters + [unused], maximum: reference.maximum)
    #expect(abs(norm - reference.norm) < 1e-6 * reference.norm)
    for (parameter, expected) in zip(parameters, reference.clipped) {
      expectEqual(try #require(parameter.value.gradient), expected, "a clipped gradient")
    }
  }

  @Test func `small gradients are not clipped, missing ones have no norm, NaN shows`() {
    let parameter = Parameter(Tensor([1, 1] as [Float]))
    #expect(clipGradientNorm([parameter], maximum: 1) == 0)
    #expect(clipGradientNorm([], maximum: 1) == 0)
    parameter.value.gradient = Tensor([0.3, 0.4] as [Float])
    #expect(abs(clipGradientNorm([parameter], maximum: 1) - 0.5) < 1e-6)
    #expect(parameter.value.gradient?.floats() == [0.3, 0.4])
    parameter.value.gradient = Tensor([.nan, 1] as [Float])
    #expect(clipGradientNorm([parameter], maximum: 1).isNaN)
    parameter.value.gradient = Tensor([.infinity, 1] as [Float])
    #expect(clipGradientNorm([parameter], maximum: 1) == .infinity)
  }

  @Test func `clipping on the device gives the same norm and gradients`() throws {
    for maximum in [0.1, 100] {
      let gradient = Tensor([0.3, -0.7, 1.1] as [Float])
      let parameters = (0..<4).map { _ in Parameter(Tensor.zeros([3])) }
      for parameter in parameters.dropLast() { parameter.value.gradient = gradient.cloned() }
      let norm = clipGradientNorm(Array(parameters[..<1]), maximum: maximum)
      let other = clipGradientNormOnDevice([parameters[1], parameters[3]], maximum: maximum)
      #expect(other.dtype == .float64 && other.item() == norm)
      #expect(parameters[1].value.gradient?.floats() == parameters[0].value.gradient?.floats())
      parameters[2].value.gradient = Tensor([.infinity, 0, 0] as [Float])
      #expect(clipGradientNormOnDevice([parameters[2]], maximum: maximum).item() == .infinity)
    }
    #expect(clipGradientNormOnDevice([], maximum: 1).item() == 0)
  }

  @Test func `a step that is skipped leaves parameters and state as they are`() {
    let parameters = (0..<2).map { _ in Parameter(Tensor([1, 2] as [Float])) }
    let optimizers = parameters.map { AdamW([("a", $0)]) }
    func state(_ index: Int) -> [[Float]] {
      [parameters[index].value.floats()]
        + optimizers[index].stateDictionary().map { $0.tensor.floats() }
    }
    func step(_ gradient: [Float], skipping: Float?) {
      parameters[1].value.gradient = Tensor(gradient)
      optimizers[1].step(
        learningRate: 0.1, skipping: skipping.map { Tensor([$0]).reshaped([]) })
    }
    parameters[0].value.gradient = Tensor([3, -1] as [Float])
    optimizers[0].step(learningRate: 0.1)
    let initial = state(1)
    step([.nan, 1], skipping: 1)
    #expect(state(1) == initial)
    step([3, -1], skipping: 0)
    #expect(state(1) == state(0))
    let before = state(1)
    step([.infinity, 1], skipping: 1)
    #expect(state(1) == before)
  }

  @Test func `values on their way are those of the moment they were asked for`() {
    let tensor = Tensor([1, 2.5] as [Float])
    let pending = PendingValues(of: tensor)
    tensor.copy(from: Tensor.zeros([2]))
    #expect(pending.values() == [1, 2.5] && pending.values() == [1, 2.5])
    let double = Tensor([4.0])
    let kept = PendingValues(of: double)
    double.copy(from: Tensor.zeros([1], dtype: .float64))
    #expect(kept.values() == [4])
  }

  @Test func `mistakes in the groups end the program`() async {
    await #expect(processExitsWith: .failure) {
      let parameter = Parameter(Tensor.zeros([1]))
      _ = AdamW([("a", parameter), ("b", parameter)])
    }
    await #expect(processExitsWith: .failure) {
      _ = AdamW([("a", Parameter(Tensor.zeros([1]))), ("a", Parameter(Tensor.zeros([1])))])
    }
    await #expect(processExitsWith: .failure) { _ = AdamW([], beta1: 1) }
    await #expect(processExitsWith: .failure) {
      let parameter = Parameter(Tensor.zeros([1]))
      let optimizer = AdamW([("a", parameter)])
      parameter.move(to: .cpu)
      optimizer.step(learningRate: 0.1)
    }
  }
}
