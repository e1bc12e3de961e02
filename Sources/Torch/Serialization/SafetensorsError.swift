// SPDX-License-Identifier: Apache-2.0

/// An error met while reading a safetensors file.
public struct SafetensorsError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable {
    /// The file is shorter than its header says.
    case truncated
    /// The header is not what the format allows.
    case invalidHeader
    /// A tensor's type, shape or position contradicts itself or the file.
    case invalidTensor
    /// The file has no tensor of that name.
    case missingTensor
    /// The tensor has another element type or shape than asked for.
    case typeMismatch
  }

  /// What kind of failure this is, for programs.
  public let code: Code
  /// The file.
  public let path: String
  /// The tensor, where one is at fault.
  public let tensor: String?
  /// What was found and what was expected.
  public let statement: String
  /// What to do, as a sentence; may be empty.
  public let remedy: String

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - code: What kind of failure this is.
  ///   - path: The file.
  ///   - tensor: The tensor, where one is at fault.
  ///   - statement: What was found and what was expected.
  ///   - remedy: What to do, as a sentence.
  public init(
    code: Code, path: String, tensor: String? = nil, statement: String, remedy: String = ""
  ) {
    self.code = code
    self.path = path
    self.tensor = tensor
    self.statement = statement
    self.remedy = remedy
  }

  /// One line: what was tried, on what, what was found, what to do.
  public var description: String {
    "cannot read \(tensor.map { "the tensor \($0) of " } ?? "")\(path): \(statement)."
      + (remedy.isEmpty ? "" : " \(remedy)")
  }
}
