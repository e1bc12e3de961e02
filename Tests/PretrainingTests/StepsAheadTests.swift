// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import TestSupport
import Testing
import Torch

/// Training whose numbers are read later, as on a GPU; here on the CPU.
extension PretrainerTests {
  @Test(arguments: [1, 2, 100])
  func `steps ahead change no number and tell every step`(count: Int) throws {
    // So small a bound clips every step.
    func run(_ name: String, stepsAhead: Int) throws -> (Pretrainer, [Int], [Double]) {
      let run = try pretrainer(
        name, { $0.gradientClip = 0.1 }, dropout: 0.1, stepsAhead: stepsAhead)
      var done: [Int] = []
      var losses: [Double] = []
      _ = try run.run { report in
        done.append(report.eventsDone)
        losses.append(report.loss)
      }
      return (run, done, losses)
    }
    let (atOnce, done, reported) = try run("at-once", stepsAhead: 0)
    let (later, laterDone, laterReported) = try run("later", stepsAhead: count)
    #expect(parameters(later) == parameters(atOnce))
    #expect(losses(later.history) == losses(atOnce.history))
    #expect(done == (1...9).map { 32 * $0 } && laterDone == done)
    #expect(laterReported == reported)
    #expect(later.history.epochs.allSatisfy { $0.eventsPerSecond > 0 })
  }

  @Test func `a run with steps ahead goes on after a stop with the same numbers`() throws {
    let whole = try pretrainer("whole", dropout: 0.1, stepsAhead: 1)
    _ = try whole.run()
    let first = try pretrainer("parts", dropout: 0.1, stepsAhead: 1)
    let wish = Interruption.Wish()
    var steps = 0
    #expect(throws: InterruptedError.self) {
      try Interruption.$wish.withValue(wish) {
        _ = try first.run { _ in
          steps += 1
          if steps == 4 { wish.request() }
        }
      }
    }
    // The step that was begun when the wish came is recorded before the state is saved.
    #expect(steps == 5)
    let second = try pretrainer("parts", dropout: 0.1, stepsAhead: 1)
    _ = try second.run()
    #expect(parameters(second) == parameters(whole))
    #expect(losses(second.history) == losses(whole.history))
  }

  @Test func `a loss that is not finite is named a step later, and nothing is saved`() throws {
    let run = try pretrainer("run", stepsAhead: 1)
    var steps = 0
    let error = try modelError {
      _ = try run.run { report in
        steps += 1
        // The first step of the second epoch is read when the next one is begun.
        guard steps == 4 else { return }
        #expect(report.epoch == 1)
        withoutGradients {
          run.backbone.parameters()[1].value.copy(from: Tensor.full([8, 24], value: Float.nan))
        }
      }
    }
    #expect(error.code == .nonFinite)
    #expect(
      error.description.hasPrefix(
        "training stopped: maskedObjects is nan in epoch 1, step 2. The input that stands out "
          + "most is "), "\(error)")
    #expect(steps == 5)
    let again = try pretrainer("run", stepsAhead: 1)
    #expect(again.history.epochs.count == 1)
    let whole = try pretrainer("whole")
    _ = try again.run()
    _ = try whole.run()
    #expect(parameters(again) == parameters(whole))
  }

  @Test func `parameters that are not finite are never saved with steps ahead`() throws {
    let run = try pretrainer(
      "run",
      {
        $0.validationFraction = 0
        $0.batchSize = 150
        $0.warmUpSteps = 0
        $0.learningRate = 1e39
      }, stepsAhead: 1)
    #expect(try modelError { _ = try run.run() }.code == .nonFinite)
    #expect(!FileManager.default.fileExists(atPath: folder.file("run")))
  }
}
