// SPDX-License-Identifier: Apache-2.0

/// A table that can be written for a terminal, for Markdown and for HTML.
struct TextTable {
  /// How the cells of a column are set.
  enum Alignment {
    case left
    case right
  }

  var header: [String]
  var alignments: [Alignment]
  var rows: [[String]] = []

  init(_ columns: [(String, Alignment)]) {
    header = columns.map(\.0)
    alignments = columns.map(\.1)
  }

  mutating func add(_ cells: [String]) {
    precondition(
      cells.count == header.count,
      "The row has \(cells.count) cells, the table \(header.count) columns.")
    rows.append(cells)
  }

  /// Columns aligned by spaces, two between them; no space at the end of a line.
  var text: String {
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    let lines = ([header] + rows).map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += alignments[column] == .left ? cell + padding : padding + cell
        line += "  "
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }
    let rule = String(
      repeating: "-", count: widths.reduce(0, +) + 2 * max(0, widths.count - 1))
    return lines[0] + rule + "\n" + lines.dropFirst().joined()
  }

  /// A table of GitHub's Markdown.
  var markdown: String {
    func line(_ cells: [String]) -> String {
      "| "
        + cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }
        .joined(separator: " | ") + " |\n"
    }
    return line(header) + line(alignments.map { $0 == .left ? "---" : "---:" })
      + rows.map(line).joined()
  }

  /// An HTML table; text is escaped.
  var html: String {
    func row(_ cells: [String], _ tag: String) -> String {
      zip(cells, alignments).map { cell, alignment in
        let style = alignment == .right ? " class=\"number\"" : ""
        return "<\(tag)\(style)>\(HTML.escape(cell))</\(tag)>"
      }.joined()
    }
    return "<div class=\"table\"><table>\n<thead><tr>\(row(header, "th"))</tr></thead>\n<tbody>\n"
      + rows.map { "<tr>\(row($0, "td"))</tr>\n" }.joined() + "</tbody>\n</table></div>\n"
  }
}
