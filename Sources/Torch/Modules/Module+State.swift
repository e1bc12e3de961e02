// SPDX-License-Identifier: Apache-2.0

import Runtime

extension Module {
  /// Returns the values of all parameters by their full names, in the order of
  /// ``namedParameters()``.
  ///
  /// The tensors share their elements with the parameters: store or clone them before training
  /// goes on.
  public func stateDictionary() -> [(name: String, tensor: Tensor)] {
    namedParameters().map { ($0.name, $0.parameter.value.detached()) }
  }

  /// Overwrites the values of the parameters, in place, so that optimizers keep working on them.
  ///
  /// Everything is checked before anything is written. Types and devices may differ; values are
  /// converted.
  ///
  /// - Parameters:
  ///   - state: Tensors by full name, as ``stateDictionary()`` gives them.
  ///   - strict: Whether every parameter must be given, and nothing else. Otherwise parameters that
  ///     are not given keep their values, and other tensors are left aside.
  /// - Returns: The names of the parameters that were overwritten.
  /// - Throws: ``TorchError`` with code `stateMismatch`, which names what is missing, unexpected or
  ///   of another shape.
  @discardableResult
  public func load(
    _ state: [(name: String, tensor: Tensor)], strict: Bool = true
  ) throws(TorchError) -> [String] {
    var tensors: [String: Tensor] = [:]
    var problems: [String] = []
    for (name, tensor) in state where tensors.updateValue(tensor, forKey: name) != nil {
      problems.append("\(name) is given twice")
    }
    let parameters = namedParameters()
    let missing = parameters.map(\.name).filter { tensors[$0] == nil }
    let known = Set(parameters.map(\.name))
    let unexpected = state.map(\.name).filter { !known.contains($0) }
    if strict, !missing.isEmpty {
      problems.append("missing \(summary(missing))" + hint(for: missing, among: unexpected))
    }
    if strict, !unexpected.isEmpty { problems.append("unexpected \(summary(unexpected))") }
    let pairs = parameters.compactMap { entry in
      tensors[entry.name].map { (name: entry.name, parameter: entry.parameter, tensor: $0) }
    }
    let wrong = pairs.compactMap { pair in
      let expected = pair.parameter.value.shape
      let found = pair.tensor.shape
      return expected == found ? nil : "\(pair.name) has the shape \(found) instead of \(expected)"
    }
    if !wrong.isEmpty { problems.append(summary(wrong, separator: "; ")) }
    guard problems.isEmpty else {
      throw TorchError(
        code: .stateMismatch,
        message: "cannot load the state of \(type(of: self)): " + problems.joined(separator: "; "),
        remedy: "Build the model with the configuration that the state was saved with.")
    }
    for pair in pairs { pair.parameter.value.copy(from: pair.tensor) }
    return pairs.map(\.name)
  }

  private func hint(for missing: [String], among unexpected: [String]) -> String {
    guard let first = missing.first,
      let nearest = nearestNames(to: first, among: unexpected, limit: 1).first
    else { return "" }
    return " (near \(first) is \(nearest))"
  }
}

/// Returns a list of at most five things, and how many more there are.
private func summary(_ items: [String], separator: String = ", ") -> String {
  let shown = items.prefix(5).joined(separator: separator)
  return items.count > 5 ? "\(shown)\(separator)and \(items.count - 5) more" : shown
}
