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

  /// Values of the Python package xxhash 4.1.0, `xxhash.xxh3_64_intdigest`.
  @Test(
    arguments: [
      (0, 0x2D06_8005_38D3_94C2),
      (1, 0xE6C6_32B6_1E96_4E1F),
      (2, 0x3A6D_D033_830E_EA1E),
      (3, 0x7EA4_7A00_4F34_273C),
      (4, 0xA02B_1FE0_1D5E_8C68),
      (8, 0x567D_55AD_BC93_00D1),
      (9, 0x3FFD_75B9_1CF2_55D1),
      (16, 0x5134_94BE_FC47_2A38),
      (17, 0xBB80_2979_6EA9_701A),
      (32, 0x5F4A_FC3E_44CD_9779),
      (33, 0xE200_7E7E_1BEB_8D77),
      (128, 0x1F09_E4BA_2268_F9B6),
      (129, 0xCAE8_D381_561F_D657),
      (160, 0x9BD6_4CC3_D7C6_4B05),
      (240, 0x72B3_888C_46B3_9BE2),
      (241, 0xC7D2_EA0B_0885_634C),
      (300, 0x6239_4CC4_9C17_9684),
      (1024, 0xE85F_EACB_C8E5_D35F),
      (1025, 0x0E51_BB4A_23A4_0269),
      (1088, 0xD019_F5C5_5029_3AA9),
      (2048, 0x6B89_30A3_6E51_EFF0),
      (5000, 0xA786_D9DF_473C_DAB5),
    ] as [(Int, UInt64)])
  func `the checksum of RNTuples has five ways, by length`(_ length: Int, _ expected: UInt64) {
    let bytes = (0..<length).map { UInt8(truncatingIfNeeded: 97 + $0 * 7) }
    #expect(bytes.withUnsafeBytes { xxh3($0) } == expected)
  }
}
