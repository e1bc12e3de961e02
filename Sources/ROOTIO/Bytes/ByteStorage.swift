// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Bytes that do not change: a memory-mapped file, a file on a server, or a record in memory.
///
/// Whoever keeps a pointer into ``bytes`` keeps the storage too. Those of a file on a server must
/// be loaded before they are read, in the same ``reading(_:)``; what outlives it takes a copy by
/// ``ByteSlice/resident()``.
final class ByteStorage: Sendable {
  // Written once, in the initializer; nobody writes through it afterwards.
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool
  /// Where the bytes come from if the file is on a server.
  let remote: RemoteBytes?

  var count: Int { bytes.count }

  /// Maps a file into memory.
  ///
  /// The file must not shrink while it is open: the system would end the program (`SIGBUS`).
  init(mapping path: String) throws(ROOTFileError) {
    func failure(_ code: ROOTFileError.Code, _ message: String) -> ROOTFileError {
      ROOTFileError(code: code, message: message, location: .init(file: path))
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      let reason = String(cString: strerror(errno))
      switch errno {
      case ENOENT, ENOTDIR:
        throw failure(.notFound, "the file does not exist. Check the spelling of the path.")
      case EACCES, EPERM:
        throw failure(.notPermitted, "\(reason). Check the permissions of the file.")
      default: throw failure(.system, "\(reason). Check the disk and the path.")
      }
    }
    defer { close(descriptor) }
    var information = stat()
    if fstat(descriptor, &information) != 0 {
      throw failure(.system, "\(String(cString: strerror(errno))). Check the disk and the path.")
    }
    switch information.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR:
      throw failure(.notAFile, "this is a folder. Give the path of a ROOT file, often *.root.")
    default:
      throw failure(.notAFile, "this is not a regular file. Copy it to a disk first.")
    }
    let size = Int(information.st_size)
    if size == 0 {
      throw failure(.empty, "the file has no bytes. Download or copy it again.")
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else {
      throw failure(.system, "\(String(cString: strerror(errno))). Check the disk and the path.")
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
    isMapped = true
    remote = nil
  }

  /// Opens a file on a server.
  init(address: String, budget: Int = RemoteBytes.standardBudget) throws(ROOTFileError) {
    do {
      let remote = try RemoteBytes(address, budget: budget)
      bytes = UnsafeRawBufferPointer(remote.bytes)
      isMapped = false
      self.remote = remote
    } catch {
      throw DecodingFailure.network(error).located(file: address)
    }
  }

  /// Allocates `count` bytes and lets `fill` write all of them.
  init<Failure: Error>(
    count: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 16)
    bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count])
    isMapped = false
    remote = nil
    try fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
  }

  /// Makes bytes of a file on a server available; others are.
  ///
  /// - Throws: `network`, `notFound` or `notPermitted`.
  @inline(__always)
  func load(_ range: Range<Int>) throws(DecodingFailure) {
    if let remote { try remote.load(range) }
  }

  /// Calls `body`, during which bytes that it loads stay where they are.
  func reading<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if let remote { return try remote.reading(body) }
    return try body()
  }

  /// Lets the system take back the memory of bytes of a file; they are read again when needed.
  ///
  /// Otherwise all of a large file that is read once would count as memory of the process.
  func release(_ range: Range<Int>) {
    guard isMapped else { return }
    let page = Int(getpagesize())
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard start < end, let address = bytes.baseAddress else { return }
    // Without effect it costs memory alone, so that a failure is none.
    _ = madvise(UnsafeMutableRawPointer(mutating: address + start), end - start, MADV_DONTNEED)
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else if remote == nil {
      bytes.deallocate()
    }
  }
}

/// A range of bytes together with the storage that holds them.
struct ByteSlice: Sendable {
  let storage: ByteStorage
  let range: Range<Int>

  /// - Precondition: `range` lies in the storage.
  init(_ storage: ByteStorage, _ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= storage.count,
      "The bytes \(range) are not in a storage of \(storage.count) bytes.")
    self.storage = storage
    self.range = range
  }

  var count: Int { range.count }

  /// Returns the same bytes in memory where they stay: a copy of those of a file on a server.
  ///
  /// - Throws: `network`, `notFound` or `notPermitted`.
  func resident() throws(DecodingFailure) -> ByteSlice {
    guard storage.remote != nil else { return self }
    try storage.load(range)
    return withBytes { bytes in
      ByteSlice(ByteStorage(count: count) { $0.copyMemory(from: bytes) }, 0..<count)
    }
  }

  /// Calls `body` with the bytes, which stay in memory meanwhile.
  ///
  /// Those of a file on a server must be loaded.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawBufferPointer(rebasing: storage.bytes[range]))
  }
}
