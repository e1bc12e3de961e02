// SPDX-License-Identifier: Apache-2.0

/// A linear map of the last dimension: `x weight^T + bias`.
///
/// Parameters: `weight` `[out, in]` and, if it has one, `bias` `[out]`.
public final class Linear: Module {
  /// Shape `[out, in]`.
  public let weight: Parameter
  /// Shape `[out]`.
  public let bias: Parameter?

  /// Makes a map with weights and biases from the uniform distribution on ±1 / sqrt(in), which is
  /// PyTorch's choice.
  ///
  /// - Parameters:
  ///   - inputWidth: The length of the last dimension of the input, at least 1.
  ///   - outputWidth: The length of the last dimension of the output.
  ///   - hasBias: Whether a bias is added.
  ///   - generator: The source of the first values.
  public init(
    inputWidth: Int, outputWidth: Int, hasBias: Bool = true,
    generator: inout some RandomNumberGenerator
  ) {
    precondition(inputWidth > 0, "A linear map needs at least one input, not \(inputWidth).")
    let bound = 1 / Float(inputWidth).squareRoot()
    weight = Parameter(
      Initialization.uniform([outputWidth, inputWidth], bound: bound, using: &generator))
    bias =
      hasBias
      ? Parameter(Initialization.uniform([outputWidth], bound: bound, using: &generator)) : nil
  }

  /// Makes a map from parameters that exist.
  public init(weight: Parameter, bias: Parameter? = nil) {
    self.weight = weight
    self.bias = bias
  }

  /// The parameters, `weight` and `bias`.
  public var ownParameters: [(name: String, parameter: Parameter)] {
    [("weight", weight)] + (bias.map { [("bias", $0)] } ?? [])
  }

  /// Returns the map of `[..., in]`, shape `[..., out]`.
  public func callAsFunction(_ input: Tensor) -> Tensor {
    Tensor.linear(input, weight: weight.value, bias: bias?.value)
  }
}
