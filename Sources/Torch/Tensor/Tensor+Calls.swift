// SPDX-License-Identifier: Apache-2.0

import CTorch

/// Where the result of a call to the shim is written.
typealias ResultPointer = UnsafeMutablePointer<OpaquePointer?>

extension Tensor {
  /// Calls the shim for an operation whose result is a tensor.
  ///
  /// The operands are named for the message of a failure. That also keeps them alive until the
  /// call is over: Swift may release an object after its last use, and reading its handle could
  /// be just that.
  ///
  /// - Parameters:
  ///   - operation: The operation as people read it, as in `softmax(dimension: 1)`.
  ///   - operands: Every tensor whose handle `call` uses.
  ///   - call: The call itself.
  /// - Returns: The result, or an empty tensor where the call was skipped in an error scope.
  @inline(__always)
  static func perform(
    _ operation: @autoclosure () -> String, _ operands: @autoclosure () -> [Tensor],
    _ call: (ResultPointer) -> ctorch_status
  ) -> Tensor {
    var result: OpaquePointer?
    let status = call(&result)
    if _fastPath(status == CTORCH_OK), let result { return Tensor(owning: result) }
    handleFailure(status, operation: operation(), operands: operands())
    return Tensor(owning: ctorch_tensor_placeholder())
  }

  /// Calls the shim for an operation that returns nothing, or writes its result itself.
  @inline(__always)
  static func execute(
    _ operation: @autoclosure () -> String, _ operands: @autoclosure () -> [Tensor],
    _ call: () -> ctorch_status
  ) {
    let status = call()
    if _fastPath(status == CTORCH_OK) { return }
    handleFailure(status, operation: operation(), operands: operands())
  }

  /// Calls with the handles of several tensors.
  static func withHandles<R>(
    of tensors: [Tensor], _ body: (UnsafeMutablePointer<OpaquePointer>?, Int) -> R
  ) -> R {
    var handles = tensors.map(\.handle)
    return withExtendedLifetime(tensors) {
      handles.withUnsafeMutableBufferPointer { body($0.baseAddress, $0.count) }
    }
  }
}

extension [Int] {
  /// Calls with a pointer that is valid even where the array is empty, and the number of elements.
  @inline(__always)
  func withPointer<R>(_ body: (UnsafePointer<Int>, Int) -> R) -> R {
    withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        var nothing = 0
        return body(&nothing, 0)
      }
      return body(base, buffer.count)
    }
  }
}

/// Turns a failed call into a trap, or into the error that an enclosing scope will throw.
@inline(never)
func handleFailure(_ status: ctorch_status, operation: String, operands: [Tensor]) {
  if status == CTORCH_SKIPPED { return }
  let shapes =
    operands.isEmpty ? "" : " of \(operands.map(\.description).joined(separator: " and "))"
  let message = "cannot compute \(operation)\(shapes): \(String(cString: ctorch_error_message()))"
  if status == CTORCH_OUT_OF_MEMORY, ctorch_error_is_pending() {
    ctorch_error_describe(message)
    return
  }
  fatalError(message)
}
