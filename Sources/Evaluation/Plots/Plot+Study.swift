// SPDX-License-Identifier: Apache-2.0

extension Plot {
  /// Returns every figure that the results have data for, in the order of the report.
  public static func all(of results: StudyResults) -> [Plot] {
    var plots: [Plot] = []
    if !results.runs.isEmpty { plots.append(learningCurve(of: results)) }
    if results.scaling != nil { plots.append(scaling(of: results)) }
    for labels in Set(results.rocCurves.map(\.labelsPerClass)).sorted() {
      plots.append(rocCurves(of: results, labelsPerClass: labels))
    }
    for labels in Set(results.scoreHistograms.map(\.labelsPerClass)).sorted() {
      plots.append(scoreDistributions(of: results, labelsPerClass: labels))
    }
    if !results.pretrainingCurves.isEmpty {
      plots.append(pretrainingLoss(of: results))
      if results.pretrainingCurves.contains(where: { $0.points.contains { !$0.objectives.isEmpty } }
      ) {
        plots.append(pretrainingObjectives(of: results))
      }
    }
    return plots
  }

  /// Numbers the colors of arms.
  ///
  /// More than eight cannot be told apart: then the arm whose gain the study states and those that it
  /// is compared with have one, in the order of the arms.
  ///
  /// - Returns: The number of each arm's color in the palette, by the arm's name.
  static func colors(of results: StudyResults) -> [String: Int] {
    let compared = [results.mainArm, results.referenceArm] + results.furtherReferences
    let names = results.arms.map(\.name)
    let colored = names.count > Palette.count ? names.filter(compared.contains) : names
    return Dictionary(uniqueKeysWithValues: zip(colored, 0...))
  }

  /// Returns the area under the ROC curve against the number of labels, a line for each arm.
  public static func learningCurve(of results: StudyResults) -> Plot {
    let labelCounts = results.labelCounts
    var blocks: [DataBlock] = []
    var lines: [String] = []
    var grayLines: [String] = []
    let colors = colors(of: results)
    for (index, arm) in results.arms.enumerated() {
      let curve = results.learningCurve(arm: arm.name)
      guard !curve.points.isEmpty else { continue }
      // Arms stand a little beside each other, so that their error bars do not overlap.
      let spread = min(0.025, 0.15 / Double(results.arms.count))
      let shift = 1 + spread * (Double(index) - Double(results.arms.count - 1) / 2)
      let position = "($1*\(shift))"
      let block = blocks.count
      blocks.append(
        DataBlock(
          title: arm.title, columns: ["labels_per_class", "mean_auc", "standard_error", "seeds"],
          rows: curve.points.map {
            [
              Double($0.labelsPerClass), $0.area.mean, $0.area.standardError ?? 0,
              Double($0.area.count),
            ]
          }))
      blocks.append(
        DataBlock(
          title: "\(arm.title): each seed", columns: ["labels_per_class", "auc", "seed"],
          rows: results.runs.filter { $0.arm == arm.name }
            .map { [Double($0.labelsPerClass), $0.auc, Double($0.seed)] }))
      guard let color = colors[arm.name] else {
        grayLines.append(
          "data index \(block) using \(position):2 with lines linewidth 1.5 "
            + "linecolor rgb \(quoted(Palette.gray)) "
            + (grayLines.isEmpty ? "title 'Other arms, see the table'" : "notitle"))
        continue
      }
      lines.append(
        "data index \(block + 1) using \(position):2 with points pointtype 7 pointsize 0.4 "
          + "linecolor rgb \(quoted(Palette.faint(color))) notitle")
      lines += meansWithErrors(block, x: position, style: color, title: arm.title)
    }
    let low = Double(labelCounts.first ?? 1) / 1.3
    let high = Double(labelCounts.last ?? 1) * 1.3
    return Plot(
      name: "learning_curve",
      caption: "Area under the ROC curve on the test events against the number of labeled events "
        + "of each class. Symbols: mean over seeds with its standard error; small dots: single "
        + "seeds. Arms are shifted sideways a little so that their bars can be told apart. Of more "
        + "than eight arms those have a color whose gain the study states, or that it compares with.",
      blocks: blocks,
      size: (760, legendHeight(colors.count + (grayLines.isEmpty ? 0 : 1)) + 400),
      commands: [
        "set logscale x", "set xrange [\(low):\(high)]",
        "set xtics (\(labelCounts.map(String.init).joined(separator: ", ")))",
        "unset mxtics", "set offsets graph 0, 0, 0.02, 0.02",
        "set xlabel 'Labeled events per class' offset 0, 0.3",
        "set ylabel 'Area under the ROC curve'",
        "set format y '%.2f'", legend,
        plotCommand(grayLines + lines),
      ])
  }

