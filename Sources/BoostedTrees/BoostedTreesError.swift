// SPDX-License-Identifier: Apache-2.0

/// An error met while trees are trained, saved or used.
public struct BoostedTreesError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// An input, a label or a weight is not what trees can be trained with.
    case invalidData
    /// What was read is no model, or one for other inputs.
    case invalidModel
    /// XGBoost refused a call for another reason.
    case failed
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// What was tried, on what, what was found, and what to do; XGBoost's own words where it has some.
  public let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
