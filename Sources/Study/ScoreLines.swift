// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// A format of scores with a line for each entry.
protocol ScoreLines: ScoreFormat where Part == [UInt8], Sink == AtomicFile {
  /// What stands in front of all lines.
  var header: String { get }
}

extension ScoreLines {
  func open(_ path: String) throws -> sending AtomicFile {
    let sink = try AtomicFile(path: path)
    try sink.write(header)
    return sink
  }

  func append(_ part: [UInt8], to sink: AtomicFile) throws {
    try part.withUnsafeBytes { try sink.write($0) }
  }

  func commit(_ sink: AtomicFile) throws { try sink.commit() }
}

/// Scores as comma-separated values: `entry,score_ttbar,score_2HDM`, nothing where there is no score.
struct CSVScores: ScoreLines {
  private let classNames: [String]
  /// What stands in front of the entries of each file.
  private let prefixes: [String]

  /// - Parameters:
  ///   - classNames: The names of the classes, by label.
  ///   - files: The files; of several, each line says its own.
  init(classNames: [String], files: [String]) {
    self.classNames = classNames
    prefixes =
      files.count == 1
      ? [""]
      : files.map { file in
        let isPlain = !file.contains { ",\"\n\r".contains($0) }
        return (isPlain ? file : "\"\(file.replacingOccurrences(of: "\"", with: "\"\""))\"") + ","
      }
  }

  var header: String {
    (prefixes.count == 1 ? "" : "file,") + "entry,"
      + classNames.map { "score_\($0)" }.joined(separator: ",") + "\n"
  }

  func encode(_ part: ScoredEntries) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(part.entries.count * (12 + classNames.count * 12))
    let prefix = Array(prefixes[part.file].utf8)
    for (entry, row) in zip(part.entries, part.rows) {
      bytes.append(contentsOf: prefix)
      bytes.append(contentsOf: "\(entry)".utf8)
      for values in part.scores {
        bytes.append(UInt8(ascii: ","))
        if let row { bytes.append(number: values[row]) }
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }
}

/// Scores as a JSON object in each line: `{"entry":0,"score_ttbar":0.1}`, `null` where there is no
/// score.
struct JSONLinesScores: ScoreLines {
  private let keys: [[UInt8]]
  /// What each object starts with.
  private let prefixes: [String]

  /// - Parameters:
  ///   - classNames: The names of the classes, by label.
  ///   - files: The files; of several, each object says its own.
  init(classNames: [String], files: [String]) {
    keys = classNames.map { Array(",\(Self.quoted("score_\($0)")):".utf8) }
    prefixes =
      files.count == 1 ? ["{"] : files.map { "{\"file\":\(Self.quoted($0))," }
  }

  var header: String { "" }

  func encode(_ part: ScoredEntries) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(part.entries.count * (24 + keys.count * 24))
    let prefix = Array("\(prefixes[part.file])\"entry\":".utf8)
    for (entry, row) in zip(part.entries, part.rows) {
      bytes.append(contentsOf: prefix)
      bytes.append(contentsOf: "\(entry)".utf8)
      for (key, values) in zip(keys, part.scores) {
        bytes.append(contentsOf: key)
        if let row {
          bytes.append(number: values[row])
        } else {
          bytes.append(contentsOf: "null".utf8)
        }
      }
      bytes.append(contentsOf: "}\n".utf8)
    }
    return bytes
  }

  /// Returns a text in quotes, with what JSON does not allow in it escaped.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20: result += String(format: "\\u%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension [UInt8] {
  /// Appends a number with seven digits, without the detour over a `String` for each.
  fileprivate mutating func append(number: Double) {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
      let text = buffer.assumingMemoryBound(to: CChar.self)
      let length = withVaList([number]) { vsnprintf(text.baseAddress, text.count, "%.7g", $0) }
      append(contentsOf: buffer.prefix(Int(length)))
    }
  }
}