  /// Returns background rejection against signal efficiency, a line for each arm.
  public static func rocCurves(of results: StudyResults, labelsPerClass: Int) -> Plot {
    var blocks: [DataBlock] = []
    var lines: [String] = []
    var grayLines: [String] = []
    let colors = colors(of: results)
    for arm in results.arms {
      for curve in results.rocCurves
      where curve.arm == arm.name && curve.labelsPerClass == labelsPerClass {
        let block = DataBlock(
          title: arm.title,
          columns: ["signal_efficiency", "background_efficiency", "background_rejection"],
          rows: curve.points.map {
            [
              $0.signalEfficiency, $0.backgroundEfficiency,
              $0.backgroundEfficiency > 0 ? 1 / $0.backgroundEfficiency : .nan,
            ]
          })
        if let color = colors[arm.name] {
          lines.append(
            line(
              blocks.count, block, column: 3,
              style: "lines linewidth 2 linecolor rgb \(quoted(Palette.color(color)))",
              title: arm.title))
        } else {
          grayLines.append(
            line(
              blocks.count, block, column: 3,
              style: "lines linewidth 1 linecolor rgb \(quoted(Palette.gray))",
              title: grayLines.isEmpty ? "Other arms, see the table" : nil))
        }
        blocks.append(block)
      }
    }
    lines.append(
      "[0.005:1] 1/x with lines linewidth 1.5 dashtype 3 linecolor rgb '#888888' title 'Guessing'")
    return Plot(
      name: "roc_\(labelsPerClass)",
      caption: "Background rejection, 1 / (background efficiency), against signal efficiency with "
        + "\(Format.count(labelsPerClass)) labels per class, averaged over seeds at equal signal "
        + "efficiency; higher is better. The line begins where background first passes.",
      blocks: blocks,
      size: (760, legendHeight(lines.count + (grayLines.isEmpty ? 0 : 1)) + 400),
      commands: [
        "set xrange [0:1]", "set logscale y", "set yrange [1:*]", "set samples 400",
        "set xlabel 'Signal efficiency' offset 0, 0.3", "set ylabel 'Background rejection'", legend,
        plotCommand(grayLines + lines),
      ])
  }

