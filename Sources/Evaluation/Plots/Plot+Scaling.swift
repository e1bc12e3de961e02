// SPDX-License-Identifier: Apache-2.0

extension Plot {
  /// Returns the area under the ROC curve against the number of events of the pre-training, a line
  /// for each number of labels, with that of the reference arm across.
  public static func scaling(of results: StudyResults) -> Plot {
    let points = results.scaling ?? []
    var blocks: [DataBlock] = []
    var lines: [String] = []
    let reference = results.title(of: results.referenceArm)
    var referenceLines: [String] = []
    for (index, labels) in results.labelCounts.enumerated() {
      let rows = points.compactMap { point -> [Double]? in
        let curve = results.learningCurve(arm: point.arm)
        return curve.point(labelsPerClass: labels).map {
          [
            Double(point.unlabeledEvents), $0.area.mean, $0.area.standardError ?? 0,
            Double($0.area.count),
          ]
        }
      }
      guard !rows.isEmpty else { continue }
      lines += meansWithErrors(
        blocks.count, x: "1", style: index, title: "\(Format.count(labels)) labels per class")
      if let area = results.learningCurve(arm: results.referenceArm)
        .point(labelsPerClass: labels)?.area.mean
      {
        let height = (area * 1e6).rounded() / 1e6
        referenceLines.append(
          "\(height) with lines linewidth 1 dashtype 2 "
            + "linecolor rgb \(quoted(Palette.color(index))) notitle")
      }
      blocks.append(
        DataBlock(
          title: "\(labels) labels per class",
          columns: ["unlabeled_events", "mean_auc", "standard_error", "seeds"], rows: rows))
    }
    if !referenceLines.isEmpty {
      // Nothing is drawn: one entry of the legend for the dashed lines of all colors.
      referenceLines.append(
        "NaN with lines linewidth 1 dashtype 2 linecolor rgb \(quoted(Palette.color(7))) "
          + "title \(quoted(reference))")
    }
    let counts = points.map(\.unlabeledEvents)
    let low = Double(counts.min() ?? 1) / 1.5
    let high = Double(counts.max() ?? 1) * 1.5
    let tics = Set(counts).sorted().map { "'\(Format.count($0))' \($0)" }
    return Plot(
      name: "scaling",
      caption: "Area under the ROC curve on the test events against the number of events of the "
        + "pre-training: mean over seeds with its standard error. Dashed: "
        + "“\(reference)”.",
      blocks: blocks,
      size: (760, legendHeight(blocks.count + (referenceLines.isEmpty ? 0 : 1)) + 400),
      commands: [
        "set logscale x", "set xrange [\(low):\(high)]",
        "set xtics (\(tics.joined(separator: ", ")))", "unset mxtics",
        "set offsets graph 0, 0, 0.02, 0.02",
        "set xlabel 'Events of the pre-training' offset 0, 0.3",
        "set ylabel 'Area under the ROC curve'",
        "set format y '%.2f'", legend, plotCommand(lines + referenceLines),
      ])
  }
}
