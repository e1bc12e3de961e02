// SPDX-License-Identifier: Apache-2.0

import Runtime
import Testing

@Suite struct CounterBasedGeneratorTests {
  /// Known answers of Philox-4x32-10 from the authors' Random123 distribution (`kat_vectors`).
  @Test(arguments: [
    (
      SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
      SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
      SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
      SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
      SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ])
  func `the block function gives the published answers`(
    counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>
  ) {
    #expect(CounterBasedGenerator.philox(counter: counter, key: key) == expected)
  }

  @Test func `normal numbers have mean 0 and variance 1`() {
    var generator = CounterBasedGenerator(seed: 1, purpose: .augmentation)
    let numbers = (0..<20_000).map { _ in Double(generator.normal()) }
    let mean = numbers.reduce(0, +) / 20_000
    let variance = numbers.map { $0 * $0 }.reduce(0, +) / 20_000
    // Five standard errors: 5 / sqrt(20000) and 5 * sqrt(2 / 20000).
    #expect(abs(mean) < 0.036)
    #expect(abs(variance - 1) < 0.05)
  }

  @Test func `two events, epochs, seeds or purposes never share a sequence`() {
    var seen: Set<UInt64> = []
    for seed in 0..<3 {
      for epoch in 0..<3 {
        for event in 0..<3 {
          for purpose in [CounterBasedGenerator.Purpose.augmentation, .masking] {
            var generator = CounterBasedGenerator(
              seed: UInt64(seed), epoch: epoch, event: event, purpose: purpose)
            for _ in 0..<5 { seen.insert(generator.next()) }
          }
        }
      }
    }
    #expect(seen.count == 3 * 3 * 3 * 2 * 5)
  }
}