  /// Returns how the scores of signal and background are distributed, a panel for each arm.
  public static func scoreDistributions(of results: StudyResults, labelsPerClass: Int) -> Plot {
    var blocks: [DataBlock] = []
    var panels: [String] = []
    for arm in results.arms {
      for scores in results.scoreHistograms
      where scores.arm == arm.name && scores.labelsPerClass == labelsPerClass {
        let histogram = scores.histogram
        panels.append("set title \(quoted(arm.title))")
        panels.append("set xrange [\(histogram.lowerBound):\(histogram.upperBound)]")
        panels.append(
          plotCommand([
            "data index \(blocks.count) using 1:3:(\(histogram.binWidth)) with boxes "
              + "fillstyle solid 0.3 noborder linecolor rgb \(quoted(Palette.color(0))) "
              + "title 'Background'",
            "data index \(blocks.count) using 1:2 with histeps linewidth 2 "
              + "linecolor rgb \(quoted(Palette.color(1))) title 'Signal'",
          ]))
        blocks.append(
          DataBlock(
            title: arm.title, columns: ["score", "signal_fraction", "background_fraction"],
            rows: histogram.signal.indices.map {
              [
                histogram.lowerBound + (Double($0) + 0.5) * histogram.binWidth,
                histogram.signal[$0], histogram.background[$0],
              ]
            }))
      }
    }
    return Plot(
      name: "scores_\(labelsPerClass)",
      caption: "Distribution of the scores of the test events with "
        + "\(Format.count(labelsPerClass)) labels per class, signal (line) and background "
        + "(area) each normalized to 1.",
      blocks: blocks, size: (760, 300 * rowCount(blocks.count)),
      commands: panelLayout(blocks.count) + [
        "set xlabel 'Score'", "set ylabel 'Fraction of events per bin'", "set yrange [0:*]",
        "set key below center horizontal Left reverse samplen 2",
      ] + panels + ["unset multiplot"])
  }

  // MARK: - Parts of scripts

  /// The empty title keeps the legend off the axis title above it.
  static let legend =
    "set key outside below center horizontal Left reverse samplen 2.5 spacing 1.15 maxcols 1 "
    + "title ' '"

  /// The height that the legend below a figure takes, in pixels.
  static func legendHeight(_ entries: Int) -> Int { 22 * (entries + 1) }

  static func rowCount(_ panels: Int) -> Int { max(1, (panels + 1) / 2) }

  static func panelLayout(_ panels: Int) -> [String] {
    ["set multiplot layout \(rowCount(panels)),\(panels > 1 ? 2 : 1)"]
  }

  /// Writes the parts of a plot command that draw a block of means with their errors.
  ///
  /// - Parameters:
  ///   - index: The number of the block: `x`, then mean and error in the second and third column.
  ///   - x: Where the points stand, as in "1" or "($1*1.01)".
  ///   - style: The place in the palette.
  ///   - title: Its name in the legend.
  /// - Returns: A line with its points, and bars.
  static func meansWithErrors(_ index: Int, x: String, style: Int, title: String) -> [String] {
    let points =
      "pointtype \(Palette.point(style)) pointsize 0.7 "
      + "linecolor rgb \(quoted(Palette.color(style)))"
    return [
      "data index \(index) using \(x):2 with linespoints linewidth 2 "
        + "\(points) title \(quoted(title))",
      "data index \(index) using \(x):2:3 with yerrorbars linewidth 2 \(points) notitle",
    ]
  }

  /// Writes the part of a plot command that draws a column of a block.
  ///
  /// - Parameters:
  ///   - index: The number of the block.
  ///   - block: The block.
  ///   - column: The column drawn, counted from 1 as in gnuplot.
  ///   - style: How it is drawn, as in "lines linewidth 2".
  ///   - title: Its name in the legend; absent for none.
  /// - Returns: The part; for a column without any number an entry of the legend that says so.
  static func line(
    _ index: Int, _ block: DataBlock, column: Int, style: String, title: String?
  ) -> String {
    guard block.rows.contains(where: { $0[column - 1].isFinite }) else {
      return "keyentry with \(style) title \(quoted("\(title ?? block.title) (no number)"))"
    }
    return "data index \(index) using 1:\(column) with \(style) "
      + (title.map { "title \(quoted($0))" } ?? "notitle")
  }

  /// Returns the command that draws lines.
  ///
  /// Where no line has data it draws something out of sight, because gnuplot refuses a plot of
  /// nothing.
  static func plotCommand(_ lines: [String]) -> String {
    let hasData = lines.contains { !$0.hasPrefix("keyentry") }
    return (hasData ? "plot " : "plot [0:1] [0:1] -1 notitle, ")
      + (lines.isEmpty ? "-1 notitle" : lines.joined(separator: ", \\\n     "))
  }
}
