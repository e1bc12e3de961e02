// SPDX-License-Identifier: Apache-2.0

extension StudyResults {
  /// The gain in plain words, computed from the runs: what the main arm and the reference reach,
  /// whether the seeds show a difference, how many labels it saves, and what the difference is
  /// with the other numbers of labels.
  ///
  /// "Better" and "worse" are said only where Student's interval of 95 % excludes zero.
  public var summary: String {
    let differences = pairedDifferences(arm: mainArm, reference: referenceArm)
    guard let main = arm(named: mainArm), let reference = arm(named: referenceArm),
      mainArm != referenceArm, let headline
    else {
      return "No number of labels has runs of both the main arm and the reference with a common "
        + "seed: there is nothing to compare."
    }
    let labels = headline.labelsPerClass
    let mainCurve = learningCurve(arm: mainArm)
    let referenceCurve = learningCurve(arm: referenceArm)
    func area(_ curve: LearningCurve) -> String {
      curve.point(labelsPerClass: labels)?.area.areaText ?? "–"
    }
    var text =
      "With \(Format.count(labels)) labels per class, “\(main.title)” reaches an area under the "
      + "ROC curve of \(area(mainCurve)), “\(reference.title)” \(area(referenceCurve)). "
    text += verdict(headline)
    if headline.verdict == .better,
      let efficiency = mainCurve.labelEfficiency(labelsPerClass: labels, reference: referenceCurve)
    {
      text += " " + Self.sentence(efficiency, labelCounts: referenceCurve.points.count)
    }
    let others = differences.filter { $0.labelsPerClass != labels }
    if !others.isEmpty {
      let list = others.map { "\($0.text) with \(Format.count($0.labelsPerClass))" }
      text += " Elsewhere the difference is \(list.joined(separator: ", "))."
    }
    return text
  }

  /// What is to be known of arms some of whose trainings left collisions out, a sentence for each.
  public var collisionNotes: [String] {
    arms.compactMap { arm in
      let counts = labelCounts.compactMap { labels -> String? in
        let worths = runs(arm: arm.name, labelsPerClass: labels).compactMap(\.collisionWorth)
        let without = worths.count { $0 == 0 }
        guard without > 0 else { return nil }
        return "\(without) of \(worths.count) with \(Format.count(labels)) labels"
      }
      guard !counts.isEmpty else { return nil }
      return
        "“\(arm.title)” left collisions out of some trainings, \(counts.joined(separator: ", "))"
        + ": labeled events that were held out were told worse with them."
    }
  }

  /// The difference that the first sentence is about; the one with the fewest labels where the
  /// number wanted has no runs of both.
  var headline: PairedDifference? {
    let differences = pairedDifferences(arm: mainArm, reference: referenceArm)
    return differences.first { $0.labelsPerClass == headlineLabelsPerClass } ?? differences.first
  }

  private func verdict(_ pair: PairedDifference) -> String {
    let seeds = pair.difference.count
    return switch pair.verdict {
    case .better:
      "The difference, \(pair.text) over \(seeds) common seeds, is a gain with 95 % confidence."
    case .worse:
      "The difference, \(pair.text) over \(seeds) common seeds, is a loss with 95 % confidence: "
        + "it makes the result worse here."
    case .undecided:
      "The difference, \(pair.text) over \(seeds) common seeds, is compatible with none at 95 % "
        + "confidence: these seeds cannot tell it from chance."
    case .singleSeed:
      "The difference is \(pair.text) with a single seed, which cannot tell a gain from chance; "
        + "run more seeds."
    }
  }

  private static func sentence(_ efficiency: LabelEfficiency, labelCounts: Int) -> String {
    switch efficiency {
    case .factor(let value) where value >= 1:
      "The reference needs about \(efficiency) times as many labels for the same area."
    case .moreThan(let value) where value >= 1.05:
      "The reference does not reach that area with any number of labels studied: it needs more "
        + "than \(String("\(efficiency)".dropFirst(2))) times as many."
    case .moreThan:
      "The reference does not reach that area with any number of labels studied."
    default:
      "On its learning curve the reference would need \(efficiency) times as many labels."
    }
  }
}
