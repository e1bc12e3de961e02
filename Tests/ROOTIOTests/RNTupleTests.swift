// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Testing

/// What RNTuples have that TTrees have not; `ReferenceTests` compares values of both.
@Suite struct RNTupleTests {
  private func tree(_ name: String) throws -> Tree {
    try ROOTFile(path: TestFiles.fixtures.appending(path: name).path).onlyTree()
  }

  private func readable(_ tree: Tree) -> [String] {
    tree.branches.filter(\.isReadable).map(\.name)
  }

  @Test(arguments: ["rntuple-plain.root", "rntuple-pieces.root"])
  func `encodings, compression and pieces leave the values unchanged`(_ name: String) throws {
    let expected = try tree("rntuple-types.root")
    let found = try tree(name)
    #expect(readable(found) == readable(expected))
    for entries in [0..<30, 0..<0, 5..<13, 12..<13, 29..<30] {
      let pairs = zip(
        try found.read(readable(found), entries: entries),
        try expected.read(readable(expected), entries: entries))
      for (found, expected) in pairs {
        #expect(found.name == expected.name)
        #expect(
          found.values == expected.values && found.offsets == expected.offsets, "\(found.name)")
        #expect(found.entryCount == entries.count)
      }
    }
  }

  @Test func `types are written as those of TTrees`() throws {
    let tree = try tree("rntuple-types.root")
    func type(_ name: String) throws -> String { try tree.branch(name).typeName }
    #expect(try type("boolean") == "bool")
    #expect(try type("color") == "int32")
    #expect(try type("atomic") == "int16")
    #expect(try type("narrow") == "double")
    #expect(try type("text") == "string")
    #expect(try type("matrix") == "int32[3][2]")
    #expect(try type("bits") == "bool[12]")
    #expect(try type("vector") == "vector<float>")
    #expect(try type("rvec") == "RVec<uint16>")
    #expect(try type("vectorArray") == "vector<int16[2]>")
    #expect(try type("optional") == "optional<float>")
    #expect(try type("muons.charge") == "vector<int32>")
    #expect(try type("nMuons") == "uint32")
    #expect(try type("nested") == "vector<vector<int32>>")
    #expect(try type("arrayVector") == "vector<float>[2]")
    #expect(try type("vectorOptional") == "vector<optional<float>>")
    #expect(try tree.branch("nested").shape == .nested(2))
    #expect(try type("muons") == "std::vector<FixtureMuon>")
    #expect(try tree.branch("boolean").title == "a Boolean")
    #expect(try tree.branch("matrix").shape == .fixed(6))
    #expect(try tree.branch("muons.isolation").shape == .jagged)
  }

  @Test func `members of base classes are those of the object`() throws {
    let tree = try tree("rntuple-types.root")
    #expect(try tree.branch("muon.mass").typeName == "float")
    #expect(try tree.branch("muons.mass").typeName == "vector<float>")
    #expect(!tree.branches.contains { $0.name.contains(":") })
    // Two objects have it.
    #expect(throws: ROOTFileError.self) { try tree.branch("mass") }
  }

  @Test func `lists within lists and arrays have offsets level by level`() throws {
    let tree = try tree("rntuple-types.root")
    let array = try tree.read(["arrayVector"], entries: 4..<6)[0]
    #expect(array.values == .float32([1, 2, 3, 1, 2, 3]))
    #expect(array.offsets == [0, 2, 4])
    #expect(array.innerOffsets == [[0, 2, 3, 5, 6]])
    #expect(array.entryCount == 2)
    let nested = try tree.read(["nested"])[0]
    let part = try tree.read(["nested"], entries: 7..<23)[0]
    let offsets = try #require(nested.offsets)
    #expect(part.offsets == offsets[7...23].map { $0 - offsets[7] })
    let inner = nested.innerOffsets[0][offsets[7]...offsets[23]]
    #expect(part.innerOffsets == [inner.map { $0 - inner[inner.startIndex] }])
  }

  @Test func `what a column cannot express is refused by name`() throws {
    let tree = try tree("rntuple-types.root")
    func reason(_ name: String) throws -> String? { try tree.branch(name).reason }
    #expect(
      try reason("variant") == "unsupported: its values have one of several types "
        + "(std::variant<std::int32_t,float>).")
    #expect(
      try reason("muons") == "unsupported: it is an object of class FixtureMuon that is split "
        + "into the branches below it; read those.")
    let error = #expect(throws: ROOTFileError.self) { try tree.read(["variant"]) }
    #expect(error?.code == .unsupported)
    #expect(error?.location.object == "types/variant")
  }

  @Test func `numbers of reduced precision are as near as their bits allow`() throws {
    let tree = try tree("rntuple-types.root")
    func check(_ name: String, within tolerance: Double, _ expected: (Int) -> Double) throws {
      for (entry, found) in try tree.read([name])[0].doubles().enumerated() {
        #expect(abs(found - expected(entry)) <= tolerance, "\(name) \(entry)")
      }
    }
    // Half a step of the range, and nothing less than that of the nearest integer.
    for bits in [1, 7, 20, 32] {
      let step = 10 / Double(1 << bits - 1)
      try check("quantized\(bits)", within: step / 2 * (1 + 0x1p-20)) { -2 + Double($0) * 0.2 }
    }
    try check("quantizedFloat", within: 100 / 4095 / 2 * (1 + 0x1p-10)) { Double($0 * 2) }
    // 9 bits are sign and exponent; the value is below 64.
    for bits in [10, 17, 31] {
      try check("truncated\(bits)", within: 64 * exp2(Double(9 - bits))) { Double($0 - 25) * 1.3 }
    }
    try check("doubleHalf", within: 0) { Double($0) / 8 }
    try check("narrow", within: 0x1p-20) { Double($0) * 0.7 }
    let halves: [Float] = [
      0, -0.0, 1, -2.5, 65504, 0x1p-24, 168 * 0x1p-24, 0x1.554p-2, .infinity, -.infinity,
    ]
    #expect(
      try tree.read(["half"], entries: 0..<10)[0].values == .float32(halves))
  }

  @Test func `a field may be stored in another way in each cluster`() throws {
    let tree = try tree("rntuple-representations.root")
    let entries = 5..<30
    let columns = try tree.read(["number", "wide", "text", "vector"], entries: entries)
    #expect(columns[0].values == .float32(entries.map { Float($0) / 4 }))
    #expect(columns[1].values == .float64(entries.map { Double($0) / 8 }))
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    let texts = entries.map { String(repeating: letters[$0 % 26], count: $0 % 5) }
    #expect(columns[2].values == .string(texts))
    let numbers = entries.flatMap { Array(repeating: Float($0), count: $0 % 3) }
    #expect(columns[3].values == .float32(numbers))
    var offsets = [0]
    for entry in entries { offsets.append(offsets[offsets.count - 1] + entry % 3) }
    #expect(columns[3].offsets == offsets)
  }

  @Test func `entries in front of an added field are zero or empty`() throws {
    let tree = try tree("rntuple-extended.root")
    let names = ["number", "text", "array", "vector", "flag"]
    let columns = try tree.read(names, entries: 8..<17)
    let numbers = Array(repeating: 0, count: 6) + (14..<17).map { Double($0) / 3 }
    #expect(columns[0].values == .float64(numbers))
    #expect(columns[1].values == .string(["", "", "", "", "", "", "tt", "ttt", ""]))
    let pairs: [Float] = [14.5, -14, 15.5, -15, 16.5, -16]
    #expect(columns[2].values == .float32(Array(repeating: 0, count: 12) + pairs))
    #expect(columns[3].values == .int16([14, 14, 16]))
    #expect(columns[3].offsets == [0, 0, 0, 0, 0, 0, 0, 2, 2, 3])
    #expect(
      columns[4].values
        == .bool([false, false, false, false, false, false, false, true, false]))
    #expect(try tree.read(names, entries: 0..<3).map(\.entryCount) == [3, 3, 3, 3, 3])
  }

  @Test(.enabled(if: TestFiles.sharedData != nil))
  func `columns of NanoAOD have the names that TTrees have`() throws {
    let folder = try #require(TestFiles.sharedData).appending(path: "cms-nanoaod")
    for name in ["nano_dimuon", "nano_dy"] {
      let tree = try ROOTFile(path: folder.appending(path: "\(name).root").path).tree("Events")
      let rntuple = try ROOTFile(path: folder.appending(path: "\(name)_rntuple.root").path)
        .tree("Events")
      #expect(Set(rntuple.branches.map(\.name)) == Set(tree.branches.map(\.name)))
      #expect(rntuple.branches.compactMap(\.reason).isEmpty)
      #expect(rntuple.entryCount == tree.entryCount)
      let names = tree.branches.map(\.name)
      for (found, expected) in zip(try rntuple.read(names), try tree.read(names)) {
        #expect(found.offsets == expected.offsets, "\(found.name)")
        let isCount = expected.values.elementType == .int32 && found.values.elementType == .uint32
        if isCount {
          #expect(found.doubles() == expected.doubles(), "\(found.name)")
        } else {
          // Text, because NaN is not equal to itself.
          #expect("\(found.values)" == "\(expected.values)", "\(found.name)")
        }
      }
    }
  }

  @Test(.enabled(if: TestFiles.sharedData != nil))
  func `the field behind a projected one is not listed but found`() throws {
    let file = "root-formats/Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root"
    let folder = try #require(TestFiles.sharedData)
    let tree = try ROOTFile(path: folder.appending(path: file).path).onlyTree()
    #expect(
      tree.branches.map(\.name) == [
        "Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass", "Muon_charge", "nMuon",
      ])
    #expect(try tree.branch("_collection0.Muon_pt").name == "Muon_pt")
  }

  @Test func `a damaged page fails its checksum`() throws {
    var data = try Data(contentsOf: TestFiles.fixtures.appending(path: "rntuple-types.root"))
    let block = try #require(data.firstRange(of: Data("ZS".utf8)))
    // The header is compressed too, and stands in front of the pages.
    let page = try #require(data.range(of: Data("ZS".utf8), in: block.upperBound..<data.count))
    data[page.upperBound + 12] ^= 1
    let error = try firstError(data)
    #expect(error.code == .corrupted)
    #expect(error.location.page == 0)
    #expect(error.description.contains("cannot read page 0 of types/"))
    #expect(error.description.contains(" at byte \(page.lowerBound): the checksum of a page is "))
  }

  @Test func `a damaged header or anchor fails its checksum`() throws {
    var bytes = try RNTupleBytes("rntuple-plain.root")
    let header = bytes.envelope(.header)
    bytes.data[header.lowerBound + 40] ^= 1
    let error = try firstError(bytes.data)
    #expect(error.code == .corrupted)
    #expect(error.location.byteOffset == header.lowerBound)
    #expect(error.message.hasPrefix("the checksum of the header is "))

    var data = try Data(contentsOf: TestFiles.fixtures.appending(path: "rntuple-types.root"))
    let name = try #require(data.firstRange(of: Data("ROOT::RNTuple".utf8)))
    data[name.upperBound + 30] ^= 1
    #expect(try firstError(data).message.hasPrefix("the checksum of the anchor of an RNTuple is "))
  }

  @Test func `features of later formats are refused`() throws {
    var bytes = try RNTupleBytes("rntuple-plain.root")
    bytes.data[bytes.envelope(.header).lowerBound + 8] = 4
    bytes.seal()
    let error = try firstError(bytes.data)
    #expect(error.code == .unsupported)
    #expect(
      error.message == "unsupported: this RNTuple uses features of a later format (flags 4).")
  }

  @Test func `a field that is its own ancestor is refused`() throws {
    var bytes = try RNTupleBytes("rntuple-plain.root")
    let header = bytes.envelope(.header)
    // The record of the first field: length, two versions, then the number of the parent.
    let name = try #require(bytes.data.range(of: Data("boolean".utf8), in: header)?.lowerBound)
    bytes.data[name - 12] = 1
    bytes.seal()
    let error = try firstError(bytes.data)
    #expect(error.code == .corrupted)
    #expect(error.message.contains("the parent of field 0, boolean, is field 1"))
  }

  @Test func `a header of another RNTuple is refused`() throws {
    var bytes = try RNTupleBytes("rntuple-plain.root")
    let sealed = bytes.data
    bytes.data[bytes.envelope(.header).lowerBound + 20] ^= 1
    bytes.seal()
    // The page lists still belong to the first header.
    for (type, range) in bytes.envelopes where type == .pageList {
      bytes.data.replaceSubrange(range, with: sealed[range])
    }
    #expect(
      try firstError(bytes.data).message.hasPrefix(
        "a page list is wrong: it belongs to another header"))
  }

  /// Reads all branches and returns the first error.
  private func firstError(_ data: Data) throws -> ROOTFileError {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "rntuple-\(UUID().uuidString).root")
    defer { try? FileManager.default.removeItem(at: url) }
    try data.write(to: url)
    var found: ROOTFileError?
    do throws(ROOTFileError) {
      let tree = try ROOTFile(path: url.path).onlyTree()
      for name in readable(tree) { _ = try tree.read([name]) }
    } catch { found = error }
    return try #require(found)
  }
}
