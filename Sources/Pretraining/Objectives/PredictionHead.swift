// SPDX-License-Identifier: Apache-2.0

import Torch

/// What makes predictions of vectors of the backbone: `Linear → GELU → Linear`.
final class PredictionHead: Module {
  private let hidden: Linear
  private let output: Linear

  /// Makes a head with random weights.
  ///
  /// - Parameters:
  ///   - width: Numbers of a vector.
  ///   - hiddenWidth: Numbers between the layers; as many as of a vector if `nil`.
  ///   - outputs: Numbers of a prediction.
  ///   - generator: Where the first weights come from.
  init(
    width: Int, hiddenWidth: Int? = nil, outputs: Int,
    generator: inout some RandomNumberGenerator
  ) {
    let inner = hiddenWidth ?? width
    hidden = Linear(inputWidth: width, outputWidth: inner, generator: &generator)
    output = Linear(inputWidth: inner, outputWidth: outputs, generator: &generator)
  }

  var children: [(name: String, module: any Module)] { [("hidden", hidden), ("output", output)] }

  /// Returns the predictions.
  ///
  /// - Parameter vectors: Shape `[n, width]`.
  /// - Returns: Shape `[n, outputs]`.
  func callAsFunction(_ vectors: Tensor) -> Tensor { output(inner(vectors)) }

  /// Returns what the second layer reads, for further outputs.
  ///
  /// - Parameter vectors: Shape `[n, width]`.
  /// - Returns: Shape `[n, hiddenWidth]`.
  func inner(_ vectors: Tensor) -> Tensor { hidden(vectors).gelu() }

  /// Returns the predictions from what ``inner(_:)`` returned.
  func predictions(inner: Tensor) -> Tensor { output(inner) }
}
