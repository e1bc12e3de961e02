// SPDX-License-Identifier: Apache-2.0

extension StudyResults {
  /// Returns one line for each number of labels and arm: area, and rejections at 30 % and 50 %
  /// signal efficiency, each with its standard error over seeds, aligned for a terminal; below them
  /// ``collisionNotes``.
  public func table() -> String {
    detailTable.text + collisionNotes.map { "\n\($0)\n" }.joined()
  }

  /// Returns the areas for Markdown: a line for each arm, a column for each number of labels.
  public func markdownTable() -> String { areaTable.markdown }

  /// Writes the differences to a reference over common seeds as a table for a terminal.
  ///
  /// - Parameter reference: The name of an arm; ``referenceArm`` where it is absent.
  /// - Returns: One line for each number of labels and arm, with the label efficiency.
  public func pairedTable(reference: String? = nil) -> String {
    differenceTable(reference: reference ?? referenceArm).text
  }

  /// Returns the paired tables of all references for a terminal, each under its name.
  public func pairedTables() -> String {
    references.map { "Compared with “\(title(of: $0))”\n\n\(pairedTable(reference: $0))" }
      .joined(separator: "\n")
  }

  /// The arms that others are compared with.
  var references: [String] { [referenceArm] + furtherReferences.filter { $0 != referenceArm } }

  /// The title of an arm, or its name where it has none.
  func title(of name: String) -> String { arm(named: name)?.title ?? name }

  /// Areas: arms down, labels across.
  var areaTable: TextTable {
    let labelCounts = labelCounts
    var table = TextTable(
      [("Labels per class", .left)] + labelCounts.map { (Format.count($0), .right) })
    for arm in arms {
      let curve = learningCurve(arm: arm.name)
      table.add(
        [arm.title]
          + labelCounts.map { curve.point(labelsPerClass: $0)?.area.areaText ?? "–" })
    }
    return table
  }

  /// All metrics: a line for each number of labels and arm.
  var detailTable: TextTable {
    let hasLoss = runs.contains { $0.logLoss != nil }
    var table = TextTable(
      [
        ("Labels", .right), ("Arm", .left), ("AUC", .right), ("Rejection at 30 %", .right),
        ("at 50 %", .right),
      ] + (hasLoss ? [("Log loss", .right)] : []) + [("Seeds", .right)])
    for labels in labelCounts {
      for arm in arms {
        let runs = runs(arm: arm.name, labelsPerClass: labels)
        guard !runs.isEmpty else { continue }
        let losses = runs.compactMap(\.logLoss)
        let loss = losses.isEmpty ? "–" : SampleSummary(losses).areaText
        table.add(
          [
            Format.count(labels), arm.title, SampleSummary(runs.map(\.auc)).areaText,
            Self.rejectionText(runs.map(\.rejection30)),
            Self.rejectionText(runs.map(\.rejection50)),
          ] + (hasLoss ? [loss] : []) + ["\(runs.count)"])
      }
    }
    return table
  }

  func differenceTable(reference: String) -> TextTable {
    var table = TextTable([
      ("Labels", .right), ("Arm", .left), ("AUC difference", .right), ("Better in", .right),
      ("Label efficiency", .right),
    ])
    let referenceCurve = learningCurve(arm: reference)
    let compared = arms.filter { $0.name != reference }
    let differences = compared.map { pairedDifferences(arm: $0.name, reference: reference) }
    for labels in labelCounts {
      for (arm, differences) in zip(compared, differences) {
        guard let pair = differences.first(where: { $0.labelsPerClass == labels }) else { continue }
        let efficiency = learningCurve(arm: arm.name)
          .labelEfficiency(labelsPerClass: labels, reference: referenceCurve)
        table.add([
          Format.count(labels), arm.title, pair.text,
          "\(pair.winCount) of \(pair.difference.count)",
          efficiency.map { "\($0)" } ?? "–",
        ])
      }
    }
    return table
  }

  var costTable: TextTable {
    var table = TextTable([
      ("Arm", .left), ("Parameters or leaves", .right), ("Events/s in training", .right),
      ("Time of all trainings", .right),
    ])
    for cost in costs {
      table.add([
        arm(named: cost.arm)?.title ?? cost.arm, Format.count(cost.parameters),
        Format.significant(cost.eventsPerSecond), Format.duration(cost.seconds),
      ])
    }
    return table
  }

  /// The mean of rejections, marked as a lower bound where one of them is.
  static func rejectionText(_ rejections: [BackgroundRejection]) -> String {
    let summary = SampleSummary(rejections.map(\.value))
    if rejections.contains(where: \.isLowerBound) { return "> \(Format.significant(summary.mean))" }
    return Format.measurement(summary.mean, error: summary.standardError)
  }
}
