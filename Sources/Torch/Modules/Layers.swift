// SPDX-License-Identifier: Apache-2.0

/// Shifts and scales the last dimension to mean 0 and variance 1, then by what it learns.
///
/// Parameters: `weight` and `bias`, shape `[width]`.
public final class LayerNorm: Module {
  /// Shape `[width]`, at first 1.
  public let weight: Parameter
  /// Shape `[width]`, at first 0.
  public let bias: Parameter
  /// Added to the variance under the square root.
  public let epsilon: Double
  private let width: Int

  /// Makes a layer that at first only normalizes.
  public init(width: Int, epsilon: Double = 1e-5) {
    self.width = width
    self.epsilon = epsilon
    weight = Parameter(Tensor.ones([width]))
    bias = Parameter(Tensor.zeros([width]))
  }

  /// The parameters, `weight` and `bias`.
  public var ownParameters: [(name: String, parameter: Parameter)] {
    [("weight", weight), ("bias", bias)]
  }

  /// Returns the normalized `[..., width]`.
  public func callAsFunction(_ input: Tensor) -> Tensor {
    input.layerNorm(width: width, weight: weight.value, bias: bias.value, epsilon: epsilon)
  }
}

/// A table of vectors, looked up by index.
///
/// Parameter: `weight`, shape `[count, width]`.
public final class Embedding: Module {
  /// Shape `[count, width]`.
  public let weight: Parameter

  /// Makes a table of numbers from the normal distribution.
  ///
  /// - Parameters:
  ///   - count: The number of rows.
  ///   - width: The length of a row.
  ///   - standardDeviation: The width of the distribution; PyTorch takes 1.
  ///   - generator: The source of the first values.
  public init(
    count: Int, width: Int, standardDeviation: Float = 1,
    generator: inout some RandomNumberGenerator
  ) {
    weight = Parameter(
      Initialization.normal(
        [count, width], standardDeviation: standardDeviation, using: &generator))
  }

  /// The parameter, `weight`.
  public var ownParameters: [(name: String, parameter: Parameter)] { [("weight", weight)] }

  /// Returns the rows that the indices (`int64` or `int32`) name: their shape, then `width`.
  public func callAsFunction(_ indices: Tensor) -> Tensor {
    Tensor.embedding(weight: weight.value, indices: indices)
  }
}

/// The Gaussian error linear unit, in its exact form.
public final class GELU: Module {
  /// Makes the function.
  public init() {}

  /// Returns x times the standard normal distribution function at x.
  public func callAsFunction(_ input: Tensor) -> Tensor { input.gelu() }
}

/// How a network is run: with the randomness of training, or without.
public enum Mode {
  /// Dropout is active and draws from the generator.
  case training(Generator)
  /// Nothing is random.
  case evaluation
}

/// Sets elements to 0 at random while the network trains, and scales the others up.
public final class Dropout: Module {
  /// The probability that an element is set to 0, in 0...1.
  public let probability: Double

  /// Makes the layer.
  ///
  /// - Precondition: The probability is in 0...1.
  public init(probability: Double) {
    precondition(
      (0...1).contains(probability), "The probability \(probability) is not in 0...1.")
    self.probability = probability
  }

  /// Returns the input, thinned out in training.
  public func callAsFunction(_ input: Tensor, mode: Mode) -> Tensor {
    switch mode {
    case .training(let generator) where probability > 0:
      input.dropout(probability: probability, generator: generator)
    case .training, .evaluation: input
    }
  }
}
