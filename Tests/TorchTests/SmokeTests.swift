// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

@Suite struct SmokeTests {
  @Test func `a sum has the gradient one`() {
    let x = Tensor([1, 2, 3] as [Float])
    x.requiresGradient = true
    (x * x + 2 * x - 1).sum().backward()
    #expect(x.gradient?.floats() == [4, 6, 8])
  }
}
