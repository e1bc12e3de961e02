// SPDX-License-Identifier: Apache-2.0

import Torch

/// The tokens of a batch as one sequence without padding, sorted by multiplicity, for LibTorch.
///
/// Each event has its event token first and its objects after it, so that events of equal
/// multiplicity are a block that can be viewed as `[events, tokens, D]`; see ``AttentionGrouping``.
struct PackedSequence {
  /// The events in the order of the sequence.
  let order: [Int]
  /// For each packed token, its row in event tokens followed by objects.
  ///
  /// Shape `[B + T]`.
  let gather: Tensor
  /// For each event token followed by objects, its place in the packed sequence.
  let places: [Int64]
  /// The runs of events that attention computes together, which cover the packed sequence.
  let groups: [AttentionGroup]

  /// Sorts the tokens of a batch.
  ///
  /// - Parameters:
  ///   - tokenCounts: The number of tokens of each event, its own counted.
  ///   - grouping: Which events attention computes together.
  ///   - device: Where the tensors go.
  init(tokenCounts: [Int], grouping: AttentionGrouping, device: Device) {
    let order = tokenCounts.indices.sorted { (tokenCounts[$0], $0) < (tokenCounts[$1], $1) }
    self.order = order
    var firstObjects: [Int] = []
    var rowCount = tokenCounts.count
    for count in tokenCounts {
      firstObjects.append(rowCount)
      rowCount += count - 1
    }
    var gather: [Int64] = []
    gather.reserveCapacity(rowCount)
    var places = [Int64](repeating: 0, count: rowCount)
    for event in order {
      let objects = firstObjects[event]..<firstObjects[event] + tokenCounts[event] - 1
      for row in [event] + objects {
        places[row] = Int64(gather.count)
        gather.append(Int64(row))
      }
    }
    self.gather = Tensor(gather, device: device)
    self.places = places
    groups = AttentionGroup.groups(
      tokenCounts: order.map { tokenCounts[$0] }, grouping: grouping, device: device)
  }
}
