// SPDX-License-Identifier: Apache-2.0

import CTorch

/// A source of random numbers on a device.
///
/// The same seed on the same kind of device gives the same numbers; CPU and GPU differ. It has
/// state: for numbers that depend on a key alone use `CounterBasedGenerator`. Not for two threads
/// at the same time.
public final class Generator {
  let handle: OpaquePointer

  /// Where the numbers are made.
  public let device: Device

  /// Makes a generator.
  ///
  /// - Parameters:
  ///   - seed: The same seed gives the same numbers.
  ///   - device: Where the numbers are made.
  /// - Precondition: The device exists.
  public init(seed: UInt64, device: Device = .cpu) {
    var result: OpaquePointer?
    let status = ctorch_generator_new(device.code, seed, &result)
    guard status == CTORCH_OK, let result else {
      fatalError(
        "cannot make a generator on \(device): \(String(cString: ctorch_error_message()))")
    }
    handle = result
    self.device = device
  }

  deinit { ctorch_generator_free(handle) }

  /// The state as bytes; setting it goes on with exactly the numbers that followed.
  public var state: [UInt8] {
    let tensor = Tensor.perform("the state of a generator", []) {
      ctorch_generator_state(handle, $0)
    }
    return tensor.bytes()
  }

  /// Sets a state that was saved on the same kind of device.
  ///
  /// - Throws: ``TorchError`` with code `stateMismatch` if the bytes are no such state.
  public func restore(_ state: [UInt8]) throws(TorchError) {
    let tensor = Tensor(state)
    let status = ctorch_generator_set_state(handle, tensor.handle)
    guard status != CTORCH_OK, status != CTORCH_SKIPPED else { return }
    throw TorchError(
      code: .stateMismatch,
      message: "cannot restore a generator on \(device) from \(state.count) bytes: "
        + String(cString: ctorch_error_message()),
      remedy: "Give it the bytes that `state` of a generator on the same kind of device returned.")
  }
}
