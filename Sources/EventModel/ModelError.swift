// SPDX-License-Identifier: Apache-2.0

/// An error met while a model is saved, opened or fitted to a schema.
public struct ModelError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// The folder is not a checkpoint, or lacks a file.
    case notACheckpoint
    /// A file of the checkpoint cannot be understood.
    case corrupted
    /// The checkpoint reads other objects, features or scalars than the data has.
    case schemaMismatch
    /// There is no event to train on.
    case tooFewEvents
    /// The weights of a mixture do not fit the samples.
    case invalidMixture
    /// The configuration of a model has no sample of that name.
    case unknownSample
    /// A process that is to be told from others is no sample.
    case unknownProcess
    /// The processor or the device does not know the precision asked for.
    case unsupportedPrecision
    /// The loss or a parameter is NaN or infinite.
    case nonFinite
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// What was tried, on what, what was found, and what to do.
  public let description: String

  /// Makes an error.
  public init(code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
