// SPDX-License-Identifier: Apache-2.0

/// An error met while reading a ROOT file.
///
///     cannot read basket 12 of Events/Muon_pt in muons.root at byte 48230144: …
///
/// The facts are in the properties; ``description`` is the sentence made of them.
public struct ROOTFileError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for programs.
  public enum Code: String, Sendable, CaseIterable {
    /// The file does not exist.
    case notFound
    /// The file may not be read.
    case notPermitted
    /// The path names a folder, a device or the like.
    case notAFile
    /// The file has no bytes.
    case empty
    /// The file does not start as a ROOT file does.
    case notROOT
    /// The file ends before what it announces.
    case truncated
    /// The bytes contradict each other, a checksum or a compressed stream.
    case corrupted
    /// The file is sound as far as read, but uses something that this reader does not know.
    case unsupported
    /// No tree, or no branch, has the name asked for.
    case missingObject
    /// The entries asked for are not in the tree.
    case outOfRange
    /// The server does not send the bytes: it cannot be reached, knows no range requests, or has
    /// another file by now; or the user stopped. ``ROOTFileError/cause`` is its error.
    case network
    /// Any other answer of the operating system.
    case system
  }

  /// Where in which file the failure lies, as far as it is known.
  public struct Location: Sendable, Equatable {
    /// The path of the file.
    public var file: String
    /// The object inside the file, as in `Events/Muon_pt`.
    public var object: String?
    /// The index of the basket in its branch.
    public var basket: Int?
    /// The index of the page in its column of an RNTuple.
    public var page: Int?
    /// The position in the file, or in the decompressed record, from its start.
    public var byteOffset: Int?

    /// Makes a location.
    public init(
      file: String, object: String? = nil, basket: Int? = nil, page: Int? = nil,
      byteOffset: Int? = nil
    ) {
      self.file = file
      self.object = object
      self.basket = basket
      self.page = page
      self.byteOffset = byteOffset
    }
  }

  /// What kind of failure this is, for programs.
  public var code: Code
  /// What was found instead, and what to do.
  public var message: String
  /// The file, the object, the basket or page, and the position.
  public var location: Location
  /// The error that caused this one, if any.
  public var cause: (any Error)?

  /// Makes an error.
  public init(
    code: Code, message: String, location: Location, cause: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.location = location
    self.cause = cause
  }

  /// One line: what was tried, on what and where, what was found, what to do.
  public var description: String {
    var subject = ""
    if let basket = location.basket { subject += "basket \(basket) of " }
    if let page = location.page { subject += "page \(page) of " }
    if let object = location.object { subject += "\(object) in " }
    subject += location.file
    if let offset = location.byteOffset { subject += " at byte \(offset)" }
    return "cannot read \(subject): \(message)"
  }

  /// What to do about a file that ends too early.
  static let truncationRemedy = "The file is probably truncated; download or copy it again."
  /// What to do about bytes that contradict each other.
  static let corruptionRemedy = "The file is damaged; download or copy it again."
}

/// A failure deep inside a decoder, which knows only the bytes; outer layers add file and object.
struct DecodingFailure: Error {
  var code: ROOTFileError.Code
  var message: String
  /// From the start of the record, or of the file.
  var byteOffset: Int?
  /// The error that caused this one, if any.
  var cause: (any Error)?

  /// Makes the error that users see.
  func located(
    file: String, object: String? = nil, basket: Int? = nil, page: Int? = nil, base: Int = 0
  ) -> ROOTFileError {
    ROOTFileError(
      code: code, message: message,
      location: .init(
        file: file, object: object, basket: basket, page: page,
        byteOffset: byteOffset.map { $0 + base }), cause: cause)
  }

  static func truncated(
    needed: Int, left: Int, what: String, at offset: Int
  ) -> DecodingFailure {
    DecodingFailure(
      code: .truncated,
      message: "\(what) needs \(needed) bytes, \(max(0, left)) are left. "
        + ROOTFileError.truncationRemedy,
      byteOffset: offset)
  }

  static func corrupted(_ found: String, at offset: Int?) -> DecodingFailure {
    DecodingFailure(
      code: .corrupted, message: "\(found). \(ROOTFileError.corruptionRemedy)", byteOffset: offset)
  }

  static func unsupported(_ found: String, at offset: Int? = nil) -> DecodingFailure {
    DecodingFailure(code: .unsupported, message: "unsupported: \(found).", byteOffset: offset)
  }
}
