// SPDX-License-Identifier: Apache-2.0

import CTorch

/// Kernels of our own beside those of LibTorch, for a processor's vector instructions.
///
/// They compute the same numbers in another order. Where they do not fit, in size, device or
/// processor, LibTorch computes.
public enum Kernels: String, CaseIterable, Sendable {
  /// AVX-512 with its subsets F, DQ, VL and BW.
  case avx512
  /// AVX2 and FMA.
  case avx2
  /// AVX-512 with FP16: where no gradients are recorded, products of matrices in half precision;
  /// never chosen unless named.
  case avx512fp16
  /// AVX-512 with BF16: the same in bfloat16.
  case avx512bf16
  /// AVX-512 with VNNI: the same in integers of 16 bits, with a scale for each token.
  case avx512vnni
  /// LibTorch alone.
  case none

  /// The kernels that the calling thread uses: at first those that the environment variable
  /// `LORENTZ_KERNELS` names, or else the best that the processor can run.
  public static var current: Kernels {
    Kernels(rawValue: String(cString: ctorch_kernels_name())) ?? .none
  }

  /// Whether the processor can run them.
  public var isAvailable: Bool {
    let before = Self.current
    defer { _ = ctorch_kernels_choose(before.rawValue) }
    return ctorch_kernels_choose(rawValue)
  }

  /// Calls a closure while the calling thread uses these kernels.
  ///
  /// - Precondition: They are available.
  public func using<R>(_ body: () throws -> R) rethrows -> R {
    let before = Self.current
    precondition(ctorch_kernels_choose(rawValue), "The processor cannot run \(rawValue) kernels.")
    defer { _ = ctorch_kernels_choose(before.rawValue) }
    return try body()
  }
}
