// SPDX-License-Identifier: Apache-2.0

import Foundation

extension [Column] {
  /// Returns a table with one line per entry, for people.
  ///
  /// - Parameter firstEntry: The number of the first entry in its tree.
  /// - Returns: Lines without a newline at the end.
  public func table(firstEntry: Int = 0) -> String {
    var rows = [["entry"] + map(\.name)]
    for entry in 0..<(first?.entryCount ?? 0) {
      rows.append(
        [String(firstEntry + entry)] + map { $0.text(entry: entry, asJSON: false) })
    }
    return alignedTable(rows, rightAligned: Set(0...count)).joined(separator: "\n")
  }

  /// Returns the columns as JSON, entries with several values as arrays.
  ///
  ///     {"columns": {"nMuon": [1, 2], "Muon_pt": [[25.1], [31.7, 8.2]]}}
  ///
  /// JSON has no numbers beyond the finite ones: they become the strings "nan", "inf" and "-inf".
  public func json() -> String {
    let fields = map { column in
      let entries = (0..<column.entryCount).map { column.text(entry: $0, asJSON: true) }
      return "\(quoted(column.name)):[\(entries.joined(separator: ","))]"
    }
    return "{\"columns\":{\(fields.joined(separator: ","))}}"
  }
}

extension Column {
  /// The value of an entry, or its values in brackets.
  fileprivate func text(entry: Int, asJSON: Bool) -> String {
    var levels = innerOffsets[...]
    if let offsets { levels = ([offsets] + innerOffsets)[...] }
    return text(entry, levels, asJSON: asJSON)
  }

  /// A value, or the elements of a list in brackets.
  private func text(_ index: Int, _ levels: ArraySlice<[Int]>, asJSON: Bool) -> String {
    guard let offsets = levels.first else { return values.text(index, asJSON: asJSON) }
    let texts = (offsets[index]..<offsets[index + 1])
      .map { text($0, levels.dropFirst(), asJSON: asJSON) }
    return "[\(texts.joined(separator: asJSON ? "," : ", "))]"
  }
}

extension ColumnValues {
  fileprivate func text(_ index: Int, asJSON: Bool) -> String {
    switch self {
    case .bool(let values): String(values[index])
    case .int8(let values): String(values[index])
    case .uint8(let values): String(values[index])
    case .int16(let values): String(values[index])
    case .uint16(let values): String(values[index])
    case .int32(let values): String(values[index])
    case .uint32(let values): String(values[index])
    case .int64(let values): String(values[index])
    case .uint64(let values): String(values[index])
    case .float32(let values):
      number(values[index].description, isFinite: values[index].isFinite, asJSON: asJSON)
    case .float64(let values):
      number(values[index].description, isFinite: values[index].isFinite, asJSON: asJSON)
    case .string(let values): asJSON ? quoted(values[index]) : values[index]
    }
  }

  private func number(_ text: String, isFinite: Bool, asJSON: Bool) -> String {
    isFinite || !asJSON ? text : "\"\(text)\""
  }
}

/// Returns a JSON string.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case "\r": result += "\\r"
    case _ where scalar.value < 0x20: result += String(format: "\\u%04x", scalar.value)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
