// SPDX-License-Identifier: Apache-2.0

import Torch

/// Which events attention computes together where LibTorch computes it.
public enum AttentionGrouping: Sendable, Hashable, CaseIterable {
  /// Events of equal multiplicity: nothing is padded, but a batch takes a call for each
  /// multiplicity.
  case equal
  /// Events of up to 16 tokens, of up to 32, 64 and so on, filled up to the longest of them.
  ///
  /// A call costs a GPU more than some idle lanes do. Above 16 tokens less than half of a group is
  /// padding, so that a few large events do not multiply the memory of all.
  case padded

  /// The grouping for a device.
  static func suiting(_ device: Device) -> AttentionGrouping { device == .cpu ? .equal : .padded }

  /// Largest number of tokens in the group of an event with this number of tokens.
  func limit(tokenCount: Int) -> Int {
    switch self {
    case .equal: tokenCount
    case .padded:
      // The next power of two.
      max(16, 1 << (Int.bitWidth - (tokenCount - 1).leadingZeroBitCount))
    }
  }
}

/// A run of events of the packed sequence that attention computes together.
package struct AttentionGroup {
  /// The way from packed tokens to a block of equal lengths, and back.
  package struct Padding {
    /// For each place of the block its token in the run; behind an event's last token its tokens
    /// begin anew, so that nothing of another event is read.
    ///
    /// `int64`, shape `[events * N]`.
    package let gather: Tensor
    /// For each token of the run its place in the block.
    ///
    /// `int64`, shape `[length]`.
    package let scatter: Tensor
    /// `true` for a token, `false` for what fills up.
    ///
    /// `bool`, shape `[events, 1, 1, N]`: as keys what fills up is not looked at; as queries it is
    /// computed and left behind.
    package let isReal: Tensor
  }

  /// First token of the run in the packed sequence.
  package let start: Int
  /// Number of tokens of the run.
  package let length: Int
  /// Number of events in the run.
  package let eventCount: Int
  /// The largest number of tokens of an event, `N`, the event token counted.
  package let tokenCount: Int
  /// What makes all events as long; `nil` where they are.
  package let padding: Padding?

  /// Cuts the packed sequence.
  ///
  /// - Parameters:
  ///   - tokenCounts: The number of tokens of each event, rising; at least 1.
  ///   - grouping: Which events are taken together.
  ///   - device: Where the padding's tensors go.
  /// - Returns: The groups, which cover the sequence in order.
  package static func groups(
    tokenCounts: [Int], grouping: AttentionGrouping, device: Device
  ) -> [AttentionGroup] {
    var groups: [AttentionGroup] = []
    var start = 0
    var rest = tokenCounts[...]
    while let smallest = rest.first {
      let limit = grouping.limit(tokenCount: smallest)
      let counts = rest.prefix { $0 <= limit }
      let group = AttentionGroup(start: start, tokenCounts: Array(counts), device: device)
      groups.append(group)
      start += group.length
      rest = rest.dropFirst(counts.count)
    }
    return groups
  }

  private init(start: Int, tokenCounts: [Int], device: Device) {
    self.start = start
    length = tokenCounts.reduce(0, +)
    eventCount = tokenCounts.count
    tokenCount = tokenCounts.last ?? 0
    guard tokenCounts.first != tokenCounts.last else {
      padding = nil
      return
    }
    let places = eventCount * tokenCount
    var gather = [Int64](repeating: 0, count: places)
    var isReal = [Bool](repeating: false, count: places)
    var scatter: [Int64] = []
    scatter.reserveCapacity(length)
    for (event, count) in tokenCounts.enumerated() {
      let first = scatter.count
      for place in 0..<tokenCount {
        gather[event * tokenCount + place] = Int64(first + place % count)
        isReal[event * tokenCount + place] = place < count
      }
      for place in 0..<count { scatter.append(Int64(event * tokenCount + place)) }
    }
    padding = Padding(
      gather: Tensor(gather, device: device), scatter: Tensor(scatter, device: device),
      isReal: Tensor(isReal, shape: [eventCount, 1, 1, tokenCount], device: device))
  }
}
