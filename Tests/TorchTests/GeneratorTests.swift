// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

@Suite struct GeneratorTests {
  @Test func `the same seed gives the same numbers, another seed others`() {
    func numbers(seed: UInt64) -> [[Float]] {
      let generator = Generator(seed: seed)
      return [
        Tensor.normal([100], generator: generator).floats(),
        Tensor.uniform([100], in: -1..<1, generator: generator).floats(),
        Tensor.permutation(20, generator: generator).floats(),
        Tensor.ones([100]).dropout(probability: 0.5, generator: generator).floats(),
      ]
    }
    #expect(numbers(seed: 1) == numbers(seed: 1))
    #expect(zip(numbers(seed: 1), numbers(seed: 2)).allSatisfy { $0 != $1 })
  }

  @Test func `a restored state goes on with the numbers that followed`() throws {
    let generator = Generator(seed: 3)
    _ = Tensor.normal([5], generator: generator)
    let state = generator.state
    let expected = Tensor.normal([7], generator: generator).floats()
    let other = Generator(seed: 99)
    try other.restore(state)
    #expect(Tensor.normal([7], generator: other).floats() == expected)
  }

  @Test func `bytes that are no state are refused`() throws {
    let generator = Generator(seed: 3)
    let before = generator.state
    let error = try #require(throws: TorchError.self) { try generator.restore([1, 2, 3]) }
    #expect(error.code == .stateMismatch)
    #expect(error.description.hasPrefix("cannot restore a generator on cpu from 3 bytes: "))
    #expect(generator.state == before)
  }

  @Test func `numbers have the distribution that was asked for`() {
    let generator = Generator(seed: 4)
    let normal = Tensor.normal([40_000], mean: 1, standardDeviation: 2, generator: generator)
    // Five standard errors: 5 * 2 / 200, and 5 * 4 * sqrt(2) / 200 for the variance.
    #expect(abs(normal.mean().item() - 1) < 0.05)
    #expect(abs(normal.variance().item() - 4) < 0.15)
    let uniform = Tensor.uniform([40_000], in: 2..<4, generator: generator)
    #expect(uniform.min().item() >= 2)
    #expect(uniform.max().item() < 4)
    #expect(abs(uniform.mean().item() - 3) < 0.015)
    #expect(Tensor.permutation(9, generator: generator).int64s().sorted() == Array(0..<9))
  }

  @Test func `dropout keeps the mean, scales what stays and passes gradients there only`() throws {
    let generator = Generator(seed: 5)
    let x = Tensor.ones([20_000])
    x.requiresGradient = true
    let y = x.dropout(probability: 0.2, generator: generator)
    #expect(Set(y.floats()) == [0, 1.25])
    // Five standard errors: 5 * 0.5 / sqrt(20000).
    #expect(abs(y.mean().item() - 1) < 0.018)
    y.sum().backward()
    #expect(try #require(x.gradient).floats() == y.floats())
  }

  @Test func `dropout with probability 0 or 1 keeps or drops all`() {
    let generator = Generator(seed: 5)
    let x = Tensor([1, 2] as [Float])
    #expect(x.dropout(probability: 0, generator: generator).floats() == [1, 2])
    #expect(x.dropout(probability: 1, generator: generator).floats() == [0, 0])
  }

  @Test func `a probability out of range ends the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor.ones([2]).dropout(probability: 1.5, generator: Generator(seed: 1))
    }
    await #expect(processExitsWith: .failure) { _ = Dropout(probability: -0.1) }
  }

  @Test(.enabled(if: Device.isCUDAAvailable))
  func `a GPU's generator repeats and restores`() throws {
    let first = Generator(seed: 1, device: .cuda())
    let second = Generator(seed: 1, device: .cuda())
    #expect(
      Tensor.normal([9], generator: first).floats()
        == Tensor.normal([9], generator: second).floats())
    let state = first.state
    let expected = Tensor.uniform([9], generator: first).floats()
    try second.restore(state)
    #expect(Tensor.uniform([9], generator: second).floats() == expected)
  }
}
