// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP
import Runtime

/// The download of a record's files into a folder.
public struct Fetch: Sendable {
  /// What a folder has of a file.
  public enum Status: Sendable, Equatable {
    /// The whole file; its checksum was verified, or will be.
    case present
    /// So many bytes, behind which the download goes on if the server still has the same version.
    case partial(Int)
    /// Nothing.
    case missing
  }

  /// A file and what the folder has of it.
  public struct Item: Sendable, Equatable {
    /// The file.
    public let file: Record.File
    /// What the folder has of it.
    public let status: Status
  }

  /// The record.
  public let record: Record
  /// The folder of its files.
  public let folder: String
  private let wanted: [Record.File]
  private let portal: Portal
  private let client: HTTPClient

  /// Chooses files.
  ///
  /// - Parameters:
  ///   - record: The record.
  ///   - filter: A pattern of file names with `*`, `?` and `[...]`; `nil` for all.
  ///   - folder: The folder for the files, which need not exist.
  ///   - portal: Where the record is from.
  ///   - client: What sends requests.
  /// - Throws: ``OpenDataError`` with code `noFiles`.
  public init(
    _ record: Record, filter: String? = nil, into folder: String, portal: Portal,
    client: HTTPClient = .shared
  ) throws(OpenDataError) {
    self.record = record
    self.folder = folder
    self.portal = portal
    self.client = client
    wanted = record.files.filter { filter == nil || fnmatch(filter ?? "", $0.name, 0) == 0 }
    guard wanted.isEmpty else { return }
    let found =
      record.files.isEmpty
      ? "it has none; those that it announces may be on tape, and have to be asked for on its page "
        + "\(portal.address)/record/\(record.identifier)."
      : "none of its \(record.files.count) files matches \(filter ?? ""). It has "
        + record.files.prefix(5).map(\.name).joined(separator: ", ")
        + (record.files.count > 5 ? ", …" : "") + "."
    throw OpenDataError(
      .noFiles, "cannot fetch files of the record \(record.identifier): \(found)")
  }

  private func download(of file: Record.File) -> Download {
    Download(file: file, addresses: portal.addresses(of: file), folder: folder, client: client)
  }

  /// The files that are wanted, and what the folder has of them.
  public var items: [Item] {
    wanted.map { file in
      let download = download(of: file)
      let status: Status =
        sizeOfFile(download.path) == file.size
        ? .present : download.partLength > 0 ? .partial(download.partLength) : .missing
      return Item(file: file, status: status)
    }
  }

  /// Downloads what is missing, verifies everything, and writes the manifest.
  ///
  /// After an interruption, or an error that passes, the next call goes on.
  ///
  /// - Parameter progress: Is told how far each file is.
  /// - Returns: The manifest, which is in the folder too.
  /// - Throws: ``OpenDataError``, `HTTPError`, `FileSystemError`, `InterruptedError`.
  @discardableResult
  public func run(progress: ProgressReporter) throws -> FetchManifest {
    if let file = wanted.first(where: { $0.isOnTape && sizeOfFile("\(folder)/\($0.name)") == nil })
    {
      throw OpenDataError(
        .onTape,
        "cannot download \(file.name): it is on tape. Ask for the files on the page of the record, "
          + "\(portal.address)/record/\(record.identifier), and run the command again when they "
          + "are there.")
    }
    try createFolder(folder)
    let path = "\(folder)/\(FetchManifest.fileName)"
    var done: [String: FetchManifest.File] = [:]
    // What was verified once need not be read again.
    if let manifest = try? FetchManifest(path: path), manifest.record == record.identifier {
      for file in manifest.files where sizeOfFile("\(folder)/\(file.name)") == file.size {
        done[file.name] = file
      }
    }
    for file in wanted {
      if let known = done[file.name], known.size == file.size,
        known.checksum == nil || file.checksum == nil || known.checksum == file.checksum
      {
        continue
      }
      done[file.name] = nil
      let url = try verified(file, progress: progress) ?? downloaded(file, progress: progress)
      done[file.name] = .init(name: file.name, size: file.size, checksum: file.checksum, url: url)
      try manifest(done, isComplete: false).write(to: folder)
    }
    let manifest = manifest(done, isComplete: true)
    try manifest.write(to: folder)
    return manifest
  }

  private func manifest(
    _ done: [String: FetchManifest.File], isComplete: Bool
  ) -> FetchManifest {
    FetchManifest(
      record: record, portal: portal.address, isComplete: isComplete,
      files: record.files.compactMap { done[$0.name] })
  }

  /// Returns the address of a file that is there already, or `nil` if it must be downloaded.
  private func verified(_ file: Record.File, progress: ProgressReporter) throws -> String? {
    let path = "\(folder)/\(file.name)"
    guard sizeOfFile(path) == file.size else { return nil }
    if let expected = file.checksum, expected.hasPrefix("adler32:") {
      let found = try Adler32.ofFile(path) { count in
        report(progress, "verify \(file.name)", count, of: file.size)
      }
      guard found == expected else { return nil }
    }
    return portal.addresses(of: file).first ?? file.uri
  }

  private func downloaded(_ file: Record.File, progress: ProgressReporter) throws -> String {
    try download(of: file).run { count in
      report(progress, "fetch \(file.name)", count, of: file.size)
    }
  }

  private func report(_ progress: ProgressReporter, _ task: String, _ done: Int, of size: Int) {
    progress.update(task: task, done: done / 1_000_000, total: size / 1_000_000, unit: "MB")
  }
}
