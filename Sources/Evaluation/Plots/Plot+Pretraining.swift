// SPDX-License-Identifier: Apache-2.0

extension Plot {
  /// Returns the losses of the pre-trainings, dashed on the events trained with, solid on those
  /// held out.
  public static func pretrainingLoss(of results: StudyResults) -> Plot {
    var blocks: [DataBlock] = []
    var lines: [String] = []
    for (index, curve) in results.pretrainingCurves.enumerated() {
      let color = quoted(Palette.color(index))
      let block = DataBlock(
        title: curve.name, columns: [curve.unit, "training_loss", "validation_loss"],
        rows: curve.points.map { [$0.position, $0.trainingLoss, $0.validationLoss ?? .nan] })
      lines.append(
        line(
          index, block, column: 2,
          style: "\(marks(curve)) linewidth 1.5 dashtype 2 linecolor rgb \(color)",
          title: "\(curve.name): training"))
      if curve.points.contains(where: { $0.validationLoss != nil }) {
        lines.append(
          line(
            index, block, column: 3, style: "\(marks(curve)) linewidth 2 linecolor rgb \(color)",
            title: "\(curve.name): held out"))
      }
      blocks.append(block)
    }
    return Plot(
      name: "pretraining_loss",
      caption: "Loss of the pre-training, which sees no labels: dashed on the events trained with, "
        + "solid on events held out.",
      blocks: blocks, size: (760, legendHeight(lines.count) + 360),
      commands: [
        "set xlabel \(quoted(axisTitle(results.pretrainingCurves))) offset 0, 0.3",
        "set ylabel 'Loss'", epochTics(results.pretrainingCurves), legend,
        plotCommand(lines),
      ])
  }

  /// Returns the losses of the objectives of the pre-trainings, a panel for each objective.
  public static func pretrainingObjectives(of results: StudyResults) -> Plot {
    let curves = results.pretrainingCurves
    let objectives = Set(curves.flatMap { $0.points.flatMap(\.objectives.keys) }).sorted()
    var blocks: [DataBlock] = []
    var panels: [String] = []
    for objective in objectives {
      var lines: [String] = []
      for (index, curve) in curves.enumerated() {
        let rows = curve.points.compactMap { point in
          point.objectives[objective].map { [point.position, $0] }
        }
        guard !rows.isEmpty else { continue }
        let block = DataBlock(
          title: "\(curve.name): \(objective)", columns: [curve.unit, "loss"], rows: rows)
        lines.append(
          line(
            blocks.count, block, column: 2,
            style: "\(marks(curve)) linewidth 2 linecolor rgb \(quoted(Palette.color(index)))",
            title: curves.count > 1 ? curve.name : nil))
        blocks.append(block)
      }
      panels.append("set title \(quoted(objective))")
      panels.append(plotCommand(lines))
    }
    return Plot(
      name: "pretraining_objectives",
      caption: "Loss of each objective of the pre-training.",
      blocks: blocks, size: (760, 280 * rowCount(objectives.count)),
      commands: panelLayout(objectives.count) + [
        "set xlabel \(quoted(axisTitle(curves)))", "set ylabel 'Loss'", epochTics(curves),
        "set key top right Left reverse samplen 2",
      ] + panels + ["unset multiplot"])
  }

  /// Whole epochs only, which gnuplot does not choose by itself where there are few.
  private static func epochTics(_ curves: [StudyResults.PretrainingCurve]) -> String {
    let last = curves.flatMap { $0.points.map(\.position) }.max() ?? 0
    return last <= 5 ? "set xtics 1" : "set xtics autofreq"
  }

  /// The style of a curve: a line through a single point cannot be seen, so that it needs a mark.
  private static func marks(_ curve: StudyResults.PretrainingCurve) -> String {
    curve.points.count > 1 ? "lines" : "linespoints pointtype 7 pointsize 0.6"
  }

  /// The unit that all curves share, with a capital letter; both units where they differ.
  private static func axisTitle(_ curves: [StudyResults.PretrainingCurve]) -> String {
    let title = Set(curves.map(\.unit)).sorted().joined(separator: " or ")
    return title.prefix(1).uppercased() + title.dropFirst()
  }
}
