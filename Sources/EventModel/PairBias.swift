// SPDX-License-Identifier: Apache-2.0

import Torch

/// The features of a batch's pairs where the model is.
struct PairInput {
  /// Those of pairs of objects.
  ///
  /// Shape `[pairs, PairFeatures.pairColumns.count]`.
  let pairs: Tensor
  /// Those of the objects and their events, or `nil` without reference vectors.
  ///
  /// Shape `[T, PairFeatures.referenceColumns.count]`.
  let references: Tensor?

  init(_ features: PairFeatures, withReferences: Bool, device: Device) {
    func tensor(_ values: [Float], _ columns: [String]) -> Tensor {
      Tensor(values, shape: [values.count / columns.count, columns.count], device: device)
    }
    pairs = tensor(features.pairs, PairFeatures.pairColumns)
    references =
      withReferences ? tensor(features.references, PairFeatures.referenceColumns) : nil
  }
}

/// A number for every pair of tokens and every head, which attention adds to its logits.
///
/// A small network of ``PairFeatures``, the same for all layers, and with reference vectors a second
/// one for an object and the event's token; without, that token's pairs have no bias. Nor has a token
/// with itself. A new model attends as one without a bias.
///
/// Source: H. Qu et al., "Particle Transformer for jet tagging", arXiv:2202.03772, section 4.
final class PairBias: Module {
  private static let unpreparedReferences =
    "The input was prepared for a model without reference vectors."

  private let heads: Int
  private let pairs: PairNetwork
  private let references: PairNetwork?

  init(configuration: ModelConfiguration, generator: inout some RandomNumberGenerator) {
    heads = configuration.heads
    pairs = PairNetwork(
      inputWidth: PairFeatures.pairColumns.count, heads: heads, generator: &generator)
    references =
      configuration.referenceVectors
      ? PairNetwork(
        inputWidth: PairFeatures.referenceColumns.count, heads: heads, generator: &generator)
      : nil
  }

  var ownParameters: [(name: String, parameter: Parameter)] { [] }

  var children: [(name: String, module: any Module)] {
    [("pairs", pairs)] + (references.map { [("references", $0)] } ?? [])
  }

  /// Returns the bias in each group of a sequence.
  ///
  /// - Parameters:
  ///   - input: The features of the batch.
  ///   - sequence: The batch's tokens as attention of LibTorch takes them.
  ///   - tokenCounts: The number of tokens of each event of the batch.
  /// - Returns: For each group a tensor of shape `[events, H, N, N]`.
  func callAsFunction(
    _ input: PairInput, of sequence: PackedSequence, tokenCounts: [Int]
  ) -> [Tensor] {
    let sizes = sequence.groups.flatMap {
      [Int](repeating: $0.tokenCount, count: $0.eventCount)
    }
    // One tensor for all groups, so that the way back adds into the table once.
    let biases = biases(
      input, ofSquares: zip(sequence.order, sizes), tokenCounts: tokenCounts)
    let counts = sequence.groups.map { $0.eventCount * $0.tokenCount * $0.tokenCount }
    return zip(sequence.groups, biases.split(sizes: counts)).map { group, bias in
      bias.reshaped([group.eventCount, group.tokenCount, group.tokenCount, heads])
        .permuted([0, 3, 1, 2])
    }
  }

  /// Returns the bias of all pairs of tokens, event after event, as the kernels take and compute it.
  ///
  /// - Parameters:
  ///   - input: The features of the batch.
  ///   - offsets: The place of each event's token, and the number of tokens. `int64`, shape `[B + 1]`.
  /// - Returns: Shape `[H, P]`, with the sum `P` of the squared numbers of tokens.
  func callAsFunction(_ input: PairInput, offsets: Tensor) -> Tensor {
    precondition(
      references == nil || input.references != nil, Self.unpreparedReferences)
    return .pairBias(
      pairs: input.pairs, references: references == nil ? nil : input.references, offsets: offsets,
      parameters: pairs.parametersInOrder + (references?.parametersInOrder ?? []))
  }

  /// Returns the bias of any two of an event's tokens, for some events with the number of tokens
  /// that each is to have.
  ///
  /// Shape `[sum of squares, H]`.
  private func biases(
    _ input: PairInput, ofSquares squares: some Sequence<(Int, Int)>, tokenCounts: [Int]
  ) -> Tensor {
    let device = input.pairs.device
    var table = [Tensor.zeros([1, heads], device: device), pairs(input.pairs)]
    if let references {
      guard let features = input.references else {
        preconditionFailure(Self.unpreparedReferences)
      }
      table.append(references(features))
    }
    let rows = rows(
      ofSquares: squares, tokenCounts: tokenCounts, pairCount: input.pairs.shape[0])
    return .embedding(
      weight: .concatenate(table.map { $0.to(dtype: .float32) }, dimension: 0),
      indices: Tensor(rows, device: device))
  }

  /// Returns where the bias of any two tokens stands in the table: zero first, then those of pairs,
  /// then those of objects and their events.
  private func rows(
    ofSquares squares: some Sequence<(Int, Int)>, tokenCounts: [Int], pairCount: Int
  ) -> [Int64] {
    var firstPairs: [Int] = []
    var firstObjects: [Int] = []
    var pair = 1
    var object = 1 + pairCount
    for count in tokenCounts {
      firstPairs.append(pair)
      firstObjects.append(object)
      pair += (count - 1) * (count - 2) / 2
      object += count - 1
    }
    var rows: [Int64] = []
    for (event, size) in squares {
      // Behind an event's last token its tokens begin anew, as in the block of a group.
      let count = tokenCounts[event]
      for query in 0..<size {
        for key in 0..<size {
          let (first, second) = (query % count, key % count)
          let (earlier, later) = (min(first, second), max(first, second))
          let row =
            if earlier == later {
              0
            } else if earlier > 0 {
              firstPairs[event] + (later - 1) * (later - 2) / 2 + earlier - 1
            } else {
              references == nil ? 0 : firstObjects[event] + later - 1
            }
          rows.append(Int64(row))
        }
      }
    }
    return rows
  }
}

/// `Linear → GELU → Linear`, whose last map starts at zero.
private final class PairNetwork: Module {
  private static let hiddenWidth = 32

  private let expansion: Linear
  private let contraction: Linear

  init(inputWidth: Int, heads: Int, generator: inout some RandomNumberGenerator) {
    expansion = Linear(
      inputWidth: inputWidth, outputWidth: Self.hiddenWidth, generator: &generator)
    contraction = Linear(
      inputWidth: Self.hiddenWidth, outputWidth: heads, generator: &generator)
    withoutGradients {
      for (_, parameter) in contraction.namedParameters() {
        parameter.value.copy(from: Tensor.zeros(parameter.value.shape))
      }
    }
  }

  var ownParameters: [(name: String, parameter: Parameter)] { [] }

  var children: [(name: String, module: any Module)] {
    [("expansion", expansion), ("contraction", contraction)]
  }

  /// Weight and bias of the expansion, then of the contraction.
  var parametersInOrder: [Tensor] {
    [expansion, contraction].flatMap { [$0.weight.value] + ($0.bias.map { [$0.value] } ?? []) }
  }

  /// Shape `[pairs, features]` in, `[pairs, H]` out.
  func callAsFunction(_ features: Tensor) -> Tensor { contraction(expansion(features).gelu()) }
}
