// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Torch

@Suite struct FailureTests {
  // 2^50 elements; no machine has the memory.
  private static let tooLarge = [1 << 25, 1 << 25]

  @Test func `a wrong shape ends the program with the operation, the shapes and LibTorch's words`()
    async throws
  {
    let result = try #require(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([4, 5]))
      })
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(
      text.contains(
        "cannot compute matmul of [2, 3] float32 and [4, 5] float32: "
          + "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"))
  }

  @Test func `a number that does not fit an operation is named`() async throws {
    let result = try #require(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Tensor.zeros([2, 3]).narrowed(dimension: 1, start: 2, length: 5)
      })
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(
      text.contains(
        "cannot compute narrowed(dimension: 1, start: 2, length: 5) of [2, 3] float32: "))
  }

  @Test func `values that do not fill the shape end the program`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2, 3], shape: [2, 2]) }
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2], shape: [-1, -2]) }
  }

  @Test func `what LibTorch would pass over in silence ends the program`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).squeezed(0) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2]).sum(dimensions: []) }
    await #expect(processExitsWith: .failure) {
      _ = Tensor.meanSquaredError(predicted: Tensor.zeros([4]), expected: Tensor.zeros([4, 1]))
    }
    await #expect(processExitsWith: .failure) {
      Tensor.zeros([4]).copy(from: Tensor.zeros([1]))
    }
  }

  @Test func `a gradient that does not fit ends the program`() async {
    await #expect(processExitsWith: .failure) { Tensor.zeros([2]).backward() }
    await #expect(processExitsWith: .failure) {
      Tensor.zeros([2], dtype: .int64).requiresGradient = true
    }
    await #expect(processExitsWith: .failure) { Tensor.zeros([2]).gradient = Tensor.zeros([3]) }
  }

  @Test func `memory that runs out outside of a scope ends the program`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([1 << 25, 1 << 25]) }
  }

  @Test func `a scope turns memory that runs out into an error`() throws {
    let error = try #require(throws: TorchError.self) {
      try withTorchErrors { _ = Tensor.zeros(Self.tooLarge) }
    }
    #expect(error.code == .outOfMemory)
    #expect(
      error.description.hasPrefix(
        "cannot compute full([33554432, 33554432], value: 0, dtype: float32, device: cpu): "))
    #expect(error.description.contains("4503599627370496 bytes"))
    #expect(
      error.description.hasSuffix(
        "Choose a smaller batch or a smaller model, or free memory of the device."))
  }

  @Test func `nothing is computed after memory ran out, and everything after the scope`() throws {
    let parameter = Tensor([1, 2] as [Float])
    #expect(throws: TorchError.self) {
      try withTorchErrors {
        let large = Tensor.zeros(Self.tooLarge)
        #expect(large.elementCount == 0)
        #expect(large.matmul(parameter).sum().item().isNaN)
        #expect(parameter.floats() == [0, 0])
        parameter.copy(from: Tensor([5, 5] as [Float]))
        #expect(parameter.gradient == nil)
        #expect(large.split(sizes: [1, 2]).count == 2)
      }
    }
    #expect(parameter.floats() == [1, 2])
    #expect((parameter + 1).floats() == [2, 3])
  }

  @Test func `a scope passes on results and errors of its body`() throws {
    struct Failure: Error {}
    #expect(try withTorchErrors { Tensor([2] as [Float]).item() } == 2)
    #expect(throws: Failure.self) { try withTorchErrors { throw Failure() } }
    // A failure that follows from the missing memory is not the cause.
    #expect(throws: TorchError.self) {
      try withTorchErrors {
        _ = Tensor.zeros(Self.tooLarge)
        throw Failure()
      }
    }
  }

  @Test func `an inner scope reports, and the outer one goes on`() throws {
    let value = try withTorchErrors {
      #expect(throws: TorchError.self) {
        try withTorchErrors { _ = Tensor.zeros(Self.tooLarge) }
      }
      return Tensor([7] as [Float]).item()
    }
    #expect(value == 7)
  }

  @Test func `a wrong shape ends the program in a scope too`() async {
    await #expect(processExitsWith: .failure) {
      try withTorchErrors { _ = Tensor.zeros([2]) + Tensor.zeros([3]) }
    }
  }
}
