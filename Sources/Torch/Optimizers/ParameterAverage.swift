// SPDX-License-Identifier: Apache-2.0

import CTorch

/// The exponential moving average of parameters over the steps of a training.
///
/// It starts at the parameters' values. `update()` moves it by `1 - decay` of the way to them.
public final class ParameterAverage {
  /// How much of the average stays at an update, in [0, 1).
  public let decay: Double
  private let parameters: [(name: String, parameter: Parameter)]
  private let averages: [Tensor]

  /// Starts an average, on the devices where the parameters are now.
  ///
  /// - Parameters:
  ///   - parameters: As from ``Module/namedParameters()``.
  ///   - decay: How much of the average stays at an update, in [0, 1).
  public init(_ parameters: [(name: String, parameter: Parameter)], decay: Double) {
    precondition((0..<1).contains(decay), "The decay \(decay) is not in [0, 1).")
    self.decay = decay
    self.parameters = parameters
    averages = parameters.map { $0.parameter.value.detached().cloned() }
  }

  /// Takes the present values into the average.
  public func update() {
    let values = parameters.map(\.parameter.value)
    Tensor.execute("an update of the parameters' average", values) {
      Tensor.withHandles(of: averages) { averageHandles, count in
        Tensor.withHandles(of: values) { valueHandles, _ in
          guard let averageHandles, let valueHandles else { return CTORCH_OK }
          return ctorch_interpolate(count, averageHandles, valueHandles, 1 - decay)
        }
      }
    }
  }

  /// Returns the averages by the parameters' names, ready for ``Module/load(_:strict:)``.
  ///
  /// The tensors share their elements with the average.
  public func stateDictionary() -> [(name: String, tensor: Tensor)] {
    zip(parameters, averages).map { ($0.name, $1) }
  }

  /// Overwrites the averages with stored ones.
  ///
  /// - Throws: ``TorchError`` with code `stateMismatch` if a name is missing or a shape differs.
  public func load(_ state: [(name: String, tensor: Tensor)]) throws(TorchError) {
    let given = Dictionary(
      state.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    var sources: [Tensor] = []
    for (entry, average) in zip(parameters, averages) {
      guard let source = given[entry.name], source.shape == average.shape else {
        let found = given[entry.name].map { "has the shape \($0.shape)" } ?? "is missing"
        throw TorchError(
          code: .stateMismatch,
          message: "cannot load the parameters' average: \(entry.name) of shape "
            + "\(average.shape) \(found)",
          remedy: "Resume with the model that the average was saved with.")
      }
      sources.append(source)
    }
    for (average, source) in zip(averages, sources) { average.copy(from: source) }
  }
}
