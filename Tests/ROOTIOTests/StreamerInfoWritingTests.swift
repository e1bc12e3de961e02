// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ROOTIO

/// The description of classes in a new file.
@Suite struct StreamerInfoWritingTests {
  /// Encodes the description and decodes it again.
  private func decoded(_ classes: [ClassDescription]) throws -> StreamedObject {
    let bytes = ObjectEncoder.encode(
      ClassDescription.list(of: classes), keyLength: 64)
    let storage = ByteStorage(count: bytes.count) { $0.copyBytes(from: bytes) }
    var decoder = ObjectDecoder(
      ByteSlice(storage, 0..<bytes.count), keyLength: 64, infos: .bootstrap)
    return try decoder.object(ofClass: "TList")
  }

  @Test func `every class is described as it is written`() throws {
    let infos = try decoded(ClassDescription.trees).array("items")
    #expect(infos.count == ClassDescription.trees.count)
    for (value, description) in zip(infos, ClassDescription.trees) {
      guard case .object(let info) = value else {
        Issue.record("no description of \(description.name)")
        continue
      }
      #expect(info.string("fName") == description.name)
      #expect(info.integer("fClassVersion") == description.info.version)
      #expect(info.integer("fCheckSum") == Int(description.checksum))
      let elements = info.items("fElements")
      #expect(elements.count == description.info.elements.count)
      for (element, expected) in zip(elements, description.info.elements) {
        #expect(element?.string("fName") == expected.name)
        #expect(element?.integer("fType") == expected.fType)
        #expect(element?.string("fTypeName") == expected.typeName)
      }
    }
  }

  /// A file that ROOT 6 wrote describes the same classes.
  @Test(arguments: ["scalars.root", "embedded.root"])
  func `layouts are those of ROOT where it has the same version`(_ name: String) throws {
    let storage = try ByteStorage(mapping: TestFiles.fixtures.appending(path: name).path)
    let infos = try StreamerInfos.read(FileHeader(storage), in: storage)
    var compared = 0
    for description in ClassDescription.trees {
      guard let theirs = infos.info(description.name, version: description.info.version)
      else { continue }
      compared += 1
      let ours = description.info.elements
      #expect(theirs.elements.map(\.name) == ours.map(\.name), "\(description.name)")
      #expect(theirs.elements.map(\.fType) == ours.map(\.fType), "\(description.name)")
      #expect(theirs.elements.map(\.typeName) == ours.map(\.typeName), "\(description.name)")
      #expect(theirs.elements.map(\.countName) == ours.map(\.countName), "\(description.name)")
    }
    #expect(compared > 10)
  }

  @Test func `a file describes the classes that it holds, and no other leaves`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.root")
    let writer = try TreeWriter(
      path: path, name: "t", branches: [BranchDeclaration("x", .uint16)])
    try writer.finish()
    let storage = try ByteStorage(mapping: path)
    let infos = try StreamerInfos.read(FileHeader(storage), in: storage)
    #expect(infos.newest("TLeafS") != nil && infos.newest("TLeaf") != nil)
    #expect(infos.newest("TLeafD") == nil)
  }
}
