// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// A figure: its data, and the gnuplot script that draws it.
///
///     let plot = Plot.learningCurve(of: results)
///     try plot.write(to: "plots")        // plots/learning_curve.dat and .gp
///     try Gnuplot().draw(plot, in: "plots")   // plots/learning_curve.svg
///
/// `gnuplot learning_curve.gp` in that folder draws it again.
public struct Plot: Sendable, Equatable {
  /// The name of its files without their endings: letters, digits and underscores.
  public let name: String
  /// What the figure shows, in full sentences.
  public let caption: String
  /// The contents of the `.dat` file: blocks of columns, two empty lines between blocks.
  public let data: String
  /// The contents of the `.gp` file.
  public let script: String

  /// Makes a figure.
  ///
  /// - Parameters:
  ///   - name: The name of its files.
  ///   - caption: What it shows.
  ///   - blocks: The data.
  ///   - size: Its width and height, in pixels.
  ///   - commands: The lines of the script that follow the common settings; they find the data's
  ///     name in the variable `data`.
  init(
    name: String, caption: String, blocks: [DataBlock], size: (width: Int, height: Int),
    commands: [String]
  ) {
    self.name = name
    self.caption = caption
    data = blocks.map(\.text).joined(separator: "\n\n")
    script =
      """
      # Draws \(name).svg from \(name).dat:  gnuplot \(name).gp
      set encoding utf8
      set terminal svg size \(size.width),\(size.height) dynamic noenhanced font 'sans-serif,14' \
      name '\(name)' background '#ffffff'
      set output '\(name).svg'
      data = '\(name).dat'
      set datafile missing 'NaN'
      set border 3 linecolor rgb '#555555'
      set tics nomirror
      set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 1
      set style textbox noborder

      """ + commands.map { $0 + "\n" }.joined()
  }

  /// Writes the data and the script into a folder, which is created where it is missing.
  ///
  /// - Throws: `FileSystemError`.
  public func write(to folder: String) throws {
    try writeAtomically(data, to: "\(folder)/\(name).dat")
    try writeAtomically(script, to: "\(folder)/\(name).gp")
  }

  /// Returns a text as gnuplot reads it literally: in single quotes, on one line.
  static func quoted(_ text: String) -> String {
    "'" + singleLine(text).replacing("'", with: "''") + "'"
  }

  /// Returns a text with its control characters replaced by spaces.
  static func singleLine(_ text: String) -> String {
    String(text.map { $0.unicodeScalars.allSatisfy { $0.value >= 32 } ? $0 : " " })
  }
}

/// A block of a gnuplot data file.
struct DataBlock {
  /// What the block holds, as in the title of an arm.
  var title: String
  /// The names of the columns.
  var columns: [String]
  /// The rows.
  var rows: [[Double]]

  /// Comment lines with the title and the columns, then the rows.
  ///
  /// A number that is not finite is written as NaN. A block without rows has one of NaN, so that
  /// the blocks after it keep their numbers.
  var text: String {
    let rows = rows.isEmpty ? [[Double](repeating: .nan, count: columns.count)] : rows
    return "# \(Plot.singleLine(title))\n# \(columns.joined(separator: "\t"))\n"
      + rows.map { row in
        row.map { $0.isFinite ? String(format: "%.6g", $0) : "NaN" }.joined(separator: "\t") + "\n"
      }.joined()
  }
}

/// Colors and points that stay apart for people with a color vision deficiency and in
/// print without color.
///
/// Colors: M. Okabe, K. Ito, "Color Universal Design", 2008, without the yellow, which is too
/// faint on white, and with a gray at the end.
enum Palette {
  private static let colors = [
    "0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9", "000000", "7F7F7F",
  ]
  private static let points = [7, 5, 9, 11, 13, 6, 4, 8]

  /// The color of what stays in the background, as `#RRGGBB`.
  static let gray = "#CCCCCC"

  /// Number of colors.
  static var count: Int { colors.count }

  /// Returns the color of an arm as `#RRGGBB`.
  static func color(_ index: Int) -> String { "#" + colors[index % colors.count] }

  /// Returns the color of an arm, mostly transparent, as gnuplot's `#AARRGGBB`.
  static func faint(_ index: Int) -> String { "#99" + colors[index % colors.count] }

  /// Returns gnuplot's number of the point symbol of an arm.
  static func point(_ index: Int) -> Int { points[index % points.count] }
}
