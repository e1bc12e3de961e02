// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Torch

/// What PyTorch computed; `Fixtures/make_fixtures.py` made it.
struct Reference: Decodable, Sendable {
  /// A tensor with its values in row-major order.
  struct Values: Decodable, Sendable {
    let dtype: String
    let shape: [Int]
    let values: [Double]

    func tensor() -> Tensor {
      Tensor(values, shape: shape).to(dtype: DType.allCases.first { "\($0)" == dtype } ?? .float64)
    }
  }

  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let inputs: [Values]
    let outputs: [Values]
    let gradients: [Values?]

    var testDescription: String { name }
  }

  struct Clipping: Decodable, Sendable {
    let values: [Values]
    let gradients: [Values]
    let maximum: Double
    let norm: Double
    let clipped: [Values]
  }

  struct Training: Decodable, Sendable {
    let initial: [Values]
    let inputs: Values
    let targets: Values
    let gradients: [Values]
    let losses: [Double]
    let final: [Values]
  }

  let pytorch: String
  let cases: [Case]
  let clipping: Clipping
  let training: Training

  static func load() throws -> Reference {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/pytorch.json")
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
  }

  /// The file's content; empty, which a test notices, where it cannot be read.
  static let cases: [Case] = (try? load().cases) ?? []
}

/// Expects a tensor to agree with PyTorch's in type, shape and values.
///
/// The tolerance is that of `float32` after a few operations: 1e-5 of the value, 1e-6 near 0.
func expectEqual(
  _ found: Tensor, _ expected: Reference.Values, relative: Double = 1e-5, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect("\(found.dtype)" == expected.dtype, "\(what)", sourceLocation: sourceLocation)
  #expect(found.shape == expected.shape, "\(what)", sourceLocation: sourceLocation)
  let values = found.doubles()
  let agree =
    values.count == expected.values.count
    && zip(values, expected.values).allSatisfy { abs($0 - $1) <= 1e-6 + relative * abs($1) }
  #expect(
    agree, "\(what): \(values) instead of \(expected.values)", sourceLocation: sourceLocation)
}
