// SPDX-License-Identifier: Apache-2.0

import CTorch

/// The numbers in which products of matrices are computed; all else is `float32`.
public enum Precision: String, Codable, CaseIterable, Sendable {
  /// Everything in `float32`.
  case float32
  /// Linear maps and attention on `bfloat16`, the upper half of a `float32`.
  ///
  /// GPUs of NVIDIA's Ampere generation and later multiply them many times as fast. Operands are
  /// rounded to 8 bits, sums are `float32`. Parameters and their gradients, norms, softmax, losses
  /// and optimizer stay `float32`; the range is the same, so that no loss must be scaled.
  ///
  /// Source: D. Kalamkar et al., "A study of BFLOAT16 for deep learning training",
  /// arXiv:1905.12322.
  case bfloat16

  /// The precision of what the calling thread computes on a device.
  public static func current(on device: Device) -> Precision {
    ctorch_multiplies_bfloat16(device.code) ? .bfloat16 : .float32
  }

  /// Calls a closure while the calling thread computes in this precision on a device.
  ///
  /// It is for the way from inputs to a loss. Gradients are found outside: they take the types of
  /// what was computed, and threads of LibTorch, which find them, know nothing of this one.
  public func using<R>(on device: Device, _ body: () throws -> R) rethrows -> R {
    let before = Self.current(on: device)
    ctorch_multiply_bfloat16(device.code, self == .bfloat16)
    defer { ctorch_multiply_bfloat16(device.code, before == .bfloat16) }
    return try body()
  }
}

extension KeyedDecodingContainer {
  /// Reads a precision, `float32` where a file from before there was a choice has none.
  ///
  /// The decoding that the compiler writes for a type with a `Precision` calls this function.
  package func decode(_ type: Precision.Type, forKey key: Key) throws -> Precision {
    try decodeIfPresent(type, forKey: key) ?? .float32
  }
}
