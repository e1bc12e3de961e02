// SPDX-License-Identifier: Apache-2.0

/// Which objects of a batch are hidden from the model, and what of them.
public struct ObjectMask: Sendable {
  /// `true` where momentum and features are hidden.
  ///
  /// One entry for each object of the batch.
  public var hidesMomentum: [Bool]
  /// `true` where the kind is hidden, and with it mass and features, which would give it away.
  public var hidesKind: [Bool]

  /// Makes a mask that hides nothing.
  ///
  /// - Parameter objectCount: Number of objects in the batch.
  public init(objectCount: Int) {
    hidesMomentum = [Bool](repeating: false, count: objectCount)
    hidesKind = hidesMomentum
  }
}
