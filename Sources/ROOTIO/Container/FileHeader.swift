// SPDX-License-Identifier: Apache-2.0

/// The first bytes of a ROOT file.
///
///     offset  bytes  field        meaning
///     0       4      magic        "root"
///     4       4      fVersion     of ROOT; 1,000,000 more: file positions (*) take 8 bytes
///     8       4      fBEGIN       where the first record starts, usually 100
///     12      4/8*   fEND         length of the file
///     16/20   4/8*   fSeekFree    where the list of free ranges is
///     20/28   4      fNbytesFree  length of that list
///     24/32   4      nfree        number of free ranges
///     28/36   4      fNbytesName  length of key, name and title in front of the top folder
///     32/40   1      fUnits       bytes of a file position: 4 or 8
///     33/41   4      fCompress    100 × algorithm + level
///     37/45   4/8*   fSeekInfo    where the streamer information is
///     41/53   4      fNbytesInfo  length of the streamer information, key included
///
/// Specification: https://github.com/root-project/root/blob/v6-32-00/io/doc/TFile/header.md
struct FileHeader: Sendable {
  let fVersion: Int
  let fBEGIN: Int
  let fEND: Int
  let fNbytesName: Int
  let fCompress: Int
  let fSeekInfo: Int
  let fNbytesInfo: Int

  /// Decodes the header and compares it with the length of the file.
  init(_ storage: ByteStorage) throws(DecodingFailure) {
    let magic = Array("root".utf8)
    try storage.load(0..<min(64, storage.count))
    let found = storage.bytes.prefix(4)
    guard found.elementsEqual(magic) else {
      throw DecodingFailure(
        code: .notROOT,
        message: "the file starts with \(describedBytes(Array(found))) instead of "
          + "\(describedBytes(magic)), so it is not a ROOT file. Check the path; a download may "
          + "have saved an error page.",
        byteOffset: nil)
    }
    var reader = ByteReader(storage, from: 4)
    let version = try reader.int32("the file header")
    let isBig = version >= 1_000_000
    fVersion = isBig ? version - 1_000_000 : version
    fBEGIN = try reader.int32("the file header")
    fEND = try reader.seek(isBig: isBig, "the file header")
    _ = try reader.seek(isBig: isBig, "the file header")
    try reader.skip(8, "the file header")
    fNbytesName = try reader.int32("the file header")
    try reader.skip(1, "the file header")
    fCompress = try reader.int32("the file header")
    fSeekInfo = try reader.seek(isBig: isBig, "the file header")
    fNbytesInfo = try reader.int32("the file header")
    if fEND > storage.count {
      throw DecodingFailure(
        code: .truncated,
        message: "the header announces \(fEND) bytes, the file has \(storage.count). "
          + ROOTFileError.truncationRemedy,
        byteOffset: nil)
    }
    if fBEGIN < reader.offset || fBEGIN > fEND || fNbytesName < 0 || fNbytesName > fEND - fBEGIN {
      throw .corrupted(
        "the header puts the top folder at byte \(fBEGIN) + \(fNbytesName) of \(fEND)", at: 8)
    }
  }
}
