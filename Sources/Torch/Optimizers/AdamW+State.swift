// SPDX-License-Identifier: Apache-2.0

extension AdamW {
  /// Returns everything that the optimizer remembers, by name: `NAME.step`, `NAME.first_moment`,
  /// `NAME.second_moment` for every parameter.
  ///
  /// The tensors share their elements with the optimizer: store or clone them before the next step.
  public func stateDictionary() -> [(name: String, tensor: Tensor)] {
    slots.flatMap(\.state)
  }

  /// Overwrites what the optimizer remembers, so that training goes on exactly as it would have.
  ///
  /// Everything is checked before anything is written.
  ///
  /// - Parameter state: As ``stateDictionary()`` gives it.
  /// - Throws: ``TorchError`` with code `stateMismatch`, which names the first tensor that is
  ///   missing, unexpected or of another shape or type.
  public func load(_ state: [(name: String, tensor: Tensor)]) throws(TorchError) {
    let given = Dictionary(
      state.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    let expected = stateDictionary()
    let known = Set(expected.map(\.name))
    if let unexpected = state.first(where: { !known.contains($0.name) }) {
      throw mismatch("\(unexpected.name) belongs to no parameter")
    }
    if given.count != state.count { throw mismatch("a name is given twice") }
    var pairs: [(target: Tensor, source: Tensor)] = []
    for (name, target) in expected {
      guard let source = given[name] else { throw mismatch("\(name) is missing") }
      guard source.shape == target.shape, source.dtype == target.dtype else {
        throw mismatch(
          "\(name) is \(source.shape) \(source.dtype) instead of \(target.shape) \(target.dtype)")
      }
      pairs.append((target, source))
    }
    for pair in pairs { pair.target.copy(from: pair.source) }
  }

  private var slots: [Slot] { groups.flatMap(\.slots) }

  private func mismatch(_ found: String) -> TorchError {
    TorchError(
      code: .stateMismatch, message: "cannot load the state of AdamW: \(found)",
      remedy: "Resume with the model and the training configuration that the state was saved with.")
  }
}

extension AdamW.Slot {
  fileprivate var state: [(name: String, tensor: Tensor)] {
    [
      ("\(name).step", step), ("\(name).first_moment", firstMoment),
      ("\(name).second_moment", secondMoment),
    ]
  }
}
