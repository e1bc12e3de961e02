// SPDX-License-Identifier: Apache-2.0

/// A tensor that training changes.
public final class Parameter {
  /// The values: a leaf that requires a gradient while the parameter is trainable.
  public private(set) var value: Tensor

  /// Whether gradients are computed and optimizers change the values.
  public var isTrainable: Bool {
    didSet {
      value.requiresGradient = isTrainable
      if !isTrainable { value.gradient = nil }
    }
  }

  /// Makes a trainable parameter.
  ///
  /// - Parameter value: The first values, real numbers; the parameter takes the elements over.
  public init(_ value: Tensor) {
    precondition(
      value.dtype.isFloatingPoint, "A parameter is made of real numbers, not \(value.dtype).")
    self.value = value.detached()
    isTrainable = true
    self.value.requiresGradient = true
  }

  /// Moves the values to a device.
  ///
  /// The gradient is dropped, and an optimizer made before keeps the old values: move first.
  public func move(to device: Device) {
    value = value.detached().to(device: device).detached()
    value.requiresGradient = isTrainable
  }
}

/// A part of a network: parameters of its own, and parts that it is made of.
///
/// The names are spelled out, so that renaming a Swift property never breaks a stored model:
///
///     final class Block: Module {
///       let norm: LayerNorm
///       let projection: Linear
///       var children: [(name: String, module: any Module)] {
///         [("norm", norm), ("projection", projection)]
///       }
///     }
public protocol Module: AnyObject {
  /// The parameters that belong to no child, with their names, in a fixed order.
  var ownParameters: [(name: String, parameter: Parameter)] { get }
  /// The parts, with their names, in a fixed order.
  var children: [(name: String, module: any Module)] { get }
}

extension Module {
  /// None.
  public var ownParameters: [(name: String, parameter: Parameter)] { [] }
  /// None.
  public var children: [(name: String, module: any Module)] { [] }

  /// Returns all parameters with their full names, as in `encoder.0.attention.weight`: first the
  /// module's own, then those of its children, in order.
  ///
  /// - Precondition: The names are unique, not empty, and hold no period inside one part.
  public func namedParameters() -> [(name: String, parameter: Parameter)] {
    var result: [(name: String, parameter: Parameter)] = []
    collectParameters(prefix: "", into: &result)
    var seen: Set<String> = []
    for (name, _) in result {
      precondition(seen.insert(name).inserted, "Two parameters have the name \(name).")
    }
    return result
  }

  /// Returns all parameters, in the order of ``namedParameters()``.
  public func parameters() -> [Parameter] { namedParameters().map(\.parameter) }

  /// The number of trainable and fixed numbers in all parameters.
  public var parameterCount: Int {
    parameters().reduce(0) { $0 + $1.value.elementCount }
  }

  /// Moves all parameters to a device, before an optimizer is made for them.
  public func move(to device: Device) {
    for parameter in parameters() { parameter.move(to: device) }
  }

  /// Sets whether gradients are computed for all parameters of this part.
  public func setTrainable(_ isTrainable: Bool) {
    for parameter in parameters() { parameter.isTrainable = isTrainable }
  }

  private func collectParameters(
    prefix: String, into result: inout [(name: String, parameter: Parameter)]
  ) {
    for (name, parameter) in ownParameters {
      checkName(name)
      result.append((prefix + name, parameter))
    }
    for (name, module) in children {
      checkName(name)
      module.collectParameters(prefix: prefix + name + ".", into: &result)
    }
  }

  private func checkName(_ name: String) {
    precondition(
      !name.isEmpty && !name.contains("."),
      "The name \"\(name)\" of a part of \(type(of: self)) is empty or holds a period.")
  }
}
