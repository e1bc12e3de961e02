// SPDX-License-Identifier: Apache-2.0

/// Returns the XXH3 hash of some bytes, 64 bits, with seed 0 and the default secret: the checksum
/// of RNTuple's anchor, envelopes and pages.
///
/// Specification: https://github.com/Cyan4973/xxHash/blob/v0.8.3/doc/xxhash_spec.md
package func xxh3(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  secretBytes.withUnsafeBytes { secret in
    let hash = XXH3(input: bytes, secret: secret)
    return switch bytes.count {
    case 0: finished64(hash.key(56) ^ hash.key(64))
    case 1...3: hash.ofUpTo3()
    case 4...8: hash.ofUpTo8()
    case 9...16: hash.ofUpTo16()
    case 17...128: hash.ofUpTo128()
    case 129...240: hash.ofUpTo240()
    default: hash.ofMany()
    }
  }
}

private struct XXH3 {
  let input: UnsafeRawBufferPointer
  let secret: UnsafeRawBufferPointer

  var length: UInt64 { UInt64(input.count) }

  @inline(__always)
  func word(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: input.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  func halfWord(_ offset: Int) -> UInt64 {
    UInt64(UInt32(littleEndian: input.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }

  @inline(__always)
  func key(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: secret.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  func ofUpTo3() -> UInt64 {
    let first = UInt64(input[0])
    let middle = UInt64(input[input.count >> 1])
    let last = UInt64(input[input.count - 1])
    let combined = last | length << 8 | first << 16 | middle << 24
    return finished64(((key(0) ^ key(0) >> 32) & 0xFFFF_FFFF) ^ combined)
  }

  func ofUpTo8() -> UInt64 {
    let combined = halfWord(input.count - 4) | halfWord(0) << 32
    var value = (key(8) ^ key(16)) ^ combined
    value ^= rotated(value, 49) ^ rotated(value, 24)
    value = value &* primeMX2
    value ^= (value >> 35) &+ length
    value = value &* primeMX2
    return value ^ value >> 28
  }

  func ofUpTo16() -> UInt64 {
    let low = (key(24) ^ key(32)) ^ word(0)
    let high = (key(40) ^ key(48)) ^ word(input.count - 8)
    return finished(length &+ low.byteSwapped &+ high &+ folded(low, high))
  }

  func ofUpTo128() -> UInt64 {
    var sum = length &* prime64x1
    for round in 0...((input.count - 1) >> 5) {
      sum &+= mixed(round * 16, with: round * 32)
      sum &+= mixed(input.count - round * 16 - 16, with: round * 32 + 16)
    }
    return finished(sum)
  }

  func ofUpTo240() -> UInt64 {
    var sum = length &* prime64x1
    for chunk in 0..<8 { sum &+= mixed(chunk * 16, with: chunk * 16) }
    sum = finished(sum)
    for chunk in 8..<(input.count >> 4) { sum &+= mixed(chunk * 16, with: (chunk - 8) * 16 + 3) }
    return finished(sum &+ mixed(input.count - 16, with: 119))
  }

  /// Mixes 16 bytes of the input with as many of the secret.
  private func mixed(_ offset: Int, with place: Int) -> UInt64 {
    folded(word(offset) ^ key(place), word(offset + 8) ^ key(place + 8))
  }

  func ofMany() -> UInt64 {
    var lanes: SIMD8<UInt64> = [
      prime32x3, prime64x1, prime64x2, prime64x3, prime64x4, prime32x2, prime64x5, prime32x1,
    ]
    // A block is 16 stripes of 64 bytes. The last one, full or not, is not scrambled.
    let lastBlock = (input.count - 1) / 1024
    for block in 0..<lastBlock {
      for stripe in 0..<16 { accumulate(&lanes, block * 1024 + stripe * 64, with: stripe * 8) }
      lanes ^= lanes &>> 47
      lanes ^= keys(128)
      lanes = lanes &* prime32x1
    }
    for stripe in 0..<((input.count - 1 - lastBlock * 1024) / 64) {
      accumulate(&lanes, lastBlock * 1024 + stripe * 64, with: stripe * 8)
    }
    accumulate(&lanes, input.count - 64, with: 121)
    var sum = length &* prime64x1
    let keyed = lanes ^ keys(11)
    for pair in 0..<4 { sum &+= folded(keyed[2 * pair], keyed[2 * pair + 1]) }
    return finished(sum)
  }

  @inline(__always)
  private func keys(_ offset: Int) -> SIMD8<UInt64> {
    Self.words(secret, offset)
  }

  @inline(__always)
  private func accumulate(_ lanes: inout SIMD8<UInt64>, _ offset: Int, with place: Int) {
    let stripe = Self.words(input, offset)
    let value = stripe ^ keys(place)
    // Each word is added to the lane beside its own.
    lanes.evenHalf &+= stripe.oddHalf
    lanes.oddHalf &+= stripe.evenHalf
    lanes &+= (value & 0xFFFF_FFFF) &* (value &>> 32)
  }

  @inline(__always)
  private static func words(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> SIMD8<UInt64> {
    let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
    #if _endian(little)
      return words
    #else
      var swapped = words
      for lane in 0..<8 { swapped[lane] = words[lane].byteSwapped }
      return swapped
    #endif
  }
}

/// The halves of the product of 128 bits, one over the other.
@inline(__always)
private func folded(_ first: UInt64, _ second: UInt64) -> UInt64 {
  let product = first.multipliedFullWidth(by: second)
  return product.high ^ product.low
}

private func finished(_ value: UInt64) -> UInt64 {
  var value = value ^ value >> 37
  value = value &* primeMX1
  return value ^ value >> 32
}

private func finished64(_ value: UInt64) -> UInt64 {
  var value = value ^ value >> 33
  value = value &* prime64x2
  value ^= value >> 29
  value = value &* prime64x3
  return value ^ value >> 32
}

private func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
  value << bits | value >> (64 - bits)
}

private let prime32x1: UInt64 = 0x9E37_79B1
private let prime32x2: UInt64 = 0x85EB_CA77
private let prime32x3: UInt64 = 0xC2B2_AE3D
private let prime64x1: UInt64 = 0x9E37_79B1_85EB_CA87
private let prime64x2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
private let prime64x3: UInt64 = 0x1656_67B1_9E37_79F9
private let prime64x4: UInt64 = 0x85EB_CA77_C2B2_AE63
private let prime64x5: UInt64 = 0x27D4_EB2F_1656_67C5
private let primeMX1: UInt64 = 0x1656_6791_9E37_79F9
private let primeMX2: UInt64 = 0x9FB2_1C65_1E98_DF25

private let secretBytes: [UInt8] = [
  0xB8, 0xFE, 0x6C, 0x39, 0x23, 0xA4, 0x4B, 0xBE, 0x7C, 0x01, 0x81, 0x2C, 0xF7, 0x21, 0xAD, 0x1C,
  0xDE, 0xD4, 0x6D, 0xE9, 0x83, 0x90, 0x97, 0xDB, 0x72, 0x40, 0xA4, 0xA4, 0xB7, 0xB3, 0x67, 0x1F,
  0xCB, 0x79, 0xE6, 0x4E, 0xCC, 0xC0, 0xE5, 0x78, 0x82, 0x5A, 0xD0, 0x7D, 0xCC, 0xFF, 0x72, 0x21,
  0xB8, 0x08, 0x46, 0x74, 0xF7, 0x43, 0x24, 0x8E, 0xE0, 0x35, 0x90, 0xE6, 0x81, 0x3A, 0x26, 0x4C,
  0x3C, 0x28, 0x52, 0xBB, 0x91, 0xC3, 0x00, 0xCB, 0x88, 0xD0, 0x65, 0x8B, 0x1B, 0x53, 0x2E, 0xA3,
  0x71, 0x64, 0x48, 0x97, 0xA2, 0x0D, 0xF9, 0x4E, 0x38, 0x19, 0xEF, 0x46, 0xA9, 0xDE, 0xAC, 0xD8,
  0xA8, 0xFA, 0x76, 0x3F, 0xE3, 0x9C, 0x34, 0x3F, 0xF9, 0xDC, 0xBB, 0xC7, 0xC7, 0x0B, 0x4F, 0x1D,
  0x8A, 0x51, 0xE0, 0x4B, 0xCD, 0xB4, 0x59, 0x31, 0xC8, 0x9F, 0x7E, 0xC9, 0xD9, 0x78, 0x73, 0x64,
  0xEA, 0xC5, 0xAC, 0x83, 0x34, 0xD3, 0xEB, 0xC3, 0xC5, 0x81, 0xA0, 0xFF, 0xFA, 0x13, 0x63, 0xEB,
  0x17, 0x0D, 0xDD, 0x51, 0xB7, 0xF0, 0xDA, 0x49, 0xD3, 0x16, 0x55, 0x26, 0x29, 0xD4, 0x68, 0x9E,
  0x2B, 0x16, 0xBE, 0x58, 0x7D, 0x47, 0xA1, 0xFC, 0x8F, 0xF8, 0xB8, 0xD1, 0x7A, 0xD0, 0x31, 0xCE,
  0x45, 0xCB, 0x3A, 0x8F, 0x95, 0x16, 0x04, 0x28, 0xAF, 0xD7, 0xFB, 0xCA, 0xBB, 0x4B, 0x40, 0x7E,
]
