// SPDX-License-Identifier: Apache-2.0

/// Everything that a study measured, ready to be saved, compared and reported.
///
/// A study trains several *arms* (ways of training) with several numbers of labels and several
/// seeds, and tests all of them on the same events.
public struct StudyResults: Codable, Sendable, Equatable {
  /// The title of the study.
  public var name: String
  /// What the data are, one line of text each.
  public var dataDescription: [String]
  /// The ways of training, in the order of tables and plots.
  public var arms: [Arm]
  /// The name of the arm whose gain the report states first.
  public var mainArm: String
  /// The name of the arm that all others are compared with.
  public var referenceArm: String
  /// The names of further arms that all others are compared with.
  public var furtherReferences: [String] = []
  /// The arms that show how the gain grows with the events of the pre-training, if the study asks.
  public var scaling: [ScalingPoint]?
  /// The number of labels per class of the report's first sentence; absent for the smallest number
  /// that both arms have.
  public var headlineLabelsPerClass: Int?
  /// One training each.
  public var runs: [Run]
  /// The ROC curves of arms, for some numbers of labels.
  public var rocCurves: [ArmROC]
  /// The distributions of scores of arms, for some numbers of labels.
  public var scoreHistograms: [ArmScores]
  /// How the losses fell during the pre-trainings.
  public var pretrainingCurves: [PretrainingCurve]
  /// What the arms cost.
  public var costs: [ArmCost]
  /// Where and when the study ran.
  public var environment: Environment
  /// The merged configuration, as text.
  public var configuration: String
  /// The command that repeats the study.
  public var command: String

  /// Makes the results of a study; what is measured later may be added later.
  public init(
    name: String, arms: [Arm], mainArm: String, referenceArm: String, environment: Environment,
    runs: [Run] = []
  ) {
    self.name = name
    dataDescription = []
    self.arms = arms
    self.mainArm = mainArm
    self.referenceArm = referenceArm
    self.runs = runs
    rocCurves = []
    scoreHistograms = []
    pretrainingCurves = []
    costs = []
    self.environment = environment
    configuration = ""
    command = ""
  }

  /// A way of training.
  public struct Arm: Codable, Sendable, Equatable {
    /// The short name, as in "scratch".
    public var name: String
    /// The name in tables and plots, as in "From scratch, augmented".
    public var title: String
    /// What is done, in a sentence or two.
    public var description: String

    /// Makes an arm.
    public init(name: String, title: String, description: String = "") {
      self.name = name
      self.title = title
      self.description = description
    }
  }

  /// How many events the pre-training of an arm had.
  public struct ScalingPoint: Codable, Sendable, Equatable {
    /// The name of the arm.
    public var arm: String
    /// The events, of which each counts once however often it was trained.
    public var unlabeledEvents: Int

    /// Makes a point.
    public init(arm: String, unlabeledEvents: Int) {
      self.arm = arm
      self.unlabeledEvents = unlabeledEvents
    }
  }

  /// One training and its test.
  public struct Run: Codable, Sendable, Equatable {
    /// The name of the arm.
    public var arm: String
    /// The number of labeled events of each class.
    public var labelsPerClass: Int
    /// The seed, which also draws the labeled events.
    public var seed: UInt64
    /// The area under the ROC curve on the test events.
    public var auc: Double
    /// The standard error of ``auc`` from the finite number of test events (DeLong), which all
    /// runs share; seeds do not show it.
    public var aucStandardError: Double?
    /// The background rejection at a signal efficiency of 30 %.
    public var rejection30: BackgroundRejection
    /// The background rejection at a signal efficiency of 50 %.
    public var rejection50: BackgroundRejection
    /// The log loss on the test events.
    public var logLoss: Double?
    /// The number of epochs trained.
    public var epochs: Int
    /// The epoch whose model was kept.
    public var bestEpoch: Int
    /// How long the training took, in seconds.
    public var seconds: Double
    /// As how many labeled background events collisions without labels counted, 0 where events that
    /// were held out spoke against them; `nil` where none were to count.
    public var collisionWorth: Double?

    /// Makes a run.
    public init(
      arm: String, labelsPerClass: Int, seed: UInt64, auc: Double,
      aucStandardError: Double? = nil, rejection30: BackgroundRejection,
      rejection50: BackgroundRejection, logLoss: Double? = nil,
      epochs: Int = 0, bestEpoch: Int = 0, seconds: Double = 0
    ) {
      self.arm = arm
      self.labelsPerClass = labelsPerClass
      self.seed = seed
      self.auc = auc
      self.aucStandardError = aucStandardError
      self.rejection30 = rejection30
      self.rejection50 = rejection50
      self.logLoss = logLoss
      self.epochs = epochs
      self.bestEpoch = bestEpoch
      self.seconds = seconds
    }

