// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ROOTIO

/// What is written is read again; `scripts/root-written.py` compares with uproot and ROOT.
@Suite struct TreeWriterTests {
  @Test(arguments: WrittenTrees.examples)
  func `what is written is read again`(_ example: WrittenTrees.Example) throws {
    let folder = try TemporaryFolder()
    // Files that stay where another program is to read them.
    let place = ProcessInfo.processInfo.environment["LORENTZ_WRITTEN"] ?? folder.path
    let path = "\(place)/\(example.name).root"
    try example.write(to: path)
    let file = try ROOTFile(path: path)
    #expect(
      file.trees == [
        .init(name: "Scores", title: "all types", className: "TTree", cycle: 1)
      ])
    let tree = try file.tree("Scores")
    #expect(tree.entryCount == example.entryCount)
    #expect(tree.branches.map(\.name) == WrittenTrees.branches.map(\.name))
    let expected = WrittenTrees.columns(0..<example.entryCount)
    for (column, expected) in zip(try tree.read(expected.map(\.name)), expected) {
      #expect(column.values.bytes == expected.values.bytes, "\(expected.name)")
      if let offsets = expected.offsets { #expect(column.offsets == offsets) }
    }
    // Some entries from the middle, for the positions of baskets.
    let middle = example.entryCount / 3..<example.entryCount / 2
    for (column, expected) in zip(
      try tree.read(expected.map(\.name), entries: middle), WrittenTrees.columns(middle))
    {
      #expect(column.values.bytes == expected.values.bytes, "\(expected.name)")
    }
  }

  @Test func `branches have the types and sizes that they were declared with`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.root")
    try WrittenTrees.Example(name: "a", compression: .zstandard(level: 3)).write(to: path)
    let tree = try ROOTFile(path: path).tree("Scores")
    for (branch, declaration) in zip(tree.branches, WrittenTrees.branches) {
      #expect(branch.elementType == declaration.elementType)
      switch declaration.shape {
      case .flat: #expect(branch.shape == .flat)
      case .fixed(let count): #expect(branch.shape == .fixed(count))
      case .jagged(let counter):
        #expect(branch.shape == .jagged)
        #expect(branch.typeName == "\(branch.elementType.name)[\(counter)]")
      }
    }
    let embedding = try tree.branch("float32_fixed")
    #expect(embedding.title == "float32_fixed[3]/F")
    #expect(embedding.compression == "Zstandard" && embedding.compressionLevel == 3)
    #expect(try tree.branch("Jet_float").compression == "none")
    // 3000 entries of 12 bytes, 2000 bytes at a time, and cut where clusters end.
    #expect((18...30).contains(embedding.basketCount))
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    let compressed = tree.branches.reduce(0) { $0 + $1.compressedBytes }
    #expect(compressed < size ?? 0 && compressed > (size ?? 0) / 2)
  }

  @Test func `values that cannot be made shorter are stored as they are`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.root")
    var generator = SystemRandomNumberGenerator()
    let values = (0..<1000).map { _ in generator.next() as UInt64 }
    for compression in [ROOTCompression.zlib(level: 9), .lz4, .zstandard(level: 9)] {
      let writer = try TreeWriter(
        path: path, name: "t", branches: [BranchDeclaration("x", .uint64)],
        compression: compression)
      try writer.write([Column(name: "x", values: .uint64(values))])
      try writer.finish()
      let tree = try ROOTFile(path: path).tree("t")
      #expect(try tree.read(["x"])[0].values == .uint64(values))
      #expect(try tree.branch("x").compressedBytes == tree.branch("x").uncompressedBytes)
    }
  }

  @Test func `a record longer than 16 MiB is compressed in blocks`() throws {
    let record = [UInt8](unsafeUninitializedCapacity: 40_000_000) { buffer, count in
      for index in buffer.indices { buffer[index] = UInt8(truncatingIfNeeded: index / 1000) }
      count = buffer.count
    }
    for compression in [ROOTCompression.zlib(level: 1), .lz4, .zstandard(level: 1)] {
      let compressed = try #require(compression.compressed(record))
      let storage = ByteStorage(count: compressed.count) { $0.copyBytes(from: compressed) }
      let slice = ByteSlice(storage, 0..<compressed.count)
      #expect(try CompressedBlock.blocks(of: slice, decompressedCount: record.count).count == 3)
      try slice.decompressed(count: record.count).withBytes { bytes in
        #expect(bytes.elementsEqual(record))
      }
    }
  }

  @Test func `a writer that goes away early leaves what was there before`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("precious", to: "a.root")
    func abandon() throws {
      let writer = try TreeWriter(
        path: path, name: "t", branches: [BranchDeclaration("x", .int32)],
        compression: .none)
      try writer.write([Column(name: "x", values: .int32(Array(0..<1_000_000)))])
      #expect(folder.contents.count == 2)
    }
    try abandon()
    #expect(folder.contents == ["a.root"])
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
  }

  @Test func `a column that was not declared so ends the program`() async {
    await #expect(processExitsWith: .failure) {
      let writer = try TreeWriter(
        path: NSTemporaryDirectory() + "/lorentz-never.root", name: "t",
        branches: [BranchDeclaration("x", .int32)])
      try writer.write([Column(name: "x", values: .int64([1]))])
    }
    await #expect(processExitsWith: .failure) {
      _ = try TreeWriter(
        path: NSTemporaryDirectory() + "/lorentz-never.root", name: "t",
        branches: [BranchDeclaration("x", .int32, shape: .jagged(counter: "nx"))])
    }
  }
}

extension ColumnValues {
  /// The values bit by bit: what is not a number equals itself.
  fileprivate var bytes: [UInt8] {
    func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
    return switch self {
    case .bool(let values): bytes(values)
    case .int8(let values): bytes(values)
    case .uint8(let values): bytes(values)
    case .int16(let values): bytes(values)
    case .uint16(let values): bytes(values)
    case .int32(let values): bytes(values)
    case .uint32(let values): bytes(values)
    case .int64(let values): bytes(values)
    case .uint64(let values): bytes(values)
    case .float32(let values): bytes(values)
    case .float64(let values): bytes(values)
    case .string(let values): bytes(values.flatMap { Array($0.utf8) })
    }
  }
}
