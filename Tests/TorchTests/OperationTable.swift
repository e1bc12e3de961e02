// SPDX-License-Identifier: Apache-2.0

import Torch

/// The operations under the names of the cases in `Fixtures/pytorch.json`.
enum OperationTable {
  typealias Operation = @Sendable ([Tensor]) -> [Tensor]

  static let all: [String: Operation] = [
    operators, elementwise, reductions, shapes, indexing, layers, losses,
  ].reduce(into: [:]) { all, table in
    all.merge(table) { _, second in second }
  }

  private static let operators: [String: Operation] = [
    "add": { [$0[0] + $0[1]] },
    "subtract": { [$0[0] - $0[1]] },
    "multiply": { [$0[0] * $0[1]] },
    "divide": { [$0[0] / $0[1]] },
    "addScalar": { [$0[0] + 1.5] },
    "subtractScalar": { [$0[0] - 1.5] },
    "multiplyScalar": { [$0[0] * 1.5] },
    "divideScalar": { [$0[0] / 1.5] },
    "scalarAdd": { [1.5 + $0[0]] },
    "scalarSubtract": { [1.5 - $0[0]] },
    "scalarMultiply": { [Float(1.5) * $0[0]] },
    "scalarDivide": { [1.5 / $0[0]] },
    "integerAdd": { [$0[0] + 2] },
    "integerSubtract": { [2 - $0[0]] },
    "integerTimesReal": { [$0[0] * 0.5] },
    "integerDivide": { [$0[0] / 2] },
    "negate": { [-$0[0]] },
    "equal": { [$0[0] .== $0[1]] },
    "notEqual": { [$0[0] .!= $0[1]] },
    "less": { [$0[0] .< $0[1]] },
    "lessOrEqual": { [$0[0] .<= $0[1]] },
    "greater": { [$0[0] .> $0[1]] },
    "greaterOrEqual": { [$0[0] .>= $0[1]] },
    "equalScalar": { [$0[0] .== 2] },
    "notEqualScalar": { [$0[0] .!= 2] },
    "lessScalar": { [$0[0] .< 0.5] },
    "lessOrEqualScalar": { [$0[0] .<= 2] },
    "greaterScalar": { [$0[0] .> 0.5] },
    "greaterOrEqualScalar": { [$0[0] .>= 2] },
    "and": { [$0[0] .& $0[1]] },
    "or": { [$0[0] .| $0[1]] },
    "not": { [.!$0[0]] },
  ]

  private static let elementwise: [String: Operation] = [
    "exp": { [$0[0].exp()] },
    "expm1": { [$0[0].expm1()] },
    "log": { [$0[0].log()] },
    "log1p": { [$0[0].log1p()] },
    "sqrt": { [$0[0].sqrt()] },
    "rsqrt": { [$0[0].rsqrt()] },
    "reciprocal": { [$0[0].reciprocal()] },
    "square": { [$0[0].square()] },
    "abs": { [$0[0].abs()] },
    "sign": { [$0[0].sign()] },
    "floor": { [$0[0].floor()] },
    "rounded": { [$0[0].rounded()] },
    "sin": { [$0[0].sin()] },
    "cos": { [$0[0].cos()] },
    "sinh": { [$0[0].sinh()] },
    "cosh": { [$0[0].cosh()] },
    "tanh": { [$0[0].tanh()] },
    "asinh": { [$0[0].asinh()] },
    "atanh": { [$0[0].atanh()] },
    "sigmoid": { [$0[0].sigmoid()] },
    "logSigmoid": { [$0[0].logSigmoid()] },
    "softplus": { [$0[0].softplus()] },
    "relu": { [$0[0].relu()] },
    "gelu": { [$0[0].gelu()] },
    "silu": { [$0[0].silu()] },
    "powScalar": { [$0[0].pow(1.7)] },
    "powTensor": { [$0[0].pow($0[1])] },
    "remainder": { [$0[0].remainder(0.75)] },
    "atan2": { [$0[0].atan2($0[1])] },
    "clamp": { [$0[0].clamp(min: -0.5, max: 1)] },
    "clampMin": { [$0[0].clamp(min: 0.25)] },
    "clampMax": { [$0[0].clamp(max: 0.25)] },
    "where": { [Tensor.where($0[0], $0[1], $0[2])] },
    "maximum": { [Tensor.maximum($0[0], $0[1])] },
    "minimum": { [Tensor.minimum($0[0], $0[1])] },
    "maskedFill": { [$0[0].maskedFill(mask: $0[1], value: -7)] },
  ]

