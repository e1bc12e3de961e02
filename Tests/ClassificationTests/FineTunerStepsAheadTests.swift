// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import TestSupport
import Testing
import Torch

/// Fine-tuning whose losses are read later, as on a GPU; here on the CPU.
extension FineTunerTests {
  @Test(arguments: [1, 3, 100], [FineTuningConfiguration.Mode.full, .frozen])
  func `steps ahead change no number`(count: Int, mode: FineTuningConfiguration.Mode) throws {
    func run(stepsAhead: Int) throws -> (FineTuner, FineTuningHistory) {
      // So small a bound clips every step.
      let run = try tuner(
        .make(eventCount: 100),
        configuration {
          $0.mode = mode
          $0.gradientClip = 0.1
          $0.keeps = .last
        }, dropout: 0.1, stepsAhead: stepsAhead)
      return (run, try run.run())
    }
    let (atOnce, expected) = try run(stepsAhead: 0)
    let (later, found) = try run(stepsAhead: count)
    #expect(values(later.classifier) == values(atOnce.classifier))
    #expect(found.looks == expected.looks && !found.looks.isEmpty)
    #expect(found.bestStep == 60)
  }

  @Test(arguments: [0, 1])
  func `a loss that becomes infinite stops and names its step`(stepsAhead: Int) throws {
    let tuner = try tuner(.make(eventCount: 40), configuration(), stepsAhead: stepsAhead)
    let token = try #require(tuner.classifier.backbone.ownParameters.first?.parameter)
    let error = try #require(
      #expect(throws: ModelError.self) {
        _ = try tuner.run { step, _ in
          guard step == 2 else { return }
          withoutGradients { token.value.copy(from: Tensor.full([8], value: Float.nan)) }
        }
      })
    #expect(error.code == .nonFinite)
    #expect(error.description.contains(" in step 2, with events "), "\(error)")
  }

  @Test(arguments: [0, 1])
  func `a gradient that is not finite stops`(stepsAhead: Int) throws {
    let tuner = try tuner(.make(eventCount: 40), configuration(), stepsAhead: stepsAhead)
    let weight = try #require(
      tuner.classifier.namedParameters().first { $0.name == "head.weight" }?.parameter)
    let error = try #require(
      #expect(throws: ModelError.self) {
        _ = try tuner.run { step, _ in
          guard step == 2 else { return }
          // Losses are finite then, and the squares of their gradients are not.
          let row = Tensor.full([1, 8], value: Float(1e30))
          withoutGradients {
            weight.value.copy(from: Tensor.concatenate([row, row * 0], dimension: 0))
          }
        }
      })
    #expect(error.code == .nonFinite)
    #expect(error.description.contains("the gradient's norm is inf in step 2"), "\(error)")
  }
}
