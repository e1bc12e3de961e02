// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  /// Returns the elements in row-major order, converted to a Swift type.
  ///
  /// Waits for the device to finish.
  public func values<Element: TensorElement>(as type: Element.Type = Element.self) -> [Element] {
    let count = elementCount
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      // A call that is skipped after memory ran out writes nothing.
      buffer.initialize(repeating: Element())
      Tensor.execute("values(as: \(Element.self))", [self]) {
        ctorch_tensor_to_bytes(
          handle, Element.dtype.code, bytes.baseAddress, count * Element.dtype.byteCount)
      }
      initialized = count
    }
  }

  /// Returns the elements in row-major order as `Float`.
  public func floats() -> [Float] { values() }

  /// Returns the elements in row-major order as `Double`.
  public func doubles() -> [Double] { values() }

  /// Returns the elements in row-major order as `Int64`; real numbers lose their fraction.
  public func int64s() -> [Int64] { values() }

  /// Returns the elements in row-major order as `Bool`; all but 0 are `true`.
  public func bools() -> [Bool] { values() }

  /// Returns the bytes of the elements in row-major order and the machine's byte order.
  public func bytes() -> [UInt8] {
    let dtype = dtype
    let count = elementCount * dtype.byteCount
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      buffer.initialize(repeating: 0)
      Tensor.execute("bytes()", [self]) {
        ctorch_tensor_to_bytes(handle, dtype.code, buffer.baseAddress, count)
      }
      initialized = count
    }
  }

  /// Returns the only element.
  ///
  /// Waits for the device to finish. NaN where the call is skipped because memory ran out earlier
  /// in a ``withTorchErrors(_:)`` scope.
  ///
  /// - Precondition: The tensor has one element.
  public func item() -> Double {
    var value = Double.nan
    Tensor.execute("item()", [self]) { ctorch_tensor_item(handle, &value) }
    return value
  }

  /// Returns the tensor on a device; the same elements if it is there already.
  public func to(device: Device) -> Tensor {
    Tensor.perform("to(device: \(device))", [self]) {
      ctorch_to_device(handle, device.code, $0)
    }
  }

  /// Returns the tensor with its elements converted; the same elements if they have that type.
  public func to(dtype: DType) -> Tensor {
    Tensor.perform("to(dtype: \(dtype))", [self]) { ctorch_to_dtype(handle, dtype.code, $0) }
  }

  /// Returns the tensor in row-major order; the same elements if they are so already.
  public func contiguous() -> Tensor {
    Tensor.perform("contiguous()", [self]) { ctorch_contiguous(handle, $0) }
  }

  /// Returns a copy with elements of its own, through which gradients flow.
  public func cloned() -> Tensor {
    Tensor.perform("cloned()", [self]) { ctorch_clone(handle, $0) }
  }

  /// Overwrites the elements, in place, without a trace in the graph of gradients.
  ///
  /// - Parameter source: A tensor of the same shape, of any type and on any device.
  public func copy(from source: Tensor) {
    Tensor.execute("copy(from:)", [self, source]) { ctorch_copy(handle, source.handle) }
  }
}
