// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

@Suite struct GradientTests {
  @Test func `gradients of two backward passes add up until they are dropped`() {
    let x = Tensor([1, 2, 3] as [Float])
    x.requiresGradient = true
    #expect(x.gradient == nil)
    (x * x).sum().backward()
    (2 * x).sum().backward()
    #expect(x.gradient?.floats() == [4, 6, 8])
    x.gradient = nil
    #expect(x.gradient == nil)
    x.gradient = Tensor([1, 1, 1] as [Float])
    x.sum().backward()
    #expect(x.gradient?.floats() == [2, 2, 2])
  }

  @Test func `nothing is recorded without gradients, and recording comes back`() {
    let x = Tensor.ones([2])
    x.requiresGradient = true
    let inside = withoutGradients {
      withoutGradients { _ = x * 2 }
      return x * 2
    }
    #expect(!inside.requiresGradient)
    #expect((x * 2).requiresGradient)
    #expect(!(x * 2).detached().requiresGradient)
  }

  @Test func `recording comes back after an error`() {
    struct Failure: Error {}
    let x = Tensor.ones([2])
    x.requiresGradient = true
    #expect(throws: Failure.self) { try withoutGradients { throw Failure() } }
    #expect((x * 2).requiresGradient)
  }

  @Test func `equal elements share the gradient of a maximum over dimensions`() {
    let x = Tensor([3, 3, 1] as [Float], shape: [1, 3])
    x.requiresGradient = true
    x.max(dimensions: [1]).sum().backward()
    #expect(x.gradient?.floats() == [0.5, 0.5, 0])
  }
}
