// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO

/// The bytes of an uncompressed RNTuple, to be changed in such a way that all checksums hold.
///
///     var bytes = try RNTupleBytes("rntuple-plain.root")
///     bytes.data[bytes.envelope(.header).lowerBound + 8] = 1
///     bytes.seal()
struct RNTupleBytes {
  /// The types of envelopes, as they are stored.
  enum Envelope: Int {
    case header = 1
    case footer = 2
    case pageList = 3
  }

  var data: Data
  /// Where the envelopes are, the checksums included.
  let envelopes: [(type: Envelope, range: Range<Int>)]

  init(_ fixture: String) throws {
    let data = try Data(contentsOf: TestFiles.fixtures.appending(path: fixture))
    var envelopes: [(type: Envelope, range: Range<Int>)] = []
    for start in 0..<(data.count - 16) {
      let word = data.word(start)
      guard let type = Envelope(rawValue: Int(word & 0xFFFF)), word >> 16 >= 16,
        word >> 16 <= data.count - start
      else { continue }
      let range = start..<(start + Int(word >> 16))
      if data.checksum(range.dropLast(8)) == data.word(range.upperBound - 8) {
        envelopes.append((type, range))
      }
    }
    self.data = data
    self.envelopes = envelopes
  }

  /// The first envelope of a type.
  func envelope(_ type: Envelope) -> Range<Int> {
    envelopes.first { $0.type == type }?.range ?? 0..<0
  }

  /// Computes the checksums anew, those of the header first, which the others repeat.
  mutating func seal() {
    let header = envelope(.header)
    for (type, range) in envelopes.sorted(by: { $0.type.rawValue < $1.type.rawValue }) {
      let repeated = header.upperBound - 8
      switch type {
      case .header: break
      // Behind the preamble, and in the footer behind the flags of features.
      case .footer: data.setWord(data.word(repeated), at: range.lowerBound + 16)
      case .pageList: data.setWord(data.word(repeated), at: range.lowerBound + 8)
      }
      data.setWord(data.checksum(range.dropLast(8)), at: range.upperBound - 8)
    }
  }
}

extension Data {
  fileprivate func word(_ offset: Int) -> UInt64 {
    withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }

  fileprivate mutating func setWord(_ word: UInt64, at offset: Int) {
    withUnsafeMutableBytes {
      $0.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
  }

  fileprivate func checksum(_ range: Range<Int>) -> UInt64 {
    withUnsafeBytes { xxh3(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }
}
