// SPDX-License-Identifier: Apache-2.0

import Runtime
import Testing
import Torch

/// A small network with every kind of layer and a list of parts.
final class SmallNetwork: Module {
  let embedding: Embedding
  let blocks: [Linear]
  let norm: LayerNorm
  let token: Parameter

  init(width: Int = 4, seed: UInt64 = 1) {
    var generator = CounterBasedGenerator(seed: seed, purpose: .initialization)
    embedding = Embedding(count: 3, width: width, generator: &generator)
    blocks = (0..<2).map { _ in
      Linear(inputWidth: width, outputWidth: width, generator: &generator)
    }
    norm = LayerNorm(width: width)
    token = Parameter(Tensor.zeros([width]))
  }

  var ownParameters: [(name: String, parameter: Parameter)] { [("token", token)] }
  var children: [(name: String, module: any Module)] {
    [("embedding", embedding)]
      + blocks.enumerated().map { ("block\($0.offset)", $0.element) } + [("norm", norm)]
  }

  func callAsFunction(_ indices: Tensor) -> Tensor {
    norm(blocks.reduce(embedding(indices)) { $1($0).gelu() }) + token.value
  }
}

@Suite struct ModuleTests {
  private let names = [
    "token", "embedding.weight", "block0.weight", "block0.bias", "block1.weight", "block1.bias",
    "norm.weight", "norm.bias",
  ]

  @Test func `parameters have the names of the path to them, in order`() {
    let network = SmallNetwork()
    #expect(network.namedParameters().map(\.name) == names)
    #expect(network.stateDictionary().map(\.name) == names)
    #expect(network.parameterCount == 4 + 12 + 2 * 20 + 8)
  }

  @Test func `a network that loads the state of another computes the same`() throws {
    let first = SmallNetwork(seed: 1)
    let second = SmallNetwork(seed: 2)
    let indices = Tensor([0, 2, 1])
    #expect(first(indices).floats() != second(indices).floats())
    let loaded = try second.load(first.stateDictionary())
    #expect(loaded == names)
    #expect(first(indices).floats() == second(indices).floats())
    #expect(second.parameters().allSatisfy { $0.value.requiresGradient })
  }

  @Test func `the first values depend on the seed alone`() {
    #expect(
      SmallNetwork(seed: 5).stateDictionary().map { $0.tensor.floats() }
        == SmallNetwork(seed: 5).stateDictionary().map { $0.tensor.floats() })
  }

  @Test func `a state that does not fit is refused as a whole, with everything that is wrong`()
    throws
  {
    let network = SmallNetwork()
    let before = network.stateDictionary().map { $0.tensor.floats() }
    var state = network.stateDictionary().map { (name: $0.name, tensor: $0.tensor.cloned() + 1) }
    state[3].name = "block0.bais"
    state[0].tensor = Tensor.zeros([5])
    let error = try #require(throws: TorchError.self) { try network.load(state) }
    #expect(error.code == .stateMismatch)
    #expect(
      error.description
        == "cannot load the state of SmallNetwork: missing block0.bias (near block0.bias is "
        + "block0.bais); unexpected block0.bais; token has the shape [5] instead of [4]. Build "
        + "the model with the configuration that the state was saved with.")
    #expect(network.stateDictionary().map { $0.tensor.floats() } == before)
  }

  @Test func `a name that is given twice is refused`() throws {
    let network = SmallNetwork()
    let state = network.stateDictionary()
    let error = try #require(throws: TorchError.self) { try network.load(state + [state[0]]) }
    #expect(error.message == "cannot load the state of SmallNetwork: token is given twice")
  }

  @Test func `a long list of missing names is cut`() throws {
    let error = try #require(throws: TorchError.self) { try SmallNetwork().load([]) }
    #expect(
      error.message == "cannot load the state of SmallNetwork: missing token, embedding.weight, "
        + "block0.weight, block0.bias, block1.weight, and 3 more")
  }

  @Test func `what is missing or too much is left aside where that is asked for`() throws {
    let network = SmallNetwork()
    let loaded = try network.load(
      [("token", Tensor([1, 2, 3, 4])), ("head.weight", Tensor.zeros([2]))], strict: false)
    #expect(loaded == ["token"])
    #expect(network.token.value.floats() == [1, 2, 3, 4])
  }

  @Test func `a parameter that is not trainable gets no gradient`() {
    let network = SmallNetwork()
    network.embedding.setTrainable(false)
    network(Tensor([0, 1])).sum().backward()
    #expect(network.embedding.weight.value.gradient == nil)
    #expect(network.token.value.gradient?.floats() == [2, 2, 2, 2])
    network.setTrainable(true)
    #expect(network.embedding.weight.value.requiresGradient)
  }

  @Test func `a linear map starts within its bound and a layer norm as the identity`() {
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    let linear = Linear(inputWidth: 16, outputWidth: 500, generator: &generator)
    let weight = linear.weight.value
    #expect(weight.abs().max().item() <= 0.25)
    // The variance of a uniform distribution on ±b is b^2 / 3; 3 % is six standard errors.
    #expect(abs(weight.variance().item() - 0.0625 / 3) < 0.03 * 0.0625 / 3)
    #expect(
      Linear(inputWidth: 2, outputWidth: 1, hasBias: false, generator: &generator).bias == nil)
    let x = Tensor([1, -1] as [Float], shape: [1, 2])
    #expect(LayerNorm(width: 2, epsilon: 0)(x).floats() == [1, -1])
  }

  @Test func `an embedding starts with the normal distribution`() {
    var generator = CounterBasedGenerator(seed: 1, purpose: .initialization)
    let weight = Embedding(
      count: 501, width: 41, standardDeviation: 0.5, generator: &generator
    ).weight.value
    // Five standard errors of 20541 numbers.
    #expect(abs(weight.mean().item()) < 0.018)
    #expect(abs(weight.variance().item() - 0.25) < 0.0125)
  }

  @Test func `dropout acts in training only`() {
    let dropout = Dropout(probability: 0.5)
    let x = Tensor.ones([64])
    #expect(dropout(x, mode: .evaluation).floats() == x.floats())
    #expect(Set(dropout(x, mode: .training(Generator(seed: 1))).floats()) == [0, 2])
    #expect(GELU()(Tensor([0] as [Float])).floats() == [0])
  }

  @Test func `two parameters of one name end the program`() async {
    await #expect(processExitsWith: .failure) {
      final class Twins: Module {
        let parameter = Parameter(Tensor.zeros([1]))
        var ownParameters: [(name: String, parameter: Parameter)] {
          [("a", parameter), ("a", parameter)]
        }
      }
      _ = Twins().namedParameters()
    }
    await #expect(processExitsWith: .failure) {
      final class Dotted: Module {
        var ownParameters: [(name: String, parameter: Parameter)] {
          [("a.b", Parameter(Tensor.zeros([1])))]
        }
      }
      _ = Dotted().namedParameters()
    }
  }

  @Test func `a parameter of integers ends the program`() async {
    await #expect(processExitsWith: .failure) { _ = Parameter(Tensor([1, 2])) }
  }

  @Test(.enabled(if: Device.isCUDAAvailable))
  func `a network moves to a GPU and stays trainable`() {
    let network = SmallNetwork()
    let expected = network(Tensor([0, 1])).floats()
    network.move(to: .cuda())
    let found = network(Tensor([0, 1], device: .cuda())).floats()
    #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(network.parameters().allSatisfy { $0.value.requiresGradient })
  }
}
