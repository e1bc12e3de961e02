// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// The plotting program gnuplot, run as a process of its own.
public struct Gnuplot: Sendable {
  /// Where the program is.
  public let executable: String

  /// Finds gnuplot.
  ///
  /// - Parameter searchPath: Folders separated by colons; the environment's PATH where it is
  ///   absent.
  /// - Throws: ``EvaluationError`` with code `gnuplotMissing`.
  public init(searchPath: String? = nil) throws(EvaluationError) {
    let folders = searchPath ?? ProcessInfo.processInfo.environment["PATH"] ?? ""
    for folder in folders.split(separator: ":") {
      let candidate = "\(folder)/gnuplot"
      if FileManager.default.isExecutableFile(atPath: candidate) {
        executable = candidate
        return
      }
    }
    throw EvaluationError(
      .gnuplotMissing, cannot: "draw the plots", because: "the program gnuplot is not on PATH",
      remedy: "Install it with: apt-get install gnuplot-nox")
  }

  /// Draws a plot whose data and script were written before.
  ///
  /// - Parameters:
  ///   - plot: The plot.
  ///   - folder: Where its `.dat` and `.gp` files are, and its `.svg` file will be.
  /// - Returns: The SVG that was drawn.
  /// - Throws: ``EvaluationError`` with code `gnuplotFailed`, and gnuplot's own words.
  @discardableResult
  public func draw(_ plot: Plot, in folder: String) throws -> String {
    let output = "\(folder)/\(plot.name).svg"
    // An older picture must not pass for this one.
    unlink(output)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = ["\(plot.name).gp"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    do {
      try process.run()
    } catch {
      throw failure(output, "\(executable) does not start (\(error.localizedDescription))")
    }
    let complaint = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let words =
        complaint.split(whereSeparator: \.isNewline)
        .map { $0.trimmingCharacters(in: .whitespaces) }
        .last { $0.contains("line ") } ?? "it gave no reason"
      throw failure(output, "gnuplot ended with status \(process.terminationStatus): \(words)")
    }
    guard let data = FileManager.default.contents(atPath: output), !data.isEmpty else {
      throw failure(output, "gnuplot wrote nothing")
    }
    return String(decoding: data, as: UTF8.self)
  }

  private func failure(_ output: String, _ reason: String) -> EvaluationError {
    EvaluationError(
      .gnuplotFailed, cannot: "draw \(output)", because: reason,
      remedy: "Run gnuplot on the script beside it to see more.")
  }
}
