// SPDX-License-Identifier: Apache-2.0

import CTorch

/// The elements of a tensor on their way to the host, while the host goes on.
///
///     let losses = PendingValues(of: loss)
///     …                                    // work for the device
///     print(losses.values())               // waits for the loss, not for that work
///
/// On the CPU they are there at once.
public final class PendingValues {
  private let handle: OpaquePointer?
  private let count: Int

  /// Begins to copy a tensor as it is now.
  ///
  /// Where the call is skipped because memory ran out in the error scope, the values are NaN.
  public init(of tensor: Tensor) {
    var result: OpaquePointer?
    Tensor.execute("PendingValues", [tensor]) { ctorch_pending_new(tensor.handle, &result) }
    handle = result
    count = tensor.elementCount
  }

  deinit { if let handle { ctorch_pending_free(handle) } }

  /// Waits for the copy and returns the elements in row-major order.
  public func values() -> [Double] {
    var values = [Double](repeating: .nan, count: count)
    guard let handle else { return values }
    Tensor.execute("PendingValues.values()", []) {
      values.withUnsafeMutableBufferPointer {
        ctorch_pending_values(handle, $0.baseAddress, count)
      }
    }
    return values
  }
}
