// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// What was downloaded from a record: `manifest.json` beside the files.
///
/// A sample of a configuration may name it instead of its files.
public struct FetchManifest: Codable, Sendable, Equatable {
  /// A downloaded file.
  public struct File: Codable, Sendable, Equatable {
    /// The name, in the folder of the manifest.
    public var name: String
    /// The length in bytes.
    public var size: Int
    /// The checksum, as in `adler32:0a1b2c3d`, which was found in the file; `nil` if the record
    /// has none.
    public var checksum: String?
    /// Where it was downloaded from.
    public var url: String
  }

  /// The name of the file.
  public static let fileName = "manifest.json"
  private static let currentFormat = "lorentz-fetch-1"

  /// The format of the manifest.
  public var format = currentFormat
  /// The number of the record.
  public var record: String
  /// The address of the portal.
  public var portal: String
  /// The title of the record.
  public var title: String
  /// The digital object identifier of the record.
  public var doi: String?
  /// Whether all files that were wanted are there.
  public var isComplete: Bool
  /// The files, in the order of the record.
  public var files: [File]

  /// Writes the manifest into a folder.
  ///
  /// - Throws: `FileSystemError`.
  func write(to folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeAtomically(
      String(decoding: try encoder.encode(self), as: UTF8.self) + "\n",
      to: "\(folder)/\(Self.fileName)")
  }

  /// Reads a manifest.
  ///
  /// - Throws: ``OpenDataError`` with code `invalidManifest`.
  public init(path: String) throws(OpenDataError) {
    func wrong(_ found: String) -> OpenDataError {
      OpenDataError(
        .invalidManifest,
        "cannot read the manifest \(path): \(found). Name the manifest.json that lorentz fetch "
          + "wrote, or run it again.")
    }
    let data: Data
    do { data = try readFile(path) } catch { throw wrong(error.reason) }
    do { self = try JSONDecoder().decode(FetchManifest.self, from: data) } catch {
      throw wrong("it is not of the form that lorentz fetch writes")
    }
    guard format == Self.currentFormat else {
      throw wrong("its format is \(format), this program knows \(Self.currentFormat)")
    }
    if let name = files.map(\.name).first(where: { !Record.isFileName($0) }) {
      throw wrong("\"\(name)\" is no name of a file")
    }
  }

  /// Makes a manifest.
  init(record: Record, portal: String, isComplete: Bool, files: [File]) {
    self.record = record.identifier
    self.portal = portal
    title = record.title
    doi = record.doi
    self.isComplete = isComplete
    self.files = files
  }

  /// Returns the paths of the files after checking that they are there as a whole.
  ///
  /// - Parameter path: The path of the manifest.
  /// - Returns: The paths, in the order of the record.
  /// - Throws: ``OpenDataError`` with code `invalidManifest`.
  public static func files(ofManifest path: String) throws(OpenDataError) -> [String] {
    let manifest = try FetchManifest(path: path)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    let remedy =
      "Run again: lorentz fetch \(manifest.record) -o \(folder.deletingLastPathComponent().path)"
    if !manifest.isComplete {
      throw OpenDataError(
        .invalidManifest,
        "cannot use the manifest \(path): the download was interrupted after "
          + "\(manifest.files.count) files. \(remedy)")
    }
    var paths: [String] = []
    for file in manifest.files {
      let target = "\(folder.path)/\(file.name)"
      guard let size = sizeOfFile(target), size == file.size else {
        throw OpenDataError(
          .invalidManifest,
          "cannot use the manifest \(path): \(file.name) "
            + (sizeOfFile(target).map { "has \($0) bytes instead of \(file.size)" }
              ?? "is not beside it")
            + ". \(remedy)")
      }
      paths.append(target)
    }
    return paths
  }
}

/// Returns the length of a file, or `nil` if there is none.
func sizeOfFile(_ path: String) -> Int? {
  var information = stat()
  guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
  return Int(information.st_size)
}
