// SPDX-License-Identifier: Apache-2.0

import EventModel
import Foundation
import Pretraining
import TestSupport
import Testing
import Torch

/// Losses and gradients of a pre-training step by other means than the CPU's kernels: LibTorch's
/// operations on the CPU, and a GPU where there is one.
extension PretrainerTests {
  private struct Numbers {
    var losses: [Double] = []
    var gradients: [String: [Float]] = [:]
  }

  /// Float32 sums in another order, in units of the largest gradient; TF32, which LibTorch leaves
  /// off, would differ by 2^-11.
  private static let tolerance: Float = 5e-5

  /// The losses, and the gradients of their sum, of the reference's events and weights.
  private func numbers(on device: Device, precision: Precision = .float32) throws -> Numbers {
    let parts = try ReferenceParts()
    parts.backbone.place(on: device)
    for objective in parts.objectives { objective.move(to: device) }
    var numbers = Numbers()
    for objective in parts.objectives {
      let loss = precision.using(on: device) { parts.loss(objective.name) }
      #expect(loss.device == device && loss.dtype == .float32)
      numbers.losses.append(loss.item())
      loss.backward()
    }
    for (name, parameter) in parts.parameters {
      let gradient = try #require(parameter.value.gradient)
      #expect(gradient.dtype == .float32)
      numbers.gradients[name] = gradient.floats()
    }
    return numbers
  }

  private func expectSame(_ numbers: Numbers, as expected: Numbers) {
    #expect(
      worstDifference(numbers.losses, expected.losses, relative: Double(Self.tolerance)) == nil)
    let largest = expected.gradients.values.joined().map { abs($0) }.max() ?? 0
    for (name, values) in expected.gradients {
      #expect(
        worstDifference(
          numbers.gradients[name] ?? [], values, relative: 0,
          absolute: Self.tolerance * largest) == nil, "\(name)")
    }
  }

  /// Operands rounded by 2^-9: means within 1 %, all gradients as one vector within 3 %.
  private func expectNear(_ numbers: Numbers, as expected: Numbers) {
    #expect(worstDifference(numbers.losses, expected.losses, relative: 0.01) == nil)
    var difference = 0.0
    var norm = 0.0
    for (name, values) in expected.gradients {
      for (own, other) in zip(numbers.gradients[name] ?? [], values) {
        difference += Double((own - other) * (own - other))
        norm += Double(other * other)
      }
    }
    #expect(difference.squareRoot() < 0.03 * norm.squareRoot())
  }

  @Test func `LibTorch's operations agree with the kernels in losses and gradients`() throws {
    let expected = try numbers(on: .cpu)
    try Kernels.none.using {
      expectSame(try numbers(on: .cpu), as: expected)
    }
    let rounded = try numbers(on: .cpu, precision: .bfloat16)
    expectNear(rounded, as: expected)
    #expect(rounded.losses != expected.losses, "The kernels, of float32, have computed.")
  }

  @Test(.enabled(if: Device.isCUDAAvailable))
  func `a GPU agrees with the CPU in losses and gradients`() throws {
    let expected = try numbers(on: .cpu)
    expectSame(try numbers(on: .cuda()), as: expected)
    expectNear(try numbers(on: .cuda(), precision: .bfloat16), as: expected)
  }

  @Test(.enabled(if: Device.isCUDAAvailable), arguments: Precision.allCases)
  func `a run on a GPU has the losses of the CPU and can go on there`(
    precision: Precision
  ) throws {
    func run(_ name: String, device: Device) throws -> PretrainingHistory {
      try pretrainer(name, { $0.precision = precision }, device: device).run()
    }
    let expected = try run("cpu", device: .cpu)
    let found = try run("gpu", device: .cuda())
    // Nine steps of AdamW, which blows up the rounding of gradients that cancel.
    #expect(
      worstDifference(
        losses(found).flatMap { $0 }, losses(expected).flatMap { $0 },
        relative: precision == .float32 ? 1e-2 : 5e-2) == nil)
    #expect(try run("gpu", device: .cpu).epochs.count == 3)
  }
}
