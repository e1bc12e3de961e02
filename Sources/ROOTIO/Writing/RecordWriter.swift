// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// Writes a new ROOT file, record after record: what ``FileHeader``, ``Directory`` and ``KeyRecord``
/// read.
///
/// The header and the top folder are at the start and written last, so that the file is no ROOT file
/// before it is complete. Its last record is the list of free ranges, which has one: all that is
/// behind the end.
struct RecordWriter {
  private let file: AtomicFile
  private let compression: ROOTCompression
  /// From which length on the file has positions of eight bytes; ROOT does the same.
  private let bigFileStart: Int
  /// The file's own name, which its records carry.
  private let name: String
  private let time: UInt32
  private let identifier: [UInt8]
  /// Where the next record will start.
  private(set) var position: Int
  /// The keys of the objects that the top folder lists.
  private var listedKeys: [[UInt8]] = []

  static let fBEGIN = 100
  /// `TFree` of an ordinary file ends here, and ROOT moves that when it appends.
  static let bigFileStart = 2_000_000_000
  /// The version of ROOT whose classes are described: 6.40.00.
  private static let fVersion = 64000

  /// Creates the file, which appears under its name when it is complete.
  ///
  /// - Throws: `FileSystemError`.
  init(path: String, compression: ROOTCompression, bigFileStart: Int = bigFileStart) throws {
    file = try AtomicFile(path: path)
    self.compression = compression
    self.bigFileStart = bigFileStart
    name = URL(fileURLWithPath: path).lastPathComponent
    time = Self.datime(Date())
    var uuid = UUID().uuid
    identifier = withUnsafeBytes(of: &uuid) { Array($0) }
    position = Self.fBEGIN
    let space = Self.fBEGIN + topFolder(fSeekKeys: 0, fNbytesKeys: 0, isBig: false).count
    try [UInt8](repeating: 0, count: space).withUnsafeBytes { try file.write($0) }
    position = space
  }

  /// What follows the strings of a key.
  struct Key {
    let className: String
    let name: String
    var title = ""
    var cycle = 1
    /// Members of a basket, which stand within its key.
    var appendix: [UInt8] = []
    /// Whether positions take eight bytes; ROOT writes baskets so, wherever they are.
    var isBig = false

    /// The bytes of the key.
    var length: Int {
      func length(_ text: String) -> Int { text.utf8.count + (text.utf8.count < 255 ? 1 : 5) }
      return (isBig ? 34 : 26) + length(className) + length(name) + length(title) + appendix.count
    }
  }

  /// Returns the key of an object of the top folder that would be written now.
  func key(_ className: String, name: String, title: String = "") -> Key {
    Key(className: className, name: name, title: title, isBig: position >= bigFileStart)
  }

  /// Writes a record behind the others.
  ///
  /// - Parameters:
  ///   - key: Its key, without lengths and position.
  ///   - object: The bytes behind the key.
  ///   - compression: How they are compressed; `nil` for the compression of the file.
  ///   - isListed: Whether the top folder lists the object.
  /// - Returns: The position and the length, key included.
  /// - Throws: `FileSystemError`.
  @discardableResult mutating func write(
    _ key: Key, object: [UInt8], compression: ROOTCompression? = nil, isListed: Bool = false
  ) throws -> (position: Int, byteCount: Int) {
    let stored = (compression ?? self.compression).compressed(object) ?? object
    let bytes = encoded(key, objectLength: object.count, storedLength: stored.count, at: position)
    try bytes.withUnsafeBytes { try file.write($0) }
    try stored.withUnsafeBytes { try file.write($0) }
    if isListed { listedKeys.append(bytes) }
    defer { position += bytes.count + stored.count }
    return (position, bytes.count + stored.count)
  }