  private static let reductions: [String: Operation] = [
    "sum": { [$0[0].sum()] },
    "sumIntegers": { [$0[0].sum()] },
    "sumMask": { [$0[0].sum()] },
    "mean": { [$0[0].mean()] },
    "max": { [$0[0].max()] },
    "min": { [$0[0].min()] },
    "any": { [$0[0].any()] },
    "all": { [$0[0].all()] },
    "logSumExp": { [$0[0].logSumExp()] },
    "norm": { [$0[0].norm()] },
    "variance": { [$0[0].variance()] },
    "sumOver": { [$0[0].sum(dimensions: [0, 2])] },
    "sumOverKept": { [$0[0].sum(dimensions: [0, 2], keepDimensions: true)] },
    "meanOver": { [$0[0].mean(dimensions: [-1])] },
    "maxOver": { [$0[0].max(dimensions: [1, 2])] },
    "minOver": { [$0[0].min(dimensions: [1, 2])] },
    "anyOver": { [$0[0].any(dimensions: [0])] },
    "allOver": { [$0[0].all(dimensions: [0])] },
    "logSumExpOver": { [$0[0].logSumExp(dimensions: [1])] },
    "normOver": { [$0[0].norm(dimensions: [2])] },
    "varianceOver": { [$0[0].variance(dimensions: [2], correction: 0)] },
    "maxAlong": {
      let (values, indices) = $0[0].max(dimension: 1)
      return [values, indices]
    },
    "minAlong": {
      let (values, indices) = $0[0].min(dimension: 1, keepDimension: true)
      return [values, indices]
    },
    "argmax": { [$0[0].argmax(dimension: 1)] },
    "argmin": { [$0[0].argmin(dimension: 1)] },
    "cumsum": { [$0[0].cumsum(dimension: 1)] },
    "argsort": { [$0[0].argsort(dimension: 1, descending: true)] },
  ]

  private static let shapes: [String: Operation] = [
    "reshaped": { [$0[0].reshaped([4, -1])] },
    "transposed": { [$0[0].transposed(0, 2)] },
    "permuted": { [$0[0].permuted([2, 0, 1])] },
    "unsqueezed": { [$0[0].unsqueezed(-1)] },
    "squeezed": { [$0[0].squeezed(1)] },
    "narrowed": { [$0[0].narrowed(dimension: 2, start: 1, length: 2)] },
    "selected": { [$0[0].selected(dimension: 1, index: -1)] },
    "expanded": { [$0[0].expanded([2, 3, -1])] },
    "split": { $0[0].split(sizes: [1, 3], dimension: 2) },
    "flattened": { [$0[0].flattened(from: 1)] },
    "flipped": { [$0[0].flipped([0, 2])] },
    "concatenate": { [Tensor.concatenate($0, dimension: 1)] },
    "stack": { [Tensor.stack($0, dimension: 1)] },
    "contiguous": { [$0[0].transposed(0, 1).contiguous()] },
    "cloned": { [$0[0].cloned()] },
    "toFloat64": { [$0[0].to(dtype: .float64)] },
    "toInt32": { [$0[0].to(dtype: .int32)] },
  ]

  private static let indexing: [String: Operation] = [
    "indexSelected": { [$0[0].indexSelected(dimension: 1, indices: $0[1])] },
    "gathered": { [$0[0].gathered(dimension: 1, indices: $0[1])] },
    "indexAdd": { [$0[0].indexAdd(dimension: 0, indices: $0[1], source: $0[2])] },
    "scatterAdd": { [$0[0].scatterAdd(dimension: 1, indices: $0[1], source: $0[2])] },
    "maskedSelected": { [$0[0].maskedSelected(mask: $0[1])] },
    "nonzeroIndices": { [$0[0].nonzeroIndices()] },
    "repeatInterleaved": { [$0[0].repeatInterleaved(repeats: $0[1])] },
  ]

  private static let layers: [String: Operation] = [
    "matmul": { [$0[0].matmul($0[1])] },
    "bmm": { [$0[0].bmm($0[1])] },
    "linear": { [Tensor.linear($0[0], weight: $0[1], bias: $0[2])] },
    "linearWithoutBias": { [Tensor.linear($0[0], weight: $0[1])] },
    "softmax": { [$0[0].softmax(dimension: 1)] },
    "logSoftmax": { [$0[0].logSoftmax(dimension: -1)] },
    "layerNorm": { [$0[0].layerNorm(width: 4, weight: $0[1], bias: $0[2])] },
    "layerNormPlain": { [$0[0].layerNorm(width: 4, epsilon: 1e-3)] },
    "embedding": { [Tensor.embedding(weight: $0[0], indices: $0[1])] },
    "attention": {
      [Tensor.scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2])]
    },
    "attentionMasked": {
      [Tensor.scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], mask: $0[3])]
    },
    "attentionBiased": {
      [
        Tensor.scaledDotProductAttention(
          query: $0[0], key: $0[1], value: $0[2], mask: $0[3], scale: 0.3)
      ]
    },
  ]

  private static let losses: [String: Operation] = [
    "crossEntropy": { [Tensor.crossEntropy(logits: $0[0], targets: $0[1])] },
    "crossEntropyNone": {
      [Tensor.crossEntropy(logits: $0[0], targets: $0[1], reduction: .none)]
    },
    "crossEntropyWeighted": {
      [Tensor.crossEntropy(logits: $0[0], targets: $0[1], weight: $0[2], labelSmoothing: 0.1)]
    },
    "binaryCrossEntropy": {
      [Tensor.binaryCrossEntropyWithLogits(logits: $0[0], targets: $0[1])]
    },
    "binaryCrossEntropyWeighted": {
      [
        Tensor.binaryCrossEntropyWithLogits(
          logits: $0[0], targets: $0[1], weight: $0[2], positiveWeight: $0[3], reduction: .sum)
      ]
    },
    "meanSquaredError": { [Tensor.meanSquaredError(predicted: $0[0], expected: $0[1])] },
    "meanSquaredErrorSum": {
      [Tensor.meanSquaredError(predicted: $0[0], expected: $0[1], reduction: .sum)]
    },
    "smoothL1": {
      [Tensor.smoothL1(predicted: $0[0], expected: $0[1], beta: 0.5, reduction: .none)]
    },
  ]
}
