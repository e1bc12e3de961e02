// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing
import Torch

/// Products of matrices in bfloat16, here on the CPU.
@Suite struct PrecisionTests {
  private struct Failure: Error {}

  /// A `bfloat16` has 8 bits: rounding errs by 2^-9, an operand and the result together by less
  /// than 2^-7 where terms do not cancel.
  private let tolerance: Float = 0x1p-7

  private let inputs = Tensor((0..<64).map { 0.5 + sin(Float($0)) / 4 }, shape: [4, 16])
  private let weight = Tensor((0..<128).map { 0.5 + cos(Float($0)) / 4 }, shape: [8, 16])

  @Test func `a linear map is computed in the precision asked for`() {
    let exact = Tensor.linear(inputs, weight: weight)
    let rounded = Precision.bfloat16.using(on: .cpu) { Tensor.linear(inputs, weight: weight) }
    #expect(exact.dtype == .float32 && rounded.dtype == .bfloat16)
    #expect(worstDifference(rounded.floats(), exact.floats(), relative: tolerance) == nil)
    #expect(rounded.floats() != exact.floats())
  }

  @Test func `the precision belongs to a closure, a thread and a device`() throws {
    #expect(Precision.current(on: .cpu) == .float32)
    Precision.bfloat16.using(on: .cpu) {
      #expect(Precision.current(on: .cpu) == .bfloat16)
      #expect(Precision.current(on: .cuda()) == .float32)
      Precision.float32.using(on: .cpu) {
        #expect(Tensor.linear(inputs, weight: weight).dtype == .float32)
      }
      #expect(Precision.current(on: .cpu) == .bfloat16)
      let other = Mutex(Precision.bfloat16)
      let done = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        other.withLock { $0 = Precision.current(on: .cpu) }
        done.signal()
      }
      done.wait()
      #expect(other.withLock { $0 } == .float32)
    }
    #expect(throws: Failure.self) {
      try Precision.bfloat16.using(on: .cpu) { throw Failure() }
    }
    #expect(Precision.current(on: .cpu) == .float32)
  }

  @Test func `norms, losses and gradients are float32`() throws {
    let parameter = Parameter(weight)
    let targets = Tensor([0, 3, 5, 7])
    func loss() -> Tensor {
      let normalized = inputs.layerNorm(width: 16)
      #expect(normalized.dtype == .float32)
      let logits = Tensor.linear(normalized, weight: parameter.value)
      return Tensor.crossEntropy(logits: logits, targets: targets)
    }
    let exact = loss()
    let exactGradient = try #require(exact.gradients(of: [parameter.value])[0])
    let rounded = Precision.bfloat16.using(on: .cpu) { loss() }
    #expect(rounded.dtype == .float32)
    #expect(isClose(rounded.item(), exact.item(), relative: Double(tolerance)))
    let gradient = try #require(rounded.gradients(of: [parameter.value])[0])
    #expect(gradient.dtype == .float32)
    let largest = exactGradient.abs().max().item()
    #expect(
      worstDifference(
        gradient.floats(), exactGradient.floats(), absolute: 2 * tolerance * Float(largest)) == nil)
  }

  @Test func `what was computed without a graph is not used again`() {
    let parameter = Parameter(weight)
    let gradient = Precision.bfloat16.using(on: .cpu) {
      _ = withoutGradients { Tensor.linear(inputs, weight: parameter.value) }
      return Tensor.linear(inputs, weight: parameter.value).to(dtype: .float32).sum()
    }.gradients(of: [parameter.value])[0]
    #expect(gradient != nil)
  }

  @Test func `half precision is dropped and summed up in float32`() {
    let halves = Tensor.ones([1000], dtype: .bfloat16)
    let dropped = halves.dropout(probability: 0.1, generator: Generator(seed: 1))
    #expect(dropped.dtype == .float32)
    #expect(Set(dropped.floats()) == [0, 1 / (1 - 0.1)])
    let logits = Tensor.ones([1, 300], dtype: .bfloat16)
    let loss = Tensor.crossEntropy(logits: logits, targets: Tensor([0]))
    #expect(isClose(loss.item(), log(300), relative: 1e-6))
    #expect(
      Tensor.ones([2], dtype: .float64).dropout(
        probability: 0.5, generator: Generator(seed: 1)
      ).dtype == .float64)
  }

  @Test func `a file without a precision means float32`() throws {
    struct Settings: Codable, Equatable { var precision = Precision.bfloat16 }
    let decoder = JSONDecoder()
    #expect(try decoder.decode(Settings.self, from: Data("{}".utf8)).precision == .float32)
    let saved = try JSONEncoder().encode(Settings())
    #expect(try decoder.decode(Settings.self, from: saved) == Settings())
  }
}
