// SPDX-License-Identifier: Apache-2.0

import CTorch

/// Runs a training step, say, and throws if memory runs out in it.
///
///     let loss = try withTorchErrors {
///       let loss = objective(model(batch))
///       loss.backward()
///       optimizer.step()
///       return loss.item()
///     }
///
/// From the operation that finds no memory to the end of the scope nothing is computed: operations
/// return empty tensors, reading gives NaN or nothing, parameters stay as they are. What the body
/// returned is dropped. Outside of a scope the program ends. It holds for the calling thread.
///
/// - Throws: ``TorchError`` with code `outOfMemory`, or whatever the body throws.
public func withTorchErrors<R>(_ body: () throws -> R) throws -> R {
  ctorch_error_scope_begin()
  let result = Result { try body() }
  if ctorch_error_scope_end() {
    throw TorchError(
      code: .outOfMemory, message: String(cString: ctorch_error_message()),
      remedy: "Choose a smaller batch or a smaller model, or free memory of the device.")
  }
  return try result.get()
}
