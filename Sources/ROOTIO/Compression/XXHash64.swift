// SPDX-License-Identifier: Apache-2.0

/// Returns the XXH64 hash of some bytes, with seed 0: the checksum in front of ROOT's LZ4 blocks.
///
/// Specification: https://github.com/Cyan4973/xxHash/blob/v0.8.2/doc/xxhash_spec.md
package func xxHash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  var position = 0
  let count = bytes.count

  func word(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
  func halfWord(_ offset: Int) -> UInt64 {
    UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }

  var hash: UInt64
  if count >= 32 {
    // Four independent lanes, so that the processor can work on them at the same time.
    var lane0 = prime1 &+ prime2
    var lane1 = prime2
    var lane2: UInt64 = 0
    var lane3 = 0 &- prime1
    while position + 32 <= count {
      lane0 = round(lane0, word(position))
      lane1 = round(lane1, word(position + 8))
      lane2 = round(lane2, word(position + 16))
      lane3 = round(lane3, word(position + 24))
      position += 32
    }
    hash =
      rotated(lane0, 1) &+ rotated(lane1, 7) &+ rotated(lane2, 12) &+ rotated(lane3, 18)
    for lane in [lane0, lane1, lane2, lane3] {
      hash = (hash ^ round(0, lane)) &* prime1 &+ prime4
    }
  } else {
    hash = prime5
  }
  hash &+= UInt64(count)

  while position + 8 <= count {
    hash = rotated(hash ^ round(0, word(position)), 27) &* prime1 &+ prime4
    position += 8
  }
  if position + 4 <= count {
    hash = rotated(hash ^ (halfWord(position) &* prime1), 23) &* prime2 &+ prime3
    position += 4
  }
  while position < count {
    hash = rotated(hash ^ (UInt64(bytes[position]) &* prime5), 11) &* prime1
    position += 1
  }

  hash = (hash ^ (hash >> 33)) &* prime2
  hash = (hash ^ (hash >> 29)) &* prime3
  return hash ^ (hash >> 32)
}

private let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
private let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
private let prime3: UInt64 = 0x1656_67B1_9E37_79F9
private let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
private let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

@inline(__always)
private func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
  value << bits | value >> (64 - bits)
}

@inline(__always)
private func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
  rotated(lane &+ word &* prime2, 31) &* prime1
}
