// SPDX-License-Identifier: Apache-2.0

import CTorch

extension Tensor {
  /// Makes a tensor by copying an array in row-major order.
  ///
  /// The array's type decides the tensor's: `Float` makes `float32`, `Double` `float64`, `Int`
  /// `int64`. A literal of real numbers is an array of `Double`; write `[1.5] as [Float]`.
  ///
  /// - Parameters:
  ///   - values: The elements.
  ///   - shape: The shape; without it the tensor has one dimension.
  ///   - device: Where the elements go.
  /// - Precondition: The product of the shape is the number of values.
  public convenience init<Element: TensorElement>(
    _ values: [Element], shape: [Int]? = nil, device: Device = .cpu
  ) {
    let shape = shape ?? [values.count]
    let needed = shape.reduce(1, *)
    precondition(
      needed == values.count && shape.allSatisfy { $0 >= 0 },
      "A tensor of shape \(shape) cannot be made of \(values.count) values.")
    self.init(
      owning: values.withUnsafeBytes {
        Tensor.makeHandle(bytes: $0, dtype: Element.dtype, shape: shape, device: device)
      })
  }

  /// Makes a tensor by copying bytes: elements in row-major order and the machine's byte order.
  ///
  /// - Precondition: The number of bytes is the product of the shape times the type's size.
  public convenience init(
    copying bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int], device: Device = .cpu
  ) {
    self.init(
      owning: Tensor.makeHandle(bytes: bytes, dtype: dtype, shape: shape, device: device))
  }

  /// Makes a scalar: a tensor without dimensions.
  public convenience init(
    _ value: some TensorScalar, dtype: DType = .float32, device: Device = .cpu
  ) {
    var result: OpaquePointer?
    let status = [].withPointer { sizes, rank in
      ctorch_full(sizes, rank, value.scalar.code, dtype.code, device.code, &result)
    }
    if status != CTORCH_OK {
      handleFailure(status, operation: "a scalar on \(device)", operands: [])
    }
    self.init(owning: result ?? ctorch_tensor_placeholder())
  }

  private static func makeHandle(
    bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int], device: Device
  ) -> OpaquePointer {
    var result: OpaquePointer?
    let status = shape.withPointer { sizes, rank in
      ctorch_tensor_from_bytes(
        bytes.baseAddress, bytes.count, dtype.code, sizes, rank, device.code, &result)
    }
    if status == CTORCH_OK, let result { return result }
    handleFailure(
      status, operation: "a tensor of shape \(shape) \(dtype) on \(device) from bytes",
      operands: [])
    return ctorch_tensor_placeholder()
  }

  /// Returns a tensor of zeros (`false` for `bool`).
  public static func zeros(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    full(shape, value: 0, dtype: dtype, device: device)
  }

  /// Returns a tensor of ones (`true` for `bool`).
  public static func ones(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    full(shape, value: 1, dtype: dtype, device: device)
  }

  /// Returns a tensor whose elements all have one value.
  public static func full(
    _ shape: [Int], value: some TensorScalar, dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    perform("full(\(shape), value: \(value), dtype: \(dtype), device: \(device))", []) { result in
      shape.withPointer { ctorch_full($0, $1, value.scalar.code, dtype.code, device.code, result) }
    }
  }

  /// Returns the integers from 0 up to, and without, `count`, shape `[count]`.
  public static func arange(
    _ count: Int, dtype: DType = .int64, device: Device = .cpu
  ) -> Tensor {
    perform("arange(\(count), dtype: \(dtype), device: \(device))", []) {
      ctorch_arange(count, dtype.code, device.code, $0)
    }
  }

  /// Joins tensors along an existing dimension; all other dimensions agree.
  public static func concatenate(_ tensors: [Tensor], dimension: Int = 0) -> Tensor {
    perform("concatenate(dimension: \(dimension))", tensors) { result in
      withHandles(of: tensors) { ctorch_concatenate($0, $1, dimension, result) }
    }
  }

  /// Joins tensors of one shape along a new dimension.
  public static func stack(_ tensors: [Tensor], dimension: Int = 0) -> Tensor {
    perform("stack(dimension: \(dimension))", tensors) { result in
      withHandles(of: tensors) { ctorch_stack($0, $1, dimension, result) }
    }
  }
}
