// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP
import Runtime
import Synchronization

/// The download of one file of a record.
///
/// Bytes go to `.NAME.part` beside the file, and what they are a part of to `.NAME.part.json`. The
/// next download goes on behind them if the server still has the same version. Only a file with
/// the right length and checksum gets its name.
struct Download {
  let file: Record.File
  /// Where it may be read, the likeliest address first.
  let addresses: [String]
  let folder: String
  let client: HTTPClient

  /// How many bytes are asked for in a request; four are under way at a time.
  private static let pieceLength = 8 << 20

  var path: String { "\(folder)/\(file.name)" }
  private var partPath: String { "\(folder)/.\(file.name).part" }
  private var notePath: String { partPath + ".json" }

  /// What a part belongs to.
  private struct Note: Codable, Equatable {
    let size: Int
    let version: String
  }

  /// How many bytes of the file were downloaded before, and are not verified yet.
  var partLength: Int { sizeOfFile(partPath) ?? 0 }

  /// Downloads the file and gives it its name.
  ///
  /// - Parameter progress: Is told how many bytes there are.
  /// - Returns: The address that it came from.
  /// - Throws: `HTTPError` of the first address, ``OpenDataError``, `FileSystemError`,
  ///   `InterruptedError`, after which the next download goes on.
  func run(progress: @escaping @Sendable (Int) -> Void) throws -> String {
    var firstFailure: (any Error)?
    for address in addresses {
      do {
        try download(from: address, progress: progress)
        return address
      } catch let error as HTTPError {
        firstFailure = firstFailure ?? error
      }
    }
    throw firstFailure
      ?? OpenDataError(.noFiles, "cannot download \(file.name): the record has no address of it.")
  }

  private func download(
    from address: String, progress: @escaping @Sendable (Int) -> Void
  ) throws {
    let remote: RemoteFile
    do {
      remote = try RemoteFile(address, startLength: 1, client: client)
    } catch let error as HTTPError where error.code == .rangesIgnored {
      try downloadWhole(from: address, progress: progress)
      return
    }
    try checkSize(remote.size, of: address)
    let part = try PartialFile(path: partPath)
    let note = remote.version.map { Note(size: remote.size, version: $0) }
    // Without a version nobody can tell whether the part is one of this file.
    if note == nil || note != readNote() || part.length > remote.size { try part.truncate() }
    if let note { try writeAtomically(try JSONEncoder().encode(note), to: notePath) }
    try part.readChecksum(progress: progress)
    while part.length < remote.size {
      try Interruption.check()
      let window = part.length..<min(remote.size, part.length + 4 * Self.pieceLength)
      try part.append(try bytes(of: window, from: remote) { progress($0) })
    }
    try finish(part, from: address)
  }

  /// Reads some bytes, in pieces side by side.
  private func bytes(
    of window: Range<Int>, from remote: RemoteFile, progress: @escaping @Sendable (Int) -> Void
  ) throws -> Data {
    let received = Mutex((data: Data(count: window.count), count: 0))
    let pieces = stride(from: window.lowerBound, to: window.upperBound, by: Self.pieceLength)
      .map { $0..<min(window.upperBound, $0 + Self.pieceLength) }
    try remote.read(pieces) { data, offset in
      let count = received.withLock { received in
        let start = offset - window.lowerBound
        received.data.replaceSubrange(start..<(start + data.count), with: data)
        received.count += data.count
        return received.count
      }
      progress(window.lowerBound + count)
    }
    return received.withLock { $0.data }
  }

  /// Downloads from a server that sends nothing but whole files.
  private func downloadWhole(
    from address: String, progress: @escaping @Sendable (Int) -> Void
  ) throws {
    let part = try PartialFile(path: partPath)
    unlink(notePath)
    try client.read(
      address, begin: { try part.truncate() },
      receive: { data in
        try part.append(data)
        if part.length > file.size { try checkSize(part.length, of: address) }
        progress(part.length)
      })
    try finish(part, from: address)
  }

  private func finish(_ part: PartialFile, from address: String) throws {
    try checkSize(part.length, of: address)
    let found = part.checksum
    if let expected = file.checksum, expected.hasPrefix("adler32:"), expected != found {
      unlink(partPath)
      unlink(notePath)
      throw OpenDataError(
        .wrongChecksum,
        "cannot use \(address): its checksum is \(found), the record says \(expected). The "
          + "download is removed; try again, and tell the portal if it stays so.")
    }
    try part.commit(as: path)
    unlink(notePath)
  }

  private func checkSize(_ found: Int, of address: String) throws(OpenDataError) {
    guard found != file.size else { return }
    throw OpenDataError(
      .wrongSize,
      "cannot use \(address): it has \(found) bytes, the record says \(file.size). Try again "
        + "later, and tell the portal if it stays so.")
  }

  private func readNote() -> Note? {
    (try? readFile(notePath)).flatMap { try? JSONDecoder().decode(Note.self, from: $0) }
  }
}
