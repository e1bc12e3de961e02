// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  /// Whether operations on the tensor are recorded so that gradients can flow back to it.
  ///
  /// Only a leaf can be set: a tensor that was made by no recorded operation.
  public var requiresGradient: Bool {
    get { ctorch_requires_gradient(handle) }
    set {
      Tensor.execute("requiresGradient = \(newValue)", [self]) {
        ctorch_set_requires_gradient(handle, newValue)
      }
    }
  }

  /// The gradient that ``backward(gradient:)`` summed up here; `nil` before the first.
  public var gradient: Tensor? {
    get {
      var result: OpaquePointer?
      Tensor.execute("gradient", [self]) { ctorch_gradient(handle, &result) }
      return result.map { Tensor(owning: $0) }
    }
    set {
      Tensor.execute("gradient =", [self] + (newValue.map { [$0] } ?? [])) {
        ctorch_set_gradient(handle, newValue?.handle)
      }
    }
  }

  /// Returns the same elements, cut off from the operations that made them.
  public func detached() -> Tensor {
    Tensor.perform("detached()", [self]) { ctorch_detach(handle, $0) }
  }

  /// Adds the derivatives with respect to all leaves that require it to their ``gradient``.
  ///
  /// The graph is freed; it cannot be walked twice.
  ///
  /// - Parameter gradient: The derivative with respect to this tensor, of its shape; 1 where it is
  ///   not given, which is possible for one element only.
  public func backward(gradient: Tensor? = nil) {
    Tensor.execute("backward", [self] + (gradient.map { [$0] } ?? [])) {
      ctorch_backward(handle, gradient?.handle)
    }
  }
}

extension Tensor {
  /// Returns the derivatives of this scalar with respect to some tensors, and leaves their
  /// ``gradient`` alone; `nil` where the scalar does not depend on a tensor.
  ///
  /// Threads may find gradients of the same parameters at the same time that way. The graph is
  /// freed; it cannot be walked twice.
  public func gradients(of tensors: [Tensor]) -> [Tensor?] {
    var results = [OpaquePointer?](repeating: nil, count: tensors.count)
    Tensor.execute("gradients", [self] + tensors) {
      Tensor.withHandles(of: tensors) { handles, count in
        guard let handles else { return CTORCH_OK }
        return results.withUnsafeMutableBufferPointer { results in
          guard let results = results.baseAddress else { return CTORCH_OK }
          return handles.withMemoryRebound(to: OpaquePointer.self, capacity: count) {
            ctorch_gradients(handle, count, $0, results)
          }
        }
      }
    }
    return results.map { $0.map { Tensor(owning: $0) } }
  }

  /// Adds gradients, as from ``gradients(of:)``, to the ``gradient`` of each tensor.
  public static func addGradients(_ gradients: [Tensor?], to tensors: [Tensor]) {
    precondition(gradients.count == tensors.count, "There is a gradient for each tensor, or nil.")
    execute("addGradients", tensors + gradients.compactMap { $0 }) {
      Tensor.withHandles(of: tensors) { handles, count in
        guard let handles else { return CTORCH_OK }
        let summands = gradients.map { $0?.handle }
        return withExtendedLifetime(gradients) {
          summands.withUnsafeBufferPointer { summands in
            guard let summands = summands.baseAddress else { return CTORCH_OK }
            return ctorch_add_gradients(count, handles, summands)
          }
        }
      }
    }
  }
}

/// Runs a body whose operations are not recorded: no gradients, less memory.
///
/// It holds for the calling thread, which is why the body cannot suspend.
public func withoutGradients<R>(_ body: () throws -> R) rethrows -> R {
  let previous = ctorch_set_gradient_mode(false)
  defer { _ = ctorch_set_gradient_mode(previous) }
  return try body()
}