  /// Writes what is left: the folder's list, the description of classes, the list of free ranges,
  /// the header and the top folder; and gives the file its name.
  ///
  /// - Throws: `FileSystemError`.
  mutating func finish(describing classes: [ClassDescription]) throws {
    var list = ByteWriter()
    list.append(Int32(listedKeys.count))
    for key in listedKeys { list.append(bytes: key) }
    let keys = try write(
      key("TFile", name: name), object: list.bytes, compression: ROOTCompression.none)
    let infoKey = key("TList", name: "StreamerInfo", title: "Doubly linked list")
    let infos = try write(
      infoKey,
      object: ObjectEncoder.encode(
        ClassDescription.list(of: classes), keyLength: infoKey.length))

    let freeKey = key("TFile", name: name)
    // The longer of the two forms decides, so that the end does not depend on itself.
    let isBig = position + freeKey.length + 18 > bigFileStart
    let end = position + freeKey.length + (isBig ? 18 : 10)
    var free = ByteWriter()
    free.append(Int16(isBig ? 1001 : 1))
    free.append(seek: end, isBig: isBig)
    free.append(
      seek: isBig ? (end / 1_000_000_000 + 1) * 1_000_000_000 : Self.bigFileStart, isBig: isBig)
    let freeList = try write(freeKey, object: free.bytes, compression: ROOTCompression.none)
    precondition(
      position == end, "The file ends at \(position), the list of free ranges says \(end).")

    let folder = topFolder(fSeekKeys: keys.position, fNbytesKeys: keys.byteCount, isBig: isBig)
    var header = ByteWriter()
    header.append(bytes: "root".utf8)
    header.append(Int32(Self.fVersion + (isBig ? 1_000_000 : 0)))
    header.append(Int32(Self.fBEGIN))
    header.append(seek: end, isBig: isBig)
    header.append(seek: freeList.position, isBig: isBig)
    header.append(Int32(freeList.byteCount))
    header.append(Int32(1))
    header.append(Int32(nameLength))
    header.append(UInt8(isBig ? 8 : 4))
    header.append(Int32(compression.fCompress))
    header.append(seek: infos.position, isBig: isBig)
    header.append(Int32(infos.byteCount))
    append(identifierTo: &header)
    header.append(bytes: [UInt8](repeating: 0, count: Self.fBEGIN - header.count))
    header.append(bytes: folder)
    try header.bytes.withUnsafeBytes { try file.overwrite($0, at: 0) }
    try file.commit()
  }

  private var topKey: Key { Key(className: "TFile", name: name) }

  /// The length of key, name and title in front of the top folder.
  private var nameLength: Int {
    var strings = ByteWriter()
    strings.append(string: name)
    strings.append(string: "")
    return topKey.length + strings.count
  }

  /// Returns the record of the top folder, see ``Directory``; both forms have the same length.
  private func topFolder(fSeekKeys: Int, fNbytesKeys: Int, isBig: Bool) -> [UInt8] {
    var object = ByteWriter()
    object.append(string: name)
    object.append(string: "")
    object.append(Int16(isBig ? 1005 : 5))
    object.append(time)
    object.append(time)
    object.append(Int32(fNbytesKeys))
    object.append(Int32(nameLength))
    for seek in [Self.fBEGIN, 0, fSeekKeys] { object.append(seek: seek, isBig: isBig) }
    append(identifierTo: &object)
    if !isBig { object.append(bytes: [UInt8](repeating: 0, count: 12)) }
    var record = ByteWriter()
    record.append(
      bytes: encoded(
        topKey, objectLength: object.count, storedLength: object.count, at: Self.fBEGIN, parent: 0))
    record.append(bytes: object.bytes)
    return record.bytes
  }

  /// A `TUUID` with its version.
  private func append(identifierTo writer: inout ByteWriter) {
    writer.append(Int16(1))
    writer.append(bytes: identifier)
  }

  private func encoded(
    _ key: Key, objectLength: Int, storedLength: Int, at position: Int, parent: Int = fBEGIN
  ) -> [UInt8] {
    precondition(
      key.length <= Int(Int16.max), "The names of the record \(key.name) are too long for a key.")
    var writer = ByteWriter()
    writer.append(Int32(key.length + storedLength))
    writer.append(Int16(key.isBig ? 1004 : 4))
    writer.append(Int32(objectLength))
    writer.append(time)
    writer.append(Int16(key.length))
    writer.append(Int16(truncatingIfNeeded: key.cycle))
    writer.append(seek: position, isBig: key.isBig)
    writer.append(seek: parent, isBig: key.isBig)
    writer.append(string: key.className)
    writer.append(string: key.name)
    writer.append(string: key.title)
    writer.append(bytes: key.appendix)
    return writer.bytes
  }

  /// Returns a time as ROOT's `TDatime` has it: local, in seconds, from 1995 on.
  private static func datime(_ date: Date) -> UInt32 {
    let parts = Calendar(identifier: .gregorian)
      .dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    let fields = [
      ((parts.year ?? 1995) - 1995, 26), (parts.month ?? 1, 22), (parts.day ?? 1, 17),
      (parts.hour ?? 0, 12), (parts.minute ?? 0, 6), (parts.second ?? 0, 0),
    ]
    return fields.reduce(0) { $0 | UInt32(truncatingIfNeeded: $1.0) << UInt32($1.1) }
  }
}
