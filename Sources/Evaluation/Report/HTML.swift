// SPDX-License-Identifier: Apache-2.0

/// The few things that the report needs of HTML, written so that XML parsers read it too.
enum HTML {
  /// Returns a text with the characters that mean something in HTML and XML replaced.
  ///
  /// Control characters, which XML forbids even in escaped form, become spaces.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\n", "\t": escaped.unicodeScalars.append(scalar)
      case _ where scalar.value < 32 || scalar.value == 127 || scalar.value & 0xFFFE == 0xFFFE:
        escaped += " "
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Returns a paragraph.
  static func paragraph(_ text: String, style: String? = nil) -> String {
    let attribute = style.map { " class=\"\($0)\"" } ?? ""
    return "<p\(attribute)>\(escape(text))</p>\n"
  }

  /// Returns a list.
  static func list(_ items: [String]) -> String {
    "<ul>\n" + items.map { "<li>\(escape($0))</li>\n" }.joined() + "</ul>\n"
  }

  /// Returns text set as it is, in a fixed-width font.
  static func preformatted(_ text: String) -> String { "<pre>\(escape(text))</pre>\n" }

  /// Returns a part that opens on a click.
  static func details(_ summary: String, _ content: String) -> String {
    "<details>\n<summary>\(escape(summary))</summary>\n\(content)</details>\n"
  }
}

/// What has to be done to a picture of gnuplot before it can stand inside a page.
enum SVG {
  /// Makes a picture fit to stand on a page among others.
  ///
  /// gnuplot gives the symbols of every picture the same names (`gpPt5`), and on one page the
  /// first would serve all.
  ///
  /// - Parameters:
  ///   - picture: What gnuplot wrote.
  ///   - name: What the names are prefixed with.
  ///   - label: What people who do not see the picture are told.
  /// - Returns: The picture without XML declaration and title, with names that occur nowhere else.
  static func inlined(_ picture: String, name: String, label: String) -> String {
    var text = picture
    if let start = text.firstRange(of: "<svg") {
      text.removeSubrange(text.startIndex..<start.lowerBound)
    }
    for tag in ["title", "desc"] {
      if let open = text.firstRange(of: "<\(tag)>"), let close = text.firstRange(of: "</\(tag)>"),
        open.upperBound <= close.lowerBound
      {
        text.removeSubrange(open.lowerBound..<close.upperBound)
      }
    }
    for (before, quote) in [
      (" id=", "\""), (" id=", "'"), ("href=", "\"#"), ("href=", "'#"), ("url(", "#"),
      ("url('", "#"),
    ] {
      text = text.replacing(before + quote, with: before + quote + name + "-")
    }
    return text.replacing(
      "<svg", with: "<svg role=\"img\" aria-label=\"\(HTML.escape(label))\"", maxReplacements: 1)
  }
}
