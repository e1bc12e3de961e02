// SPDX-License-Identifier: Apache-2.0

/// The objects of a folder inside a file.
///
/// The folder's record, behind its key:
///
///     offset  bytes  field        meaning
///     0       2      fVersion     above 1000: the three file positions (*) take 8 bytes
///     2       8      fDatimeC, fDatimeM
///     10      4      fNbytesKeys  length of the list of keys
///     14      4      fNbytesName  length of key, name and title in front of the folder
///     18      4/8*   fSeekDir, fSeekParent
///     26/34   4/8*   fSeekKeys    where the list of keys is
///
/// The list of keys is a record of its own: a key, a 4-byte count, and as many keys.
///
/// Specification: https://github.com/root-project/root/blob/v6-32-00/io/doc/TFile/tdirectory.md
enum Directory {
  /// Decodes the list of keys of the folder whose record (key excluded) starts at `offset`.
  static func keys(in storage: ByteStorage, at offset: Int) throws(DecodingFailure) -> [KeyRecord] {
    guard offset >= 0, offset < storage.count else {
      throw .corrupted(
        "a folder should start at byte \(offset), the file has \(storage.count)", at: nil)
    }
    var reader = ByteReader(storage, from: offset)
    let isBig = try reader.int16("a folder") > 1000
    try reader.skip(16, "a folder")
    _ = try reader.seek(isBig: isBig, "a folder")
    _ = try reader.seek(isBig: isBig, "a folder")
    let fSeekKeys = try reader.seek(isBig: isBig, "a folder")
    // A folder that was never written has no list.
    if fSeekKeys == 0 { return [] }
    try reader.move(to: fSeekKeys, "the list of a folder's objects")
    let own = try KeyRecord(&reader)
    try reader.move(to: fSeekKeys + own.fKeylen, "the list of a folder's objects")
    let count = try reader.int32("the list of a folder's objects")
    // 26 bytes are the shortest key, so a false count cannot make us allocate.
    if count < 0 || count > reader.left / 26 {
      throw .corrupted(
        "the list of a folder's objects announces \(count) objects, \(reader.left) bytes are left",
        at: fSeekKeys)
    }
    var keys: [KeyRecord] = []
    keys.reserveCapacity(count)
    for _ in 0..<count {
      let start = reader.offset
      let key = try KeyRecord(&reader)
      try reader.move(to: start + key.fKeylen, "the list of a folder's objects")
      keys.append(key)
    }
    return keys
  }

  /// One object of a file, with the folders in front of its name.
  struct Entry: Sendable {
    let path: String
    let key: KeyRecord
  }

  /// Lists the objects of a folder and of the folders in it, except the folders themselves.
  ///
  static func entries(
    in storage: ByteStorage, at offset: Int
  ) throws(DecodingFailure) -> [Entry] {
    var entries: [Entry] = []
    var visited: Set<Int> = []
    // A list instead of recursion: damaged files must not exhaust the stack.
    var pending = [(offset: offset, prefix: "")]
    while let folder = pending.popLast() {
      guard visited.insert(folder.offset).inserted else {
        throw .corrupted(
          "the folder \(folder.prefix) is the same as another one", at: folder.offset)
      }
      var subfolders: [(offset: Int, prefix: String)] = []
      for key in try keys(in: storage, at: folder.offset) {
        let path = folder.prefix + key.fName
        if key.fClassName == "TDirectory" || key.fClassName == "TDirectoryFile" {
          let target = key.fSeekKey.addingReportingOverflow(key.fKeylen)
          if target.overflow { throw .corrupted("the folder \(path) has no place", at: nil) }
          // Other cycles of a folder share its record.
          if !subfolders.contains(where: { $0.offset == target.partialValue }) {
            subfolders.append((target.partialValue, path + "/"))
          }
        } else {
          entries.append(Entry(path: path, key: key))
        }
      }
      pending += subfolders.reversed()
    }
    return entries
  }
}
