// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events

/// Losses and cost of a pre-training run, by epoch.
public struct PretrainingHistory: Codable, Hashable, Sendable {
  /// One pass over the events.
  public struct Epoch: Codable, Hashable, Sendable {
    /// Mean training loss of each objective, unweighted, in the order of ``objectives``.
    public var training: [Double]
    /// Validation loss of each objective; empty without a validation split.
    public var validation: [Double]
    /// Events trained in a second.
    public var eventsPerSecond: Double
  }

  /// Names of the objectives.
  public var objectives: [String] = []
  /// Their weights in the sum.
  public var weights: [Double] = []
  /// The finished epochs.
  public var epochs: [Epoch] = []
  /// Time spent in training steps, seconds.
  public var seconds = 0.0

  /// Makes an empty history.
  public init() {}
}

/// Where the time of a training step went, in seconds.
public struct StepSeconds: Codable, Hashable, Sendable {
  /// Waiting for the batch, which another thread assembles and augments.
  public var waiting = 0.0
  /// Reading the batch, on that thread.
  public var reading = 0.0
  /// Augmenting it, on that thread.
  public var augmenting = 0.0
  /// From the batch to the losses.
  public var forward = 0.0
  /// From the losses to the gradients.
  public var backward = 0.0
  /// Clipping and the optimizer's step.
  public var optimizer = 0.0

  /// Makes the seconds of a step whose batch is there.
  public init(waiting: Double = 0, reading: Double = 0, augmenting: Double = 0) {
    self.waiting = waiting
    self.reading = reading
    self.augmenting = augmenting
  }
}

/// What a run needs beside its tensors to go on exactly: the file `training.json`.
struct PretrainingState: Codable {
  var configuration: PretrainingConfiguration
  var model: ModelConfiguration
  var schema: EventSchema
  var eventCount: Int
  var eventFingerprint: String
  /// The checksum of the weights that it started from; `nil` for random ones.
  var start: String?
  var epoch = 0
  var stepInEpoch = 0
  var lossSums: [Double] = []
  var eventsInEpoch = 0
  var secondsInEpoch = 0.0
  var history = PretrainingHistory()
  var tensorFile: String?
  var optimizerSteps = 0

  init(
    configuration: PretrainingConfiguration, model: ModelConfiguration,
    events: any EventSource, start: String?
  ) {
    self.configuration = configuration
    self.model = model
    schema = events.schema
    eventCount = events.eventCount
    eventFingerprint = events.fingerprint
    self.start = start
    for objective in configuration.objectives.used {
      history.objectives.append(type(of: objective).name)
      history.weights.append(objective.weight)
    }
  }

  mutating func add(losses: [Double], events: Int) {
    if lossSums.isEmpty { lossSums = losses.map { _ in 0 } }
    for index in losses.indices { lossSums[index] += losses[index] }
    stepInEpoch += 1
    eventsInEpoch += events
  }

  mutating func finishEpoch(validationLosses: [Double]) {
    history.epochs.append(
      PretrainingHistory.Epoch(
        training: lossSums.map { $0 / Double(max(1, stepInEpoch)) }, validation: validationLosses,
        eventsPerSecond: Double(eventsInEpoch) / max(secondsInEpoch, 1e-9)))
    history.seconds += secondsInEpoch
    epoch += 1
    stepInEpoch = 0
    lossSums = []
    eventsInEpoch = 0
    secondsInEpoch = 0
  }

  /// Checks that the counts can be those of a run, whoever wrote the file.
  func checkProgress(stepsPerEpoch: Int, path: String) throws {
    let sums = stepInEpoch == 0 ? 0 : history.objectives.count
    let isPossible =
      (0...configuration.epochs).contains(epoch) && history.epochs.count == epoch
      && (0...stepsPerEpoch).contains(stepInEpoch) && lossSums.count == sums
      && optimizerSteps == epoch * stepsPerEpoch + stepInEpoch
      && tensorFile?.contains("/") != true
    guard !isPossible else { return }
    throw ModelError(
      code: .corrupted,
      "cannot go on with the run of \(path): epoch \(epoch), step \(stepInEpoch) and "
        + "\(optimizerSteps) steps in all contradict one another. The file was changed; take it "
        + "from a backup, or remove the folder to start anew.")
  }

  /// Checks that a new run in the folder of this one would be the same run.
  func checkContinues(_ other: PretrainingState, path: String) throws {
    let difference: String? =
      if schema != other.schema {
        "another schema"
      } else if eventCount != other.eventCount {
        "\(eventCount) events rather than \(other.eventCount)"
      } else if eventFingerprint != other.eventFingerprint {
        "other events, as many"
      } else if start != other.start {
        "other weights"
      } else if model != other.model {
        "a model of another size"
      } else if configuration != other.configuration {
        "other settings"
      } else {
        nil
      }
    guard let difference else { return }
    throw ModelError(
      code: .schemaMismatch,
      "cannot go on with the run of \(path): it was started with \(difference). "
        + "Choose another output folder, or remove this one to start anew.")
  }
}
