// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import Torch

@Suite struct ConcurrencyTests {
  /// Trains a small network on the calling thread and returns its losses.
  private static func train(seed: UInt64) -> [Double] {
    Threads.setCount(1)
    let generator = Generator(seed: seed)
    let inputs = Tensor.normal([64, 4], generator: generator)
    let targets = (inputs.sum(dimensions: [1]) .> 0).to(dtype: .int64)
    let network = SmallNetwork(seed: seed)
    let optimizer = AdamW(network.namedParameters())
    return (0..<20).map { _ in
      optimizer.zeroGradients()
      let hidden = network.blocks.reduce(inputs) { $1($0).gelu() }
        .dropout(probability: 0.1, generator: generator)
      let logits = network.norm(hidden).narrowed(dimension: 1, start: 0, length: 2)
      let loss = Tensor.crossEntropy(logits: logits, targets: targets)
      loss.backward()
      clipGradientNorm(optimizer.parameters, maximum: 1)
      optimizer.step(learningRate: 0.02)
      _ = withoutGradients { (inputs * 2).sum() }
      return loss.item()
    }
  }

  @Test func `threads that train at the same time get what each gets alone`() throws {
    // One after the other on a thread of its own, so that no other test's thread count changes.
    let alone = Mutex<[UInt64: [Double]]>([:])
    let together = Mutex<[UInt64: [Double]]>([:])
    let seeds: [UInt64] = [1, 2, 3, 4]
    for seed in seeds {
      run([{ alone.withLock { $0[seed] = Self.train(seed: seed) } }])
    }
    run(
      seeds.map { seed in
        {
          let losses = Self.train(seed: seed)
          together.withLock { $0[seed] = losses }
        }
      })
    let expected = alone.withLock { $0 }
    #expect(expected.count == 4)
    #expect(together.withLock { $0 } == expected)
    for losses in expected.values {
      #expect(try #require(losses.last) < (try #require(losses.first)))
    }
  }

  @Test func `recording, error scopes and thread counts belong to one thread`() {
    let found = Mutex<[Bool]>([])
    withScopesOpen {
      run([
        {
          Threads.setCount(1)
          let x = Tensor.ones([1])
          x.requiresGradient = true
          found.withLock {
            $0 = [(x * 2).requiresGradient, x.item() == 1, Threads.count == 1]
          }
        }
      ])
    }
    #expect(found.withLock { $0 } == [true, true, true])
  }

  /// Runs a body with nothing recorded and memory run out on this thread.
  private func withScopesOpen(_ body: () -> Void) {
    _ = withoutGradients {
      #expect(throws: TorchError.self) {
        try withTorchErrors {
          _ = Tensor.zeros([1 << 25, 1 << 25])
          body()
        }
      }
    }
  }

  /// Runs every body on a thread of its own and waits for all.
  private func run(_ bodies: [@Sendable () -> Void]) {
    let group = DispatchGroup()
    for body in bodies {
      group.enter()
      Thread.detachNewThread {
        body()
        group.leave()
      }
    }
    group.wait()
  }
}

@Suite struct LeakTests {
  @Test func `every tensor of a training is freed`() async {
    // In a process of its own, since other tests make tensors at the same time.
    await #expect(processExitsWith: .success) {
      let before = Tensor.liveCount
      do {
        let network = SmallNetwork()
        let optimizer = AdamW(network.namedParameters())
        for _ in 0..<3 {
          optimizer.zeroGradients()
          let (values, indices) = network(Tensor([0, 1, 2])).max(dimension: 1)
          values.sum().backward()
          clipGradientNorm(optimizer.parameters, maximum: 1)
          optimizer.step(learningRate: 0.1)
          _ = indices.int64s()
          _ = Tensor.concatenate(values.split(sizes: [1, 2]))
          _ = try? withTorchErrors { Tensor.zeros([1 << 25, 1 << 25]) }
        }
        _ = optimizer.stateDictionary()
        precondition(Tensor.liveCount > before, "Nothing is counted.")
      }
      precondition(Tensor.liveCount == before, "\(Tensor.liveCount - before) tensors are left.")
    }
  }
}
