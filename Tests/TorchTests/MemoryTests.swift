// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Testing
import Torch

/// Kept memory is a setting of the whole process, so each test has one of its own.
@Suite struct MemoryTests {
  @Test func `tensors take the memory of freed ones of about their size`() async {
    await #expect(processExitsWith: .success) {
      let before = Tensor.ones([1000])
      LibTorch.keepFreedMemory()
      precondition(LibTorch.memoryCounts == (0, 0))
      for size in [1, 63, 64, 65, 1000, 1 << 20] {
        let start = LibTorch.memoryCounts
        _ = Tensor.full([size], value: Float(2))
        let middle = LibTorch.memoryCounts
        precondition(middle.allocated + middle.reused > start.allocated + start.reused)
        let again = Tensor.full([size], value: Float(3))
        precondition(LibTorch.memoryCounts.allocated == middle.allocated)
        precondition(again.sum().item() == Double(3 * size))
      }
      // A tensor that is still there keeps its own, and one from before goes where it came from.
      let first = Tensor.full([500], value: Float(1))
      let second = Tensor.full([500], value: Float(2))
      precondition(first.sum().item() == 500 && second.sum().item() == 1000)
      precondition(before.sum().item() == 1000)
      precondition(Tensor.zeros([0, 3]).floats().isEmpty)
    }
  }

  @Test func `a training step needs no new memory once it has run`() async {
    await #expect(processExitsWith: .success) {
      LibTorch.keepFreedMemory()
      let weights = Parameter(Tensor.ones([64, 64]))
      let optimizer = AdamW([("weights", weights)])
      func step(rows: Int) {
        let inputs = Tensor.full([rows, 64], value: Float(0.1))
        inputs.matmul(weights.value).gelu().sum().backward()
        optimizer.step(learningRate: 1e-3)
        optimizer.zeroGradients()
      }
      // Batches differ a little in size; blocks are of sizes that rise by a quarter.
      for rows in 240...256 { step(rows: rows) }
      let start = LibTorch.memoryCounts
      for rows in 240...256 { step(rows: rows) }
      let end = LibTorch.memoryCounts
      precondition(end.allocated == start.allocated && end.reused > start.reused)
    }
  }

  @Test func `threads share kept memory`() async {
    await #expect(processExitsWith: .success) {
      LibTorch.keepFreedMemory()
      DispatchQueue.concurrentPerform(iterations: 8) { thread in
        for size in 1...300 {
          let values = Tensor.full([size], value: Float(thread))
          let others = Tensor.full([301 - size], value: Float(-1))
          precondition(values.sum().item() == Double(thread * size))
          precondition(others.sum().item() == Double(size - 301))
        }
      }
    }
  }

  @Test func `memory that is not there is an error in a scope`() async {
    await #expect(processExitsWith: .success) {
      LibTorch.keepFreedMemory()
      var found: TorchError?
      do {
        try withTorchErrors { _ = Tensor.zeros([1 << 25, 1 << 25]) }
      } catch { found = error as? TorchError }
      precondition(found?.code == .outOfMemory)
      precondition(Tensor.ones([2]).floats() == [1, 1])
    }
  }
}
