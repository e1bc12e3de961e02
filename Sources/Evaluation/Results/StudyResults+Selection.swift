// SPDX-License-Identifier: Apache-2.0

extension StudyResults {
  /// The numbers of labels per class that any run has, rising.
  public var labelCounts: [Int] { Set(runs.map(\.labelsPerClass)).sorted() }

  /// Returns an arm by its name.
  public func arm(named name: String) -> Arm? { arms.first { $0.name == name } }

  /// Returns the runs of an arm with one number of labels, by seed.
  public func runs(arm: String, labelsPerClass: Int) -> [Run] {
    runs.filter { $0.arm == arm && $0.labelsPerClass == labelsPerClass }
      .sorted { $0.seed < $1.seed }
  }

  /// Returns how the area of an arm grows with the number of labels.
  public func learningCurve(arm: String) -> LearningCurve {
    var areas: [Int: [Double]] = [:]
    for run in runs where run.arm == arm { areas[run.labelsPerClass, default: []].append(run.auc) }
    return LearningCurve(areas: areas)
  }

  /// Returns the difference between an arm and a reference for each number of labels that they
  /// have seeds in common for.
  public func pairedDifferences(arm: String, reference: String) -> [PairedDifference] {
    labelCounts.compactMap { labels in
      PairedDifference(
        labelsPerClass: labels, areas: areasBySeed(arm: arm, labelsPerClass: labels),
        reference: areasBySeed(arm: reference, labelsPerClass: labels))
    }
  }

  /// Checks that every name refers to something and that no run is there twice.
  ///
  /// - Throws: ``EvaluationError`` with code `inconsistentResults`.
  public func validate() throws(EvaluationError) {
    let names = arms.map(\.name)
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw inconsistent("two arms are named \(name)", "Give each arm a name of its own.")
    }
    let used =
      [mainArm, referenceArm] + furtherReferences + runs.map(\.arm) + rocCurves.map(\.arm)
      + scoreHistograms.map(\.arm)
      + costs.map(\.arm)
    if let name = used.first(where: { !names.contains($0) }) {
      throw inconsistent(
        "the arm \(name) is not among \(names.joined(separator: ", "))",
        "Describe every arm that is used.")
    }
    struct Key: Hashable {
      var arm: String
      var labelsPerClass: Int
      var seed: UInt64
    }
    var seen: Set<Key> = []
    for run in runs {
      let place = "arm \(run.arm) with \(run.labelsPerClass) labels per class and seed \(run.seed)"
      guard run.labelsPerClass > 0, run.auc.isFinite else {
        throw inconsistent(
          "\(place) has the area \(run.auc)",
          "The number of labels must be positive and the area a number.")
      }
      let key = Key(arm: run.arm, labelsPerClass: run.labelsPerClass, seed: run.seed)
      guard seen.insert(key).inserted else {
        throw inconsistent("\(place) is there twice", "Remove one of the two runs.")
      }
    }
    for scores in scoreHistograms {
      let histogram = scores.histogram
      guard !histogram.signal.isEmpty, histogram.signal.count == histogram.background.count else {
        throw inconsistent(
          "the score histogram of arm \(scores.arm) has \(histogram.signal.count) signal and "
            + "\(histogram.background.count) background bins",
          "Both need the same number of bins.")
      }
    }
  }

  private func areasBySeed(arm: String, labelsPerClass: Int) -> [UInt64: Double] {
    var areas: [UInt64: Double] = [:]
    for run in runs where run.arm == arm && run.labelsPerClass == labelsPerClass {
      areas[run.seed] = run.auc
    }
    return areas
  }

  private func inconsistent(_ reason: String, _ remedy: String) -> EvaluationError {
    EvaluationError(
      .inconsistentResults, cannot: "report the study \"\(name)\"", because: reason, remedy: remedy)
  }
}
