// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

@Suite struct OperationTests {
  @Test func `every stored case has its operation and the other way round`() {
    #expect(Reference.cases.count > 100)
    #expect(Set(Reference.cases.map(\.name)) == Set(OperationTable.all.keys))
  }

  @Test(arguments: Reference.cases)
  func `an operation and its gradients agree with PyTorch`(_ reference: Reference.Case) throws {
    let operation = try #require(OperationTable.all[reference.name])
    let inputs = reference.inputs.map { $0.tensor() }
    for (input, gradient) in zip(inputs, reference.gradients) where gradient != nil {
      input.requiresGradient = true
    }
    let outputs = operation(inputs)
    try #require(outputs.count == reference.outputs.count)
    for (output, expected) in zip(outputs, reference.outputs) {
      expectEqual(output, expected, "an output of \(reference.name)")
      guard output.requiresGradient else { continue }
      let upstream = (0..<output.elementCount).map { Double($0 % 5) * 0.5 - 0.75 }
      output.backward(
        gradient: Tensor(upstream, shape: output.shape).to(dtype: output.dtype))
    }
    for (input, gradient) in zip(inputs, reference.gradients) {
      guard let gradient else { continue }
      expectEqual(try #require(input.gradient), gradient, "a gradient of \(reference.name)")
    }
  }

  @Test func `not-a-number and infinity are recognized`() {
    let x = Tensor([.nan, .infinity, -.infinity, 1] as [Float])
    #expect(x.isNaN().bools() == [true, false, false, false])
    #expect(x.isFinite().bools() == [false, false, false, true])
  }

  @Test func `a scalar keeps integers exact beyond the precision of float32`() {
    let large = 1 << 40 + 1
    let x = Tensor([large, large + 1])
    #expect((x .== large).bools() == [true, false])
    #expect((x - large).int64s() == [0, 1])
  }
}
