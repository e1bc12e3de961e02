// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime
import TestSupport
import Testing
import Torch

@Suite struct SafetensorsFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes a file from a header and the bytes after it.
  private func file(header: String, data: [UInt8] = [], length: UInt64? = nil) throws -> String {
    var length = length ?? UInt64(header.utf8.count)
    var bytes = Data(bytes: &length, count: 8)
    bytes += Data(header.utf8) + Data(data)
    try bytes.write(to: URL(fileURLWithPath: folder.file("test.safetensors")))
    return folder.file("test.safetensors")
  }

  private func message(_ path: String) throws -> String {
    let error = try #require(
      #expect(throws: SafetensorsError.self) { _ = try SafetensorsFile(path: path) })
    return error.description.replacing(folder.path, with: "F")
  }

  /// The fixture is what these lines write, in base 64, with numpy 2.4.6 and safetensors 0.8.0.
  ///
  ///     save({"b": np.array([[1.5, -2.0, 3.25]], np.float32), "a": np.array([1, 2, 3], np.uint8),
  ///           "c": np.array(7, np.int64), "e": np.zeros((0, 4))}, metadata={"made by": "Python η"})
  @Test func `a file written by Python is read`() throws {
    let base64 =
      "CAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIGJ5IjoiUHl0aG9uIM63In0sImMiOnsiZHR5cGUiOiJJNjQiLCJz"
      + "aGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJlIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlswLDRdLCJk"
      + "YXRhX29mZnNldHMiOls4LDhdfSwiYiI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMSwzXSwiZGF0YV9vZmZzZXRz"
      + "IjpbOCwyMF19LCJhIjp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlsyMCwyM119fSAg"
      + "ICAgICAHAAAAAAAAAAAAwD8AAADAAABQQAECAw=="
    let data = try #require(Data(base64Encoded: base64))
    try data.write(to: URL(fileURLWithPath: folder.file("python.safetensors")))
    let file = try SafetensorsFile(path: folder.file("python.safetensors"))
    #expect(file.names == ["a", "b", "c", "e"])
    #expect(file.metadata == ["made by": "Python \u{3b7}"])
    #expect(try file.array("a", as: UInt8.self) == [1, 2, 3])
    #expect(try file.array("b", as: Float.self) == [1.5, -2, 3.25])
    #expect(try file.shape(of: "b") == [1, 3])
    #expect(try file.array("c", as: Int.self) == [7])
    #expect(try file.shape(of: "c") == [])
    #expect(try file.array("e", as: Double.self) == [])
    #expect(try file.shape(of: "e") == [0, 4])
  }

  @Test func `what is written is read again`() throws {
    var writer = SafetensorsWriter(metadata: ["text": "a \"b\" \\ \n \u{1} \u{3b7}"])
    writer.add("bytes", [1, 2, 3] as [UInt8])
    writer.add("floats", [1, .nan, -.infinity, 0.1] as [Float], shape: [2, 2])
    writer.add("integers", [.min, .max] as [Int64])
    writer.add("quote\"d", [] as [Double], shape: [0, 3])
    writer.add("parts", elementType: .bool, shape: [2]) { emit in
      for byte in [1, 0] as [UInt8] { try withUnsafeBytes(of: byte, emit) }
    }
    let path = folder.file("written.safetensors")
    try writer.write(to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == writer.metadata)
    #expect(file.names == ["bytes", "floats", "integers", "parts", "quote\"d"])
    #expect(try file.array("bytes", as: UInt8.self) == [1, 2, 3])
    let floats = try file.array("floats", as: Float.self)
    #expect(floats[0] == 1 && floats[1].isNaN && floats[2] == -.infinity && floats[3] == 0.1)
    #expect(try file.array("integers", as: Int64.self) == [.min, .max])
    #expect(try file.withUnsafeBytes("parts") { Array($0) } == [1, 0])
    for tensor in file.tensors.values {
      #expect(tensor.bytes.lowerBound % tensor.elementType.byteCount == 0)
    }
  }

  @Test func `elements that the file does not align are read`() throws {
    let path = try file(
      header: #"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
        + #""y":{"dtype":"I32","shape":[1],"data_offsets":[1,5]}}"#, data: [9, 1, 0, 0, 0])
    #expect(try SafetensorsFile(path: path).array("y", as: Int32.self) == [1])
  }

  @Test func `a missing tensor and a wrong type are named`() throws {
    let path = try file(
      header: #"{"momentum":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: [0, 0, 0, 0])
    let file = try SafetensorsFile(path: path)
    let missing = #expect(throws: SafetensorsError.self) {
      try file.array("momenta", as: Float.self)
    }
    #expect(missing?.code == .missingTensor)
    #expect(
      missing?.description.replacing(folder.path, with: "F")
        == "cannot read the tensor momenta of F/test.safetensors: the file has no such tensor. "
        + "Did you mean momentum?")
    let wrong = #expect(throws: SafetensorsError.self) {
      try file.array("momentum", as: Double.self)
    }
    #expect(
      wrong?.description.replacing(folder.path, with: "F")
        == "cannot read the tensor momentum of F/test.safetensors: its elements are F32, expected F64."
    )
  }

  @Test(arguments: [
    (
      #"{"x":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#,
      "the tensor x of F/test.safetensors: its element type F33 is unknown."
    ),
    (
      #"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
      "the tensor x of F/test.safetensors: its shape [-1] is impossible."
    ),
    (
      #"{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#,
      "the tensor x of F/test.safetensors: its shape [4611686018427387904, 4] is impossible."
    ),
    (
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
      "the tensor x of F/test.safetensors: its data_offsets [4, 0] are not a range."
    ),
    (
      #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      "the tensor x of F/test.safetensors: it ends at byte 8 of the data, of which there are 4. "
        + "The file is probably truncated; write or download it again."
    ),
    (
      #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
      "the tensor x of F/test.safetensors: F32 of shape [2] takes 8 bytes, its data_offsets [0, 4] "
        + "hold 4."
    ),
    (
      #"{"x":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}"#,
      "the tensor x of F/test.safetensors: it begins at byte 3 of the data, expected 0."
    ),
    (
      #"{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"#
        + #""y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
      "the tensor y of F/test.safetensors: it begins at byte 2 of the data, expected 3."
    ),
    (
      #"{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#,
      "F/test.safetensors: the file has 1 bytes that belong to no tensor."
    ),
    (
      #"{"x":{"dtype":"U8"}}"#,
      "F/test.safetensors: the header is not the JSON that the format asks for."
    ),
    (
      #"["x"]"#,
      "F/test.safetensors: the header does not begin with {. This is probably not a safetensors file."
    ),
  ])
  func `a header that contradicts the file is an error`(header: String, words: String) throws {
    let path = try file(header: header, data: [0, 0, 0, 0])
    #expect(try message(path) == "cannot read " + words)
  }

  @Test func `a header longer than the file or the format allows is an error`() throws {
    #expect(
      try message(file(header: "{}", length: 100))
        == "cannot read F/test.safetensors: the header announces 100 bytes, 2 are left. "
        + "The file is probably truncated; write or download it again.")
    #expect(
      try message(file(header: "{}", length: .max))
        == "cannot read F/test.safetensors: the header announces 18446744073709551615 bytes, "
        + "the format allows 100000000. This is probably not a safetensors file.")
    let empty = try folder.write("", to: "empty.safetensors")
    #expect(
      try message(empty)
        == "cannot read F/empty.safetensors: the file has 0 bytes, the length of the header alone "
        + "takes 8. Write or download it again.")
  }

  @Test func `every truncation of a file is an error`() throws {
    var writer = SafetensorsWriter()
    writer.add("x", [1, 2] as [Float])
    let path = folder.file("whole.safetensors")
    try writer.write(to: path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for count in 0..<whole.count {
      let part = folder.file("part.safetensors")
      try whole.prefix(count).write(to: URL(fileURLWithPath: part))
      #expect(throws: SafetensorsError.self) { _ = try SafetensorsFile(path: part) }
    }
  }

  @Test func `a file that cannot be opened is an error of the file system`() {
    #expect(throws: FileSystemError.self) { _ = try SafetensorsFile(path: folder.file("none")) }
    #expect(throws: FileSystemError.self) { _ = try SafetensorsFile(path: folder.path) }
  }
}
