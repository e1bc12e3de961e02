// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A record of an open data portal: what it is about, and its files.
public struct Record: Sendable, Equatable {
  /// A file of a record.
  public struct File: Sendable, Equatable {
    /// The name, without folders.
    public let name: String
    /// The length in bytes.
    public let size: Int
    /// The checksum, as in `adler32:0a1b2c3d`; `nil` if the record has none.
    public let checksum: String?
    /// Where the file is, as the record says: `root://…` or `https://…`.
    public let uri: String
    /// Whether it must be asked for before it can be read, because it is on tape.
    public let isOnTape: Bool
  }

  /// The number of the record, as the portal writes it.
  public let identifier: String
  /// The title.
  public let title: String
  /// The digital object identifier, as in `10.7483/OPENDATA.CMS.GV20.PR5T`.
  public let doi: String?
  /// The files, each once, those of file indices included.
  public let files: [File]

  /// Reads what the portal says about a record.
  ///
  /// Files are `metadata.files` or `metadata._files`, and the lists `files` of
  /// `metadata._file_indices`; each has `uri`, `size` and `checksum`, and may have `key` and
  /// `availability` (`online` or `on demand`).
  ///
  /// - Parameters:
  ///   - data: The answer to `GET /api/records/RECORD`, in JSON.
  ///   - address: Where it came from, for errors.
  /// - Throws: ``OpenDataError`` with code `invalidRecord`.
  ///
  /// Source: https://opendata.cern.ch/docs/cod-search-tips and the portal's program,
  /// https://github.com/cernopendata/opendata.cern.ch (module `records`).
  public init(_ data: Data, from address: String) throws(OpenDataError) {
    func wrong(_ found: String) -> OpenDataError {
      OpenDataError(
        .invalidRecord,
        "cannot read the record \(address): \(found). Check that --portal is the address of a CERN "
          + "Open Data portal.")
    }
    guard let root = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
      throw wrong("the answer is not a JSON object")
    }
    guard let metadata = root["metadata"] as? [String: Any] else {
      throw wrong("the answer has no \"metadata\"")
    }
    func text(_ value: Any?) -> String? {
      switch value {
      case let text as String: text
      case let number as NSNumber: number.stringValue
      default: nil
      }
    }
    identifier = text(metadata["recid"]) ?? text(root["id"]) ?? ""
    title = text(metadata["title"]) ?? ""
    doi = text(metadata["doi"])
    var items: [[String: Any]] = []
    for key in ["files", "_files"] { items += metadata[key] as? [[String: Any]] ?? [] }
    for index in metadata["_file_indices"] as? [[String: Any]] ?? [] {
      items += index["files"] as? [[String: Any]] ?? []
    }
    var files: [File] = []
    var known: Set<String> = []
    for item in items {
      guard let uri = text(item["uri"]) else { throw wrong("a file has no \"uri\"") }
      // `files` and `_files` list the same.
      guard known.insert(uri).inserted else { continue }
      guard let size = (item["size"] as? NSNumber).flatMap({ Int(exactly: $0) }), size >= 0 else {
        throw wrong("the file \(uri) has no \"size\"")
      }
      let name = uri.split(separator: "/").last.map(String.init) ?? ""
      guard Self.isFileName(name) else { throw wrong("the file \(uri) has no name") }
      files.append(
        File(
          name: name, size: size, checksum: text(item["checksum"])?.lowercased(), uri: uri,
          isOnTape: text(item["availability"]).map { $0 != "online" } ?? false))
    }
    // Two files of one name would overwrite each other.
    for (name, same) in Dictionary(grouping: files, by: \.name) where same.count > 1 {
      throw wrong("\(same.count) files have the name \(name)")
    }
    self.files = files
  }

  /// Whether a name is one of a file in a folder, and of no hidden one: no record may write
  /// elsewhere.
  static func isFileName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !name.contains("\0")
  }
}
