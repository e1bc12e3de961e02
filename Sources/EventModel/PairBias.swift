// SPDX-License-Identifier: Apache-2.0

import Torch

/// A number for every pair of tokens and every head, which attention adds to its logits.
///
/// A small network of ``PairFeatures``, the same for all layers. Its last map starts at zero, so that
/// a new model attends as one without.
///
/// Source: H. Qu et al., "Particle Transformer for jet tagging", arXiv:2202.03772.
final class PairBias: Module {
  private static let hiddenWidth = 32

  private let expansion: Linear
  private let contraction: Linear

  init(heads: Int, generator: inout some RandomNumberGenerator) {
    expansion = Linear(
      inputWidth: PairFeatures.width, outputWidth: Self.hiddenWidth, generator: &generator)
    contraction = Linear(
      inputWidth: Self.hiddenWidth, outputWidth: heads, generator: &generator)
    withoutGradients {
      for (_, parameter) in contraction.namedParameters() {
        parameter.value.copy(from: parameter.value * 0)
      }
    }
  }

  var ownParameters: [(name: String, parameter: Parameter)] { [] }

  var children: [(name: String, module: any Module)] {
    [("expansion", expansion), ("contraction", contraction)]
  }

  /// Returns the bias of each pair.
  ///
  /// - Parameter features: Shape `[pairs, PairFeatures.width]`.
  /// - Returns: Shape `[pairs, H]`.
  func callAsFunction(_ features: Tensor) -> Tensor { contraction(expansion(features).gelu()) }
}
