// SPDX-License-Identifier: Apache-2.0

import CDeflate
import CLZ4
import CZstd

/// How the records of a new ROOT file are compressed.
///
/// What does not become shorter is stored as it is.
public enum ROOTCompression: Sendable, Equatable {
  /// Not at all.
  case none
  /// By zlib, which every ROOT reads; from 1, the fastest, to 9.
  case zlib(level: Int)
  /// By LZ4, for ROOT 6.14 and newer.
  case lz4
  /// By Zstandard, for ROOT 6.20 and newer; from 1, the fastest, to 9.
  case zstandard(level: Int)

  /// 100 × algorithm + level: `fCompress` in file and branches.
  var fCompress: Int {
    switch self {
    case .none: 0
    case .zlib(let level): 100 + level
    case .lz4: 401
    case .zstandard(let level): 500 + level
    }
  }

  /// Stops a program that asks for a level that does not exist.
  func check() {
    switch self {
    case .none, .lz4: break
    case .zlib(let level), .zstandard(let level):
      precondition((1...9).contains(level), "A compression level of \(level) is not in 1...9.")
    }
  }

  /// Compresses a record in blocks of up to 16 MiB: see ``CompressedBlock``.
  ///
  /// - Returns: The blocks; `nil` if they are not shorter than the record.
  func compressed(_ record: [UInt8]) -> [UInt8]? {
    guard self != .none, !record.isEmpty else { return nil }
    var result: [UInt8] = []
    for start in stride(from: 0, to: record.count, by: Self.largestBlock) {
      let block = record[start..<min(start + Self.largestBlock, record.count)]
      let room = record.count - result.count - CompressedBlock.headerLength
      guard room > 0, let payload = payload(of: block, room: min(room, Self.largestBlock))
      else { return nil }
      result.append(contentsOf: magic)
      for count in [payload.count, block.count] {
        for shift in [0, 8, 16] { result.append(UInt8(truncatingIfNeeded: count >> shift)) }
      }
      result.append(contentsOf: payload)
    }
    return result.count < record.count ? result : nil
  }

  /// Lengths have three bytes.
  private static let largestBlock = 0xFF_FFFF

  /// Algorithm and method in front of a block.
  ///
  /// The method of zlib is 8, deflate. LZ4 has its major version there; ROOT refuses another one.
  private var magic: [UInt8] {
    switch self {
    case .none: []
    case .zlib: Array("ZL".utf8) + [8]
    case .lz4: Array("L4".utf8) + [UInt8(LZ4_VERSION_MAJOR)]
    case .zstandard: Array("ZS".utf8) + [1]
    }
  }

  /// Compresses one block; `nil` if it does not fit into `room`.
  private func payload(of block: ArraySlice<UInt8>, room: Int) -> ArraySlice<UInt8>? {
    // LZ4 has a checksum in front.
    let header = self == .lz4 ? 8 : 0
    guard room > header else { return nil }
    var count = 0
    let target = [UInt8](unsafeUninitializedCapacity: room) { target, initialized in
      let data = UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(target)[header...])
      count = block.withUnsafeBytes { compress($0, into: data) } ?? 0
      if count > 0, header > 0 {
        let checksum = xxHash64(UnsafeRawBufferPointer(rebasing: data[..<count]))
        target.baseAddress.map { UnsafeMutableRawPointer($0) }?
          .storeBytes(of: checksum.bigEndian, as: UInt64.self)
      }
      initialized = count > 0 ? header + count : 0
    }
    return count > 0 ? target[...] : nil
  }

  private func compress(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    switch self {
    case .none: return nil
    case .zlib(let level):
      guard let compressor = libdeflate_alloc_compressor(Int32(level)) else { return nil }
      defer { libdeflate_free_compressor(compressor) }
      let count = libdeflate_zlib_compress(
        compressor, source.baseAddress, source.count, target.baseAddress, target.count)
      return count > 0 ? count : nil
    case .lz4:
      let count = LZ4_compress_default(
        source.baseAddress?.assumingMemoryBound(to: CChar.self),
        target.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(source.count),
        Int32(target.count))
      return count > 0 ? Int(count) : nil
    case .zstandard(let level):
      let count = ZSTD_compress(
        target.baseAddress, target.count, source.baseAddress, source.count, Int32(level))
      return ZSTD_isError(count) == 0 ? count : nil
    }
  }
}
