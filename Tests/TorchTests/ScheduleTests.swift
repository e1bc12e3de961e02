// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Torch

@Suite struct ScheduleTests {
  @Test func `a warm-up rises in equal steps to one`() {
    for schedule in [
      LearningRateSchedule.constant(warmupSteps: 4),
      .cosine(warmupSteps: 4, totalSteps: 12, floor: 0.1),
      .linear(warmupSteps: 4, totalSteps: 12, floor: 0.1),
    ] {
      #expect((0..<5).map { schedule.factor(step: $0) } == [0.25, 0.5, 0.75, 1, 1])
    }
  }

  @Test func `a cosine and a line fall to the floor and stay there`() {
    let cosine = LearningRateSchedule.cosine(warmupSteps: 4, totalSteps: 12, floor: 0.2)
    let line = LearningRateSchedule.linear(warmupSteps: 4, totalSteps: 12, floor: 0.2)
    #expect(abs(cosine.factor(step: 8) - 0.6) < 1e-12)
    #expect(abs(line.factor(step: 8) - 0.6) < 1e-12)
    #expect(abs(cosine.factor(step: 6) - (0.2 + 0.8 * (1 + cos(Double.pi / 4)) / 2)) < 1e-12)
    #expect(abs(line.factor(step: 6) - 0.8) < 1e-12)
    for step in [12, 13, 1000] {
      #expect(abs(cosine.factor(step: step) - 0.2) < 1e-12)
      #expect(abs(line.factor(step: step) - 0.2) < 1e-12)
    }
    #expect(LearningRateSchedule.constant(warmupSteps: 0).factor(step: 1000) == 1)
  }

  @Test func `a schedule without room to fall is at its floor`() {
    let schedule = LearningRateSchedule.cosine(warmupSteps: 5, totalSteps: 5, floor: 0.5)
    #expect(schedule.factor(step: 4) == 1)
    #expect(schedule.factor(step: 5) == 0.5)
  }

  @Test func `a schedule survives being stored`() throws {
    let schedule = LearningRateSchedule.cosine(warmupSteps: 4, totalSteps: 12, floor: 0.2)
    let data = try JSONEncoder().encode(schedule)
    #expect(try JSONDecoder().decode(LearningRateSchedule.self, from: data) == schedule)
  }

  @Test func `an average moves towards the parameters`() throws {
    let parameter = Parameter(Tensor([0, 10] as [Float]))
    let average = ParameterAverage([("a", parameter)], decay: 0.75)
    parameter.value.copy(from: Tensor([8, 10] as [Float]))
    average.update()
    #expect(average.stateDictionary().map { $0.tensor.floats() } == [[2, 10]])
    average.update()
    #expect(average.stateDictionary().map { $0.tensor.floats() } == [[3.5, 10]])
    #expect(parameter.value.floats() == [8, 10])

    let other = ParameterAverage([("a", parameter)], decay: 0.75)
    try other.load(average.stateDictionary())
    #expect(other.stateDictionary()[0].tensor.floats() == [3.5, 10])
    let error = try #require(throws: TorchError.self) { try other.load([("b", Tensor(1))]) }
    #expect(
      error.description
        == "cannot load the parameters' average: a of shape [2] is missing. Resume with the model "
        + "that the average was saved with.")
  }
}
