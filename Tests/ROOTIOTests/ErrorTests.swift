// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Testing

/// What the user reads when a file cannot be read, word for word.
@Suite final class ErrorTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appending(path: "root-errors-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ bytes: some Sequence<UInt8>) throws -> String {
    let url = folder.appending(path: "file.root")
    try Data(bytes).write(to: url)
    return url.path
  }

  private func fixture(_ name: String) throws -> Data {
    try Data(contentsOf: TestFiles.fixtures.appending(path: name))
  }

  private func expect<Result>(
    _ code: ROOTFileError.Code, _ description: String, _ body: () throws -> Result
  ) {
    let error = #expect(throws: ROOTFileError.self) { try body() }
    #expect(error?.code == code)
    #expect(error?.description == description)
  }

  @Test func `a path without a file`() {
    expect(
      .notFound,
      "cannot read \(folder.path)/none.root: the file does not exist. Check the spelling of the "
        + "path."
    ) { try ROOTFile(path: folder.appending(path: "none.root").path) }
  }

  @Test func `a folder`() {
    expect(
      .notAFile,
      "cannot read \(folder.path): this is a folder. Give the path of a ROOT file, often *.root."
    ) { try ROOTFile(path: folder.path) }
  }

  @Test func `a device`() {
    expect(
      .notAFile,
      "cannot read /dev/null: this is not a regular file. Copy it to a disk first."
    ) { try ROOTFile(path: "/dev/null") }
  }

  @Test func `an empty file`() throws {
    let path = try write([])
    expect(
      .empty, "cannot read \(path): the file has no bytes. Download or copy it again."
    ) { try ROOTFile(path: path) }
  }

  @Test func `an error page of a server`() throws {
    let path = try write("<html>".utf8)
    expect(
      .notROOT,
      "cannot read \(path): the file starts with \"<htm\" (3c 68 74 6d) instead of \"root\" "
        + "(72 6f 6f 74), so it is not a ROOT file. Check the path; a download may have saved an "
        + "error page."
    ) { try ROOTFile(path: path) }
  }

  @Test func `a truncated file`() throws {
    let data = try fixture("scalars.root")
    let path = try write(data.prefix(9000))
    expect(
      .truncated,
      "cannot read \(path): the header announces \(data.count) bytes, the file has 9000. The file "
        + "is probably truncated; download or copy it again."
    ) { try ROOTFile(path: path) }
  }

  @Test func `a file that ends within its header`() throws {
    let path = try write("root\u{0}\u{0}".utf8)
    expect(
      .truncated,
      "cannot read \(path) at byte 4: the file header needs 4 bytes, 2 are left. The file is "
        + "probably truncated; download or copy it again."
    ) { try ROOTFile(path: path) }
  }

  @Test func `a misspelled tree`() throws {
    let path = try write(fixture("scalars.root"))
    let file = try ROOTFile(path: path)
    expect(
      .missingObject,
      "cannot read \(path): the file has no tree ntuple. Did you mean folder/inner/ntuple?"
    ) { try file.tree("ntuple") }
    expect(
      .missingObject,
      "cannot read \(path): the file has no tree Events. It has: all, folder/inner/ntuple."
    ) { try file.tree("Events") }
    expect(
      .missingObject,
      "cannot read \(path): the file has 2 trees (all, folder/inner/ntuple). Name one."
    ) { try file.onlyTree() }
  }

  @Test func `a file that was not closed`() throws {
    var data = try fixture("scalars.root")
    // The place of the descriptions of classes, and of the list of objects, in a file with
    // positions of four bytes.
    let nameLength = data[28..<32].reduce(0) { $0 << 8 | Int($1) }
    for start in [37, 100 + nameLength + 26] {
      data.replaceSubrange(start..<(start + 4), with: [0, 0, 0, 0])
    }
    let path = try write(data)
    expect(
      .missingObject,
      "cannot read \(path): the file has no tree. The program that wrote it did not close it. "
        + "ROOT saves what can be saved of it with: root -l -b -q -e 'TFile file(\"\(path)\", "
        + "\"UPDATE\")'"
    ) { try ROOTFile(path: path).onlyTree() }
    #expect(try ROOTFile(path: path).summary().hasPrefix("\(path) has no trees. The program that "))
  }

  @Test func `a misspelled branch`() throws {
    let path = try write(fixture("scalars.root"))
    let tree = try ROOTFile(path: path).tree("all")
    expect(
      .missingObject,
      "cannot read all in \(path): the tree has no branch matrx. Did you mean matrix? List its 17 "
        + "branches with: lorentz inspect \(path)"
    ) { try tree.read(["sI", "matrx"]) }
  }

  @Test func `entries that the tree does not have`() throws {
    let path = try write(fixture("scalars.root"))
    let tree = try ROOTFile(path: path).tree("all")
    expect(
      .outOfRange,
      "cannot read all/sI in \(path): entries 15..<21 wanted, the branch has 20. Choose a range "
        + "within 0..<20."
    ) { try tree.read(["sI"], entries: 15..<21) }
  }

  @Test func `a branch of objects`() throws {
    let path = try write(fixture("nested.root"))
    let tree = try ROOTFile(path: path).tree("Events")
    expect(
      .unsupported,
      "cannot read Events/clones in \(path): unsupported: it holds a TClonesArray, which writes "
        + "itself in a way of its own."
    ) { try tree.read(["clones"]) }
  }

  @Test func `a damaged LZ4 block fails its checksum`() throws {
    var data = try fixture("jagged-lz4-offset-map.root")
    let start = try #require(data.firstRange(of: Data("L4".utf8))?.lowerBound)
    data[start + 30] ^= 1
    let error = try damaged(data)
    #expect(error.code == .corrupted)
    #expect(error.location.basket == 0)
    #expect(error.description.contains("the checksum is "))
    #expect(error.description.contains("the block announces "))
  }

  @Test(arguments: [
    ("jagged-zstd.root", "ZS", "Zstandard"), ("jagged-lzma.root", "XZ", "LZMA"),
    ("scalars.root", "ZL", "zlib"),
  ])
  func `a damaged compressed block`(_ name: String, _ tag: String, _ method: String) throws {
    var data = try fixture(name)
    // The first zlib block belongs to an older cycle; "XZ" occurs in LZMA streams too.
    let options: Data.SearchOptions = method == "zlib" ? .backwards : []
    let start = try #require(data.range(of: Data(tag.utf8), options: options)?.lowerBound)
    for offset in 9..<20 { data[start + offset] ^= 0x5A }
    let error = try damaged(data)
    #expect(error.code == .corrupted)
    #expect(error.description.contains(" at byte \(start): "))
    #expect(error.description.contains("decompression failed"))
    #expect(
      error.description.hasSuffix("(\(method)). The file is damaged; download or copy it again."))
  }

  @Test func `a block of an unknown compression`() throws {
    var data = try fixture("jagged-zstd.root")
    let start = try #require(data.firstRange(of: Data("ZS".utf8))?.lowerBound)
    data[start + 1] = UInt8(ascii: "?")
    let error = try damaged(data)
    #expect(
      error.message == "a compressed block starts with \"Z?\" (5a 3f), which is none of ZL, XZ, "
        + "L4, ZS and CS. The file is damaged; download or copy it again.")
  }

  @Test func `a basket that is not where the branch says`() throws {
    var data = try fixture("jagged-uncompressed.root")
    let start = try #require(data.firstRange(of: Data("TBasket".utf8))?.lowerBound)
    data[start] = UInt8(ascii: "X")
    let error = try damaged(data)
    #expect(error.code == .corrupted)
    #expect(error.description.contains("cannot read basket 0 of Events/"))
    #expect(error.message.contains("the record's key says \"XBasket\" and "))
  }

  @Test func `blocks of the deflate format before zlib are read`() throws {
    var data = try fixture("scalars.root")
    let expected = try ROOTFile(path: write(data)).tree("all").read(["sI", "matrix", "text"])
    var position = data.startIndex
    var count = 0
    while let block = data.range(of: Data([0x5A, 0x4C, 8]), in: position..<data.endIndex) {
      // Both hold a deflate stream; only zlib puts two bytes in front of it.
      let length = (0..<3).reduce(0) { $0 | Int(data[block.upperBound + $1]) << (8 * $1) }
      let payload = block.upperBound + 6
      data.replaceSubrange(
        payload..<(payload + length), with: data[(payload + 2)..<(payload + length)] + [0, 0])
      data.replaceSubrange(block, with: [0x43, 0x53, 8])
      position = payload + length
      count += 1
    }
    #expect(count > 10)
    let found = try ROOTFile(path: write(data)).tree("all").read(["sI", "matrix", "text"])
    #expect(found.map(\.values) == expected.map(\.values))
  }

  @Test func `a file that may not be read`() throws {
    let path = try write(fixture("scalars.root"))
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    // The administrator may read everything.
    if getuid() == 0 { return }
    expect(
      .notPermitted, "cannot read \(path): Permission denied. Check the permissions of the file."
    ) { try ROOTFile(path: path) }
  }

  /// Reads all branches and returns the first error.
  private func damaged(_ data: Data) throws -> ROOTFileError {
    let path = try write(data)
    var found: ROOTFileError?
    do throws(ROOTFileError) {
      let file = try ROOTFile(path: path)
      for summary in file.trees {
        let tree = try file.tree(summary.name)
        _ = try tree.read(tree.branches.filter(\.isReadable).map(\.name))
      }
    } catch { found = error }
    return try #require(found)
  }
}