    /// Makes a run from the curve of its test events.
    public init(
      arm: String, labelsPerClass: Int, seed: UInt64, curve: ROCCurve, logLoss: Double? = nil,
      epochs: Int = 0, bestEpoch: Int = 0, seconds: Double = 0
    ) {
      self.init(
        arm: arm, labelsPerClass: labelsPerClass, seed: seed, auc: curve.areaUnderCurve,
        aucStandardError: curve.areaStandardError,
        rejection30: curve.backgroundRejection(atSignalEfficiency: 0.3),
        rejection50: curve.backgroundRejection(atSignalEfficiency: 0.5), logLoss: logLoss,
        epochs: epochs, bestEpoch: bestEpoch, seconds: seconds)
    }
  }

  /// The ROC curve of an arm with one number of labels.
  public struct ArmROC: Codable, Sendable, Equatable {
    /// The name of the arm.
    public var arm: String
    /// The number of labeled events of each class.
    public var labelsPerClass: Int
    /// The curve, resampled to 200 points or fewer.
    public var points: [ROCPoint]

    /// Makes a curve.
    public init(arm: String, labelsPerClass: Int, points: [ROCPoint]) {
      self.arm = arm
      self.labelsPerClass = labelsPerClass
      self.points = points
    }
  }

  /// The scores of an arm with one number of labels.
  public struct ArmScores: Codable, Sendable, Equatable {
    /// The name of the arm.
    public var arm: String
    /// The number of labeled events of each class.
    public var labelsPerClass: Int
    /// How the scores are distributed.
    public var histogram: ScoreHistogram

    /// Makes a distribution.
    public init(arm: String, labelsPerClass: Int, histogram: ScoreHistogram) {
      self.arm = arm
      self.labelsPerClass = labelsPerClass
      self.histogram = histogram
    }
  }

  /// How the losses fell during one pre-training.
  public struct PretrainingCurve: Codable, Sendable, Equatable {
    /// What was pre-trained, as in "real data, masked objects and invariants".
    public var name: String
    /// What ``Point/position`` counts, as in "epoch".
    public var unit: String
    /// The losses, by rising position.
    public var points: [Point]

    /// The losses at one time.
    public struct Point: Codable, Sendable, Equatable {
      /// The epoch or step.
      public var position: Double
      /// The loss on the events trained with.
      public var trainingLoss: Double
      /// The loss on events held out.
      public var validationLoss: Double?
      /// The held-out (or else training) loss of each objective by its name.
      public var objectives: [String: Double]

      /// Makes a point.
      public init(
        position: Double, trainingLoss: Double, validationLoss: Double? = nil,
        objectives: [String: Double] = [:]
      ) {
        self.position = position
        self.trainingLoss = trainingLoss
        self.validationLoss = validationLoss
        self.objectives = objectives
      }
    }

    /// Makes a curve.
    public init(name: String, unit: String = "epoch", points: [Point]) {
      self.name = name
      self.unit = unit
      self.points = points
    }
  }

  /// What an arm costs.
  public struct ArmCost: Codable, Sendable, Equatable {
    /// The name of the arm.
    public var arm: String
    /// The number of trainable parameters, or of the leaves of trees.
    public var parameters: Int
    /// The events that training handles in a second.
    public var eventsPerSecond: Double
    /// The time of all trainings of the arm together, in seconds.
    public var seconds: Double

    /// Makes a cost.
    public init(arm: String, parameters: Int, eventsPerSecond: Double, seconds: Double) {
      self.arm = arm
      self.parameters = parameters
      self.eventsPerSecond = eventsPerSecond
      self.seconds = seconds
    }
  }

  /// Where and when a study ran.
  public struct Environment: Codable, Sendable, Equatable {
    /// The version of the program.
    public var version: String
    /// The processor, or the accelerator.
    public var machine: String
    /// The number of processor cores used.
    public var cores: Int
    /// The seed of the study.
    public var seed: UInt64
    /// The day and time, in ISO 8601.
    public var date: String

    /// Makes an environment.
    public init(version: String, machine: String, cores: Int, seed: UInt64, date: String) {
      self.version = version
      self.machine = machine
      self.cores = cores
      self.seed = seed
      self.date = date
    }
  }
}
