// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A random number generator whose numbers depend only on a key, never on what was drawn before.
///
///     var generator = CounterBasedGenerator(seed: 1, epoch: 3, event: 4711, purpose: .augmentation)
///     let angle = Float.random(in: 0..<(2 * .pi), using: &generator)
///
/// Every event of every epoch has a sequence of its own, so that a resumed run, or one with
/// another number of threads, sees the same numbers.
///
/// This is Philox-4x32 with ten rounds. Source: J. Salmon et al., "Parallel random numbers: as
/// easy as 1, 2, 3", SC11, doi:10.1145/2063384.2063405.
public struct CounterBasedGenerator: RandomNumberGenerator, Sendable {
  /// What the numbers are for; two purposes never share a sequence.
  public struct Purpose: Sendable, Hashable {
    /// The number that stands for the purpose in the key, below 2^16.
    public let rawValue: UInt16

    /// Makes a purpose from its number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Transformations of an event's objects.
    public static let augmentation = Purpose(rawValue: 1)
    /// Which objects and types are hidden.
    public static let masking = Purpose(rawValue: 2)
    /// The order in which events are visited.
    public static let shuffling = Purpose(rawValue: 3)
    /// The first values of a model's parameters.
    public static let initialization = Purpose(rawValue: 4)
    /// Which events are used for training, validation and testing.
    public static let splitting = Purpose(rawValue: 5)
    /// Which pairs of objects are asked about.
    public static let pairs = Purpose(rawValue: 6)
    /// What a model leaves out while it is trained.
    public static let dropping = Purpose(rawValue: 7)
    /// Which collisions count as background.
    public static let choosingCollisions = Purpose(rawValue: 8)
  }

  private var counter: SIMD4<UInt32>
  private let key: SIMD2<UInt32>
  private var block = SIMD4<UInt32>(repeating: 0)
  private var used = 4

  /// Makes the sequence of one event in one epoch.
  ///
  /// - Parameters:
  ///   - seed: The seed of the run.
  ///   - epoch: The epoch, below 2^16.
  ///   - event: The position of the event in its store, below 2^48.
  ///   - purpose: What the numbers are for.
  public init(seed: UInt64, epoch: Int = 0, event: Int = 0, purpose: Purpose) {
    precondition(epoch >= 0 && epoch < 1 << 16, "The epoch \(epoch) is not in 0..<65536.")
    precondition(event >= 0 && event < 1 << 48, "The event \(event) is not in 0..<2^48.")
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(
      0, UInt32(truncatingIfNeeded: event),
      UInt32(truncatingIfNeeded: event >> 32) | UInt32(epoch) << 16,
      UInt32(purpose.rawValue))
  }

  /// Returns the next 64 random bits.
  public mutating func next() -> UInt64 {
    if used > 2 {
      block = Self.philox(counter: counter, key: key)
      counter[0] &+= 1
      used = 0
    }
    defer { used += 2 }
    return UInt64(block[used]) | UInt64(block[used + 1]) << 32
  }

  /// Returns a number from the uniform distribution on [0, 1), with 24 random bits.
  public mutating func uniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// Returns a number from the normal distribution with mean 0 and standard deviation 1.
  ///
  /// By the method of Box and Muller, in double precision; one of its two numbers is dropped so
  /// that a call always uses the same number of bits.
  public mutating func normal() -> Float {
    // 1 - u is in (0, 1], so that the logarithm is finite.
    let radius = (-2 * log(1 - Double(next() >> 11) * 0x1p-53)).squareRoot()
    let angle = 2 * Double.pi * (Double(next() >> 11) * 0x1p-53)
    return Float(radius * cos(angle))
  }

  /// The Philox-4x32-10 function itself: ten rounds of multiplication and exchange.
  package static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var state = counter
    var key = key
    for round in 0..<10 {
      if round > 0 { key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85) }
      let first = UInt64(state[0]) * 0xD251_1F53
      let second = UInt64(state[2]) * 0xCD9E_8D57
      state = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ state[1] ^ key[0],
        UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ state[3] ^ key[1],
        UInt32(truncatingIfNeeded: first))
    }
    return state
  }
}
