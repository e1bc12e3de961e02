// SPDX-License-Identifier: Apache-2.0

import ROOTIO
import Testing

@Suite struct ChecksumTests {
  /// Values of the Python package xxhash 4.1.0, `xxhash.xxh64_intdigest`.
  @Test(
    arguments: [
      (0, 0xEF46_DB37_51D8_E999),
      (1, 0xD24E_C4F1_A98C_6E5B),
      (3, 0xF0A1_46EE_97AA_EB7B),
      (4, 0x259F_C8AA_6626_6AB8),
      (8, 0xDA29_646C_495E_111F),
      (31, 0x22FE_6549_1D8E_8300),
      (32, 0xBB81_8E7F_8CE7_1A35),
      (33, 0xFCBC_DFFA_A951_163C),
      (100, 0x6100_0F6B_EE81_A45C),
    ] as [(Int, UInt64)])
  func `a checksum covers every length of the last block`(_ length: Int, _ expected: UInt64) {
    let bytes = (0..<length).map { UInt8(truncatingIfNeeded: 97 + $0 * 7) }
    #expect(bytes.withUnsafeBytes { xxHash64($0) } == expected)
  }
}
