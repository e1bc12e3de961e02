// SPDX-License-Identifier: Apache-2.0

/// What makes a recorded event unique: its run, luminosity block and number.
struct EventIdentity: Hashable, Sendable {
  // 16 bytes: a set of them holds all events of a sample.
  private let block: UInt64
  private let event: UInt64

  /// Makes an identity, or `nil` where run or block have more than 32 bits, which none has.
  init?(run: Int, luminosityBlock: Int, event: Int) {
    guard let run = UInt32(exactly: run), let luminosityBlock = UInt32(exactly: luminosityBlock)
    else { return nil }
    block = UInt64(run) << 32 | UInt64(luminosityBlock)
    self.event = UInt64(event)
  }
}
