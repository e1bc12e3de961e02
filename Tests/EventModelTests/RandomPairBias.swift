// SPDX-License-Identifier: Apache-2.0

import EventModel
import Runtime
import Torch

extension EventTransformer {
  /// Sets the last maps of the pairwise bias, which start at zero, to random values.
  func setRandomPairBias(scale: Float) {
    var generator = CounterBasedGenerator(seed: 6, purpose: .initialization)
    withoutGradients {
      for (name, parameter) in namedParameters()
      where name.contains("pairBias") && name.contains("contraction") {
        let values = (0..<parameter.value.elementCount).map { _ in
          Float.random(in: -1...1, using: &generator) * scale
        }
        parameter.value.copy(from: Tensor(values, shape: parameter.value.shape))
      }
    }
  }
}
