// SPDX-License-Identifier: Apache-2.0

extension Report {
  /// Returns the parts of the page in their order; parts without content are left out.
  func sections(pictures: [String: String]) -> String {
    var page = ""
    func section(_ title: String, _ content: String) {
      guard !content.isEmpty else { return }
      page += "<section>\n<h2>\(HTML.escape(title))</h2>\n\(content)</section>\n"
    }
    section("Results", resultsSection(pictures))
    for reference in results.references {
      section("Compared with “\(results.title(of: reference))”", comparison(with: reference))
    }
    section("ROC curves", figures("roc_", pictures))
    section("Scores", figures("scores_", pictures))
    section("Pre-training", figures("pretraining_", pictures))
    section("What was compared", arms)
    section(
      "Data", results.dataDescription.isEmpty ? "" : HTML.list(results.dataDescription))
    section("Costs", results.costs.isEmpty ? "" : results.costTable.html)
    section("How to repeat it", reproduction)
    return page
  }

  private func resultsSection(_ pictures: [String: String]) -> String {
    guard !results.runs.isEmpty else { return HTML.paragraph("No run has finished.") }
    return HTML.paragraph(
      "Area under the ROC curve on the test events: mean over seeds ± its standard error. A seed "
        + "draws the labeled events and the first values of the model; the test events are always "
        + "the same, so that their finite number is not part of the errors." + testError)
      + results.areaTable.html + results.collisionNotes.map { HTML.paragraph($0) }.joined()
      + figures("learning_curve", pictures) + figures("scaling", pictures)
      + HTML.details(
        "All metrics",
        HTML.paragraph(
          "Background rejection is 1 / (background efficiency) at the signal efficiency named. "
            + "“>” marks a lower bound: in at least one seed less than one background event "
            + "passes.") + results.detailTable.html)
  }

  /// What the finite number of test events adds to the error of every area.
  private var testError: String {
    let errors = results.runs.compactMap(\.aucStandardError)
    guard let largest = errors.max() else { return "" }
    return " That alone gives each area a standard error of up to \(Format.area(largest)) "
      + "(DeLong), which moves all arms together for the most part."
  }

  private func comparison(with reference: String) -> String {
    let table = results.differenceTable(reference: reference)
    guard !table.rows.isEmpty else { return "" }
    return HTML.paragraph(
      "Differences of the area over the seeds that both have, with the same labeled events, and "
        + "their standard error. Label efficiency: how many times as many labels the reference "
        + "needs for the same mean area, on straight lines in the logarithm of their number; "
        + "“>” where it never gets there, “<” where it is better already with the fewest.")
      + table.html
  }

  private var arms: String {
    "<dl>\n"
      + results.arms.map { arm in
        "<dt>\(HTML.escape(arm.title)) <code>\(HTML.escape(arm.name))</code></dt>\n"
          + "<dd>\(HTML.escape(arm.description))</dd>\n"
      }.joined() + "</dl>\n"
  }

  private var reproduction: String {
    var content = ""
    if !results.command.isEmpty { content += HTML.preformatted(results.command) }
    content += HTML.paragraph(
      "All numbers are in results.json, the tables in tables.txt; plots/ has the data and the "
        + "gnuplot script of every figure.")
    if !results.configuration.isEmpty {
      content += HTML.details("Configuration", HTML.preformatted(results.configuration))
    }
    return content
  }

  /// Returns the figures whose names begin so.
  ///
  /// Of those for several numbers of labels the one of the first sentence is open, the others
  /// open on a click.
  private func figures(_ prefix: String, _ pictures: [String: String]) -> String {
    let chosen = plots.filter { $0.name.hasPrefix(prefix) }
    let headline = results.headline.map { "\(prefix)\($0.labelsPerClass)" }
    let main = chosen.first { $0.name == headline } ?? chosen.first
    var content = ""
    var folded = ""
    for plot in chosen {
      let figure = figure(plot, pictures[plot.name])
      if prefix.hasSuffix("_"), plot != main, prefix != "pretraining_" {
        folded += figure
      } else {
        content += figure
      }
    }
    if !folded.isEmpty { content += HTML.details("Other numbers of labels", folded) }
    return content
  }

  private func figure(_ plot: Plot, _ picture: String?) -> String {
    let image =
      picture.map { SVG.inlined($0, name: plot.name, label: plot.caption) }
      ?? HTML.paragraph("plots/\(plot.name).svg is missing.", style: "problem")
    return "<figure>\n\(image)\n<figcaption>\(HTML.escape(plot.caption))</figcaption>\n</figure>\n"
  }
}
