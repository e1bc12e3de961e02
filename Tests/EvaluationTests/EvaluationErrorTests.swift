// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite struct EvaluationErrorTests {
  private func message(
    _ code: EvaluationError.Code, _ body: () throws -> Void
  ) throws -> String {
    let error = try #require(throws: EvaluationError.self) { try body() }
    #expect(error.code == code)
    return error.description
  }

  @Test func `unequal lengths`() throws {
    #expect(
      try message(.unequalLengths) { _ = try LabeledScores(scores: [1.0, 2], labels: [true]) }
        == "cannot evaluate 2 scores: there are 1 labels. Give one label and one weight for each "
        + "score.")
    #expect(
      try message(.unequalLengths) {
        _ = try LabeledScores(scores: [1.0, 2], labels: [true, false], weights: [1])
      } == "cannot evaluate 2 scores: there are 2 labels and 1 weights. Give one label and one "
        + "weight for each score.")
  }

  @Test func `an empty class`() throws {
    #expect(
      try message(.emptyClass) { _ = try LabeledScores(scores: [1.0], labels: [true]) }
        == "cannot evaluate 1 scores: there is no background event. Check the selection and the "
        + "labels of the test events.")
    let none: [Double] = []
    #expect(
      try message(.emptyClass) { _ = try LabeledScores(scores: none, labels: []) }
        == "cannot evaluate 0 scores: there is no signal event. Check the selection and the "
        + "labels of the test events.")
  }

  @Test func `a score that is not a number`() throws {
    #expect(
      try message(.invalidScore) {
        _ = try LabeledScores(scores: [1, .nan, 0.5], labels: [true, false, false])
      } == "cannot evaluate 3 scores: score 1 is not a number. Training has probably diverged; "
        + "lower the learning rate.")
  }

  @Test func `weights that cannot be used`() throws {
    #expect(
      try message(.invalidWeight) {
        _ = try LabeledScores(scores: [1.0, 0], labels: [true, false], weights: [1, .infinity])
      } == "cannot evaluate 2 scores: weight 1 is inf. Check the weight column of the input files.")
    #expect(
      try message(.nonPositiveTotalWeight) {
        _ = try LabeledScores(
          scores: [1.0, 0, 2], labels: [true, false, false], weights: [1, -2, 1])
      } == "cannot evaluate 3 scores: the weights of the 2 background events add up to -1.0. Check "
        + "the weight column; negative weights are fine if their class's total is not.")
  }

  @Test func `a score out of range`() throws {
    let events = try LabeledScores(scores: [1.5, 0], labels: [true, false])
    #expect(
      try message(.scoreOutOfRange) { _ = try events.logLoss() }
        == "cannot compute the log loss: score 0 is 1.5, which is not a probability. Pass logits "
        + "through a sigmoid first.")
    #expect(
      try message(.scoreOutOfRange) { _ = try ScoreHistogram(events) }
        == "cannot fill the score histogram: score 0 is 1.5, outside 0.0...1.0. Give a range that "
        + "holds all scores.")
  }

  @Test func `a bin without background`() throws {
    let events = try LabeledScores(scores: [0.9, 0.1], labels: [true, false], weights: [2.5, 1])
    #expect(
      try message(.emptyBackgroundBin) { _ = try events.binnedSignificance(binCount: 2) }
        == "cannot compute the significance of bin 1 of 2: it expects 2.50 signal and 0 background "
        + "events. Take fewer bins, or more simulated background.")
  }
}
