// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import TestSupport
import Testing
import Torch

/// Pre-training with products of matrices in bfloat16, here on the CPU.
extension PretrainerTests {
  @Test func `a run in bfloat16 learns, and goes on as if never stopped`() throws {
    func run(_ name: String) throws -> Pretrainer {
      try pretrainer(
        name,
        {
          $0.precision = .bfloat16
          $0.epochs = 12
          $0.learningRate = 3e-3
        }, dropout: 0.1)
    }
    let whole = try run("whole")
    let history = try whole.run()
    let first = try #require(history.epochs.first)
    let last = try #require(history.epochs.last)
    for index in 0..<3 { #expect(last.training[index] < first.training[index]) }
    #expect(whole.backbone.parameters().allSatisfy { $0.value.dtype == .float32 })
    var steps = 0
    let wish = Interruption.Wish()
    #expect(throws: InterruptedError.self) {
      try Interruption.$wish.withValue(wish) {
        _ = try run("parts").run { _ in
          steps += 1
          if steps == 14 { wish.request() }
        }
      }
    }
    let again = try run("parts")
    _ = try again.run()
    #expect(parameters(again) == parameters(whole))
  }

  @Test func `a run saved before there was a precision goes on in float32`() throws {
    _ = try pretrainer("run") { $0.epochs = 1 }.run()
    let path = folder.file("run/training.json")
    let json = try String(contentsOfFile: path, encoding: .utf8)
    let older = json.replacing(/\ *"precision" : "float32",\n/, with: "")
    #expect(older != json)
    _ = try folder.write(older, to: "run/training.json")
    #expect(try pretrainer("run") { $0.epochs = 1 }.history.epochs.count == 1)
    let error = try modelError {
      _ = try pretrainer("run") {
        $0.epochs = 1
        $0.precision = .bfloat16
      }
    }
    #expect(error.description.contains("it was started with other settings"))
  }
}
