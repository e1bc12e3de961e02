// SPDX-License-Identifier: Apache-2.0

/// An augmentation that does not fit the events.
public struct AugmentationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// The acceptance names a kind of object that the events do not have.
    case unknownKind
    /// The acceptance limits the pseudorapidity of a kind that has none.
    case noEta
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// What was found, what was expected and what to do.
  public let description: String
}
