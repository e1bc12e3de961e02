// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import Events
import TestSupport
import Testing
import Torch

extension FineTunerTests {
  private func error(_ change: (inout EventBatch) -> Void) throws -> ClassificationError {
    var source = ToyEvents.make(eventCount: 10)
    change(&source.events)
    return try #require(
      #expect(throws: ClassificationError.self) { _ = try tuner(source, configuration()) })
  }

  @Test func `too few events of a class are refused`() throws {
    let error = try error { $0.labels = [1] + Array(repeating: 0, count: 9) }
    #expect(error.code == .tooFewEvents)
    #expect(
      error.description
        == "class signal has 1 labeled events; at least 2 are needed, one to train and one to "
        + "validate. Add files, or loosen the selection.")
  }

  @Test func `a label without a class is refused`() throws {
    let error = try error { $0.labels[7] = -1 }
    #expect(error.code == .unknownLabel)
    #expect(
      error.description
        == "event 7 has the label -1; expected 0 to 1, for background, signal. Give every sample "
        + "a label.")
  }

  @Test func `weights without a positive sum are refused`() throws {
    let error = try error { batch in
      for event in 0..<10 where batch.labels[event] == 1 { batch.weights[event] = -1 }
    }
    #expect(error.code == .badWeights)
    #expect(
      error.description
        == "the weights of class 1 sum to -5.0; expected a positive sum. Set "
        + "finetuning.usesEventWeights: false, or use more events.")
  }

  @Test func `a loss that is not finite stops and names the events`() throws {
    let tuner = try tuner(
      .make(eventCount: 40), configuration { $0.headWarmUpPenalty = 0 })
    let token = try #require(tuner.classifier.backbone.ownParameters.first?.parameter)
    withoutGradients { token.value.copy(from: Tensor.full([8], value: Float.nan)) }
    let error = try #require(#expect(throws: ModelError.self) { _ = try tuner.run() })
    #expect(error.code == .nonFinite)
    #expect(
      error.description.wholeMatch(
        of:
          /fine-tuning stopped: the loss is -?nan in step 0, with events (\d+, ){7}\d+… of the labeled events\. Look at their weights and features, or lower the learning rate\./
      ) != nil, "\(error)")
  }

  @Test func `early stopping keeps the best and never NaN`() {
    var stopping = EarlyStopping(patience: 2)
    let looks = [3.0, 2, 2, .nan].enumerated().map { stopping.observe($1, step: $0) }
    #expect(looks == [true, true, false, false])
    #expect(stopping.bestLoss == 2 && stopping.bestStep == 1)
    #expect(stopping.shouldStop)
    #expect(stopping.observe(1, step: 5) == true)
    #expect(!stopping.shouldStop)
  }
}
