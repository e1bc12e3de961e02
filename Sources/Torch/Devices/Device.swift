// SPDX-License-Identifier: Apache-2.0

import CTorch

/// Where tensors are and operations run: the CPU or one of the GPUs.
public struct Device: Sendable, Hashable, CustomStringConvertible {
  private enum Kind: Hashable {
    case cpu
    case cuda(Int)
  }

  private let kind: Kind

  /// The processor and its memory.
  public static let cpu = Device(kind: .cpu)

  /// A GPU, by its position among those that CUDA sees.
  ///
  /// Nothing checks whether it exists; a name that a user chose goes through ``init(parsing:)``.
  public static func cuda(_ index: Int = 0) -> Device {
    precondition((0..<128).contains(index), "There is no GPU with the number \(index).")
    return Device(kind: .cuda(index))
  }

  /// The number of GPUs that LibTorch can use.
  public static var cudaCount: Int { ctorch_cuda_device_count() }

  /// Whether LibTorch can use at least one GPU.
  public static var isCUDAAvailable: Bool { cudaCount > 0 }

  /// Whether this is a GPU.
  public var isCUDA: Bool { kind != .cpu }

  /// Makes the device that a text names: `cpu`, `cuda` (the first GPU) or `cuda:1`.
  ///
  /// - Throws: ``TorchError`` with code `invalidDevice` for another text, `missingDevice` for a GPU
  ///   that is not there.
  public init(parsing text: String) throws(TorchError) {
    if text == "cpu" {
      self = .cpu
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let isPlain = parts.count == 1
    guard parts[0] == "cuda",
      let index = isPlain ? 0 : Int(parts[1]), (0..<128).contains(index),
      isPlain || parts[1] == "\(index)"
    else {
      throw TorchError(
        code: .invalidDevice, message: "cannot use the device \"\(text)\": there is no such name",
        remedy: "Write \(Self.available).")
    }
    guard index < Self.cudaCount else {
      let found =
        !LibTorch.isCUDABuild
        ? "this LibTorch \(LibTorch.version) is built for the CPU only"
        : "LibTorch \(LibTorch.version) finds \(Self.cudaCount) GPUs"
      throw TorchError(
        code: .missingDevice, message: "cannot use the device \"\(text)\": \(found)",
        remedy: "Available here: \(Self.available).")
    }
    self = .cuda(index)
  }

  private init(kind: Kind) { self.kind = kind }

  init(code: ctorch_device) {
    switch code.type {
    case CTORCH_CPU: self = .cpu
    case CTORCH_CUDA: self = Device(kind: .cuda(Int(code.index)))
    default: preconditionFailure("The tensor is on a device that this module cannot name.")
    }
  }

  var code: ctorch_device {
    switch kind {
    case .cpu: ctorch_device(type: CTORCH_CPU, index: 0)
    case .cuda(let index): ctorch_device(type: CTORCH_CUDA, index: Int32(index))
    }
  }

  /// The name, as ``init(parsing:)`` takes it: `cpu` or `cuda:0`.
  public var description: String {
    switch kind {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }

  /// The names of all devices of this machine, for messages.
  private static var available: String {
    (["cpu"] + (0..<cudaCount).map { "cuda:\($0)" }).joined(separator: ", ")
  }
}
