// SPDX-License-Identifier: Apache-2.0

import CTorch

/// An array of numbers of one type with any number of dimensions, on a device, that can record
/// how it was computed.
///
///     let x = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
///     let y = (x * 2 + 1).sum()       // 24
///
/// A tensor is a reference to LibTorch's own; operations make new ones. Operations do not throw:
/// shapes or types that do not fit are the programmer's fault and end the program with LibTorch's
/// words, the operation and the shapes. Memory that runs out is reported by ``withTorchErrors(_:)``.
///
/// Tensors may be passed between threads. What changes one in place (``copy(from:)``,
/// ``backward(gradient:)``, an optimizer) must not run while another thread uses it.
///
/// A `dimension` counts from 0; a negative one counts from the end.
public final class Tensor: @unchecked Sendable {
  let handle: OpaquePointer

  /// Takes over a handle.
  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { ctorch_tensor_free(handle) }

  /// The number of tensors that exist, over all threads, to find leaks in tests.
  package static var liveCount: Int { ctorch_tensor_live_count() }
}

extension Tensor {
  /// The length of every dimension; empty for a scalar.
  public var shape: [Int] {
    let rank = ctorch_tensor_rank(handle)
    return [Int](unsafeUninitializedCapacity: rank) { buffer, count in
      if let base = buffer.baseAddress { ctorch_tensor_sizes(handle, base) }
      count = rank
    }
  }

  /// The number of dimensions; 0 for a scalar.
  public var rank: Int { ctorch_tensor_rank(handle) }

  /// The number of elements: the product of the shape.
  public var elementCount: Int { ctorch_tensor_element_count(handle) }

  /// The type of the elements.
  public var dtype: DType { DType(code: ctorch_tensor_dtype(handle)) }

  /// Where the elements are.
  public var device: Device { Device(code: ctorch_tensor_device(handle)) }

  /// Returns the length of one dimension.
  ///
  /// - Precondition: The tensor has that dimension.
  public func size(_ dimension: Int) -> Int {
    let shape = shape
    let index = dimension < 0 ? dimension + shape.count : dimension
    precondition(
      shape.indices.contains(index), "A tensor of shape \(shape) has no dimension \(dimension).")
    return shape[index]
  }
}

extension Tensor: CustomStringConvertible {
  /// The shape, the type and, unless it is the CPU, the device, as in `[2, 3] float32`.
  public var description: String {
    let device = device
    return "\(shape) \(dtype)" + (device == .cpu ? "" : " \(device)")
  }
}
