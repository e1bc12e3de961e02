// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file that appears under its name only when it is complete.
///
///     let file = try AtomicFile(path: "scores.csv")
///     try file.write("event,score\n")
///     try file.commit()
///
/// Bytes go to a hidden file beside the target, which ``commit()`` renames. A program that stops
/// earlier, a full disk included, leaves what was there before untouched and removes its own file.
public final class AtomicFile {
  /// The name under which the file appears.
  public let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 20

  /// Creates the hidden file beside the target, and the target's folder where it is missing.
  ///
  /// - Throws: ``FileSystemError`` if the folder or the file cannot be created.
  public init(path: String) throws {
    self.path = path
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent().path
    try createFolder(folder)
    temporaryPath =
      "\(folder)/.\(url.lastPathComponent).\(getpid()).\(UInt32.random(in: 0 ... .max))"
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 {
      throw FileSystemError(operation: "create", path: path, errorNumber: errno)
    }
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporaryPath)
    }
  }

  /// Appends text, in UTF-8.
  public func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  /// Appends bytes.
  ///
  /// - Throws: ``FileSystemError``, with code `diskFull` if there is no room.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Writes bytes over some that are there, as for a header that is known last.
  ///
  /// - Parameters:
  ///   - bytes: The bytes.
  ///   - position: Where they go, from the start of the file; all within what was appended.
  /// - Throws: ``FileSystemError``.
  public func overwrite(_ bytes: UnsafeRawBufferPointer, at position: Int) throws {
    try flush()
    var offset = 0
    while offset < bytes.count {
      let written = pwrite(
        descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset,
        off_t(position + offset))
      if written < 0 {
        if errno == EINTR { continue }
        throw FileSystemError(operation: "write", path: path, errorNumber: errno)
      }
      offset += written
    }
  }

  /// Writes what is left, makes it durable, and gives the file its name.
  ///
  /// - Throws: ``FileSystemError``; the target is then as it was before.
  public func commit() throws {
    try flush()
    if fsync(descriptor) != 0 {
      throw FileSystemError(operation: "write", path: path, errorNumber: errno)
    }
    if rename(temporaryPath, path) != 0 {
      throw FileSystemError(operation: "write", path: path, errorNumber: errno)
    }
    close(descriptor)
    descriptor = -1
  }

  private func flush() throws {
    var offset = 0
    while offset < buffer.count {
      let written = buffer.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, buffer.count - offset)
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw FileSystemError(operation: "write", path: path, errorNumber: errno)
      }
      offset += written
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// Writes a whole file so that it appears only when it is complete.
///
/// - Throws: ``FileSystemError``; what was there before is then untouched.
public func writeAtomically(_ data: Data, to path: String) throws {
  let file = try AtomicFile(path: path)
  try data.withUnsafeBytes { try file.write($0) }
  try file.commit()
}

/// Writes a whole text file so that it appears only when it is complete.
///
/// - Throws: ``FileSystemError``; what was there before is then untouched.
public func writeAtomically(_ text: String, to path: String) throws {
  try writeAtomically(Data(text.utf8), to: path)
}

/// Creates a folder and those above it; one that exists is fine.
///
/// - Throws: ``FileSystemError`` if it cannot be created.
public func createFolder(_ path: String) throws {
  if mkdir(path, 0o755) == 0 { return }
  let failure = errno
  var isFolder: ObjCBool = false
  if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
    return
  }
  let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
  guard failure == ENOENT, parent != path else {
    throw FileSystemError(operation: "create the folder", path: path, errorNumber: failure)
  }
  try createFolder(parent)
  if mkdir(path, 0o755) != 0, errno != EEXIST {
    throw FileSystemError(operation: "create the folder", path: path, errorNumber: errno)
  }
}
