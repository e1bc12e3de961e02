// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

@Suite struct TensorTests {
  @Test func `the type of an array decides the type of the tensor`() {
    #expect(Tensor([1, 2] as [Float]).dtype == .float32)
    #expect(Tensor([1, 2] as [Double]).dtype == .float64)
    #expect(Tensor([1, 2]).dtype == .int64)
    #expect(Tensor([1, 2] as [Int64]).dtype == .int64)
    #expect(Tensor([1, 2] as [Int32]).dtype == .int32)
    #expect(Tensor([1, 2] as [Int16]).dtype == .int16)
    #expect(Tensor([1, 2] as [UInt8]).dtype == .uint8)
    #expect(Tensor([true, false]).dtype == .bool)
  }

  @Test(arguments: DType.allCases)
  func `zeros and ones have the type and the bytes that were asked for`(_ dtype: DType) {
    let ones = Tensor.ones([2, 3], dtype: dtype)
    #expect(ones.dtype == dtype)
    #expect(ones.bytes().count == 6 * dtype.byteCount)
    #expect(ones.doubles() == [1, 1, 1, 1, 1, 1])
    #expect(Tensor.zeros([3], dtype: dtype).doubles() == [0, 0, 0])
  }

  @Test(arguments: DType.allCases)
  func `bytes make the tensor that they came from`(_ dtype: DType) {
    let original = Tensor([0, 1, 1, 0, 1, 1], shape: [3, 2]).to(dtype: dtype)
    let copy = original.bytes().withUnsafeBytes {
      Tensor(copying: $0, dtype: dtype, shape: [3, 2])
    }
    #expect(copy.shape == [3, 2])
    #expect(copy.dtype == dtype)
    #expect(copy.doubles() == [0, 1, 1, 0, 1, 1])
  }

  @Test func `values are copied in row-major order whatever the strides`() {
    let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]).transposed(0, 1)
    #expect(x.shape == [3, 2])
    #expect(x.floats() == [1, 4, 2, 5, 3, 6])
    #expect(x.int64s() == [1, 4, 2, 5, 3, 6])
    #expect((x .> 3).bools() == [false, true, false, true, false, true])
    #expect(x.bytes() == x.contiguous().bytes())
  }

  @Test func `a scalar has no dimensions and one element`() {
    let x = Tensor(2.5)
    #expect(x.shape.isEmpty)
    #expect(x.rank == 0)
    #expect(x.elementCount == 1)
    #expect(x.item() == 2.5)
    #expect(x.description == "[] float32")
  }

  @Test func `a tensor without elements is a tensor`() {
    let x = Tensor([] as [Float], shape: [0, 4])
    #expect(x.shape == [0, 4])
    #expect(x.floats().isEmpty)
    #expect(x.bytes().isEmpty)
    #expect((x + 1).sum().item() == 0)
    #expect(x.split(sizes: []).isEmpty)
    #expect(Tensor.concatenate([x, Tensor.ones([1, 4])]).shape == [1, 4])
  }

  @Test func `full and arange hold what they say`() {
    #expect(Tensor.full([2], value: 1.5).floats() == [1.5, 1.5])
    #expect(Tensor.full([2], value: 1 << 40, dtype: .int64).int64s() == [1 << 40, 1 << 40])
    #expect(Tensor.arange(4).int64s() == [0, 1, 2, 3])
    #expect(Tensor.arange(3, dtype: .float32).floats() == [0, 1, 2])
  }

  @Test func `a size is found from both ends`() {
    let x = Tensor.zeros([2, 3, 4])
    #expect(x.size(0) == 2)
    #expect(x.size(-1) == 4)
  }

  @Test func `a copy in place converts and leaves no trace in the graph`() {
    let x = Tensor.zeros([3])
    x.requiresGradient = true
    x.copy(from: Tensor([1, 2, 3]))
    #expect(x.floats() == [1, 2, 3])
    #expect(x.requiresGradient)
    (x * 2).sum().backward()
    #expect(x.gradient?.floats() == [2, 2, 2])
  }

  @Test func `a clone has elements of its own and a detached tensor has not`() {
    let x = Tensor([1, 2] as [Float])
    let clone = x.cloned()
    let detached = x.detached()
    x.copy(from: Tensor([5, 6] as [Float]))
    #expect(clone.floats() == [1, 2])
    #expect(detached.floats() == [5, 6])
  }

  @Test func `the device and the types survive a round trip through the description`() throws {
    #expect(Tensor.zeros([2, 3], dtype: .bool).description == "[2, 3] bool")
    #expect(Tensor.zeros([1]).device == .cpu)
    #expect(Tensor.zeros([1]).to(device: .cpu).device == .cpu)
  }
}
