// SPDX-License-Identifier: Apache-2.0

extension ColumnReader {
  /// Reads a column of strings, or of collections of strings.
  func textColumn() throws(ROOTFileError) -> Column {
    let parts = try parts()
    let texts = try concurrentMap(parts.count, isSerial: begun != nil) {
      index throws(ROOTFileError) in
      let part = parts[index]
      let basket = try opened(part) { part throws(ROOTFileError) in
        let contents = try located(part.index, part.basket.contents)
        return OpenBasket(
          values: contents.values, positions: try entryPositions(part, contents, width: 1))
      }
      return try located(part.index) { () throws(DecodingFailure) in
        try strings(basket, count: part.wanted.count)
      }
    }
    let values = ColumnValues.string(texts.flatMap(\.values))
    guard case .collection = layout.form else {
      return Column(name: branch.name, values: values)
    }
    var offsets = [0]
    for count in texts.flatMap(\.counts) { offsets.append((offsets.last ?? 0) + count) }
    return Column(name: branch.name, values: values, offsets: offsets)
  }

  private func strings(
    _ basket: OpenBasket, count entryCount: Int
  ) throws(DecodingFailure) -> (values: [String], counts: [Int]) {
    var texts: [String] = []
    var counts: [Int] = []
    let values = basket.values
    let start = values.range.lowerBound
    for entry in 0..<entryCount {
      let range = basket.entry(entry)
      var reader = ByteReader(
        values.storage, from: start + range.lowerBound, to: start + range.upperBound)
      var count = 1
      if case .collection = layout.form {
        try checkCollection(values, range, count: nil)
        try reader.skip(6, "a collection")
        count = try reader.int32("a collection")
        if count < 0 || count > reader.left {
          throw .corrupted(
            "a collection announces \(count) strings, \(reader.left) bytes are left", at: nil)
        }
      } else if case .string(let header) = layout.form {
        // ROOT writes nothing at all for an empty C string.
        if range.isEmpty {
          texts.append("")
          counts.append(1)
          continue
        }
        try reader.skip(header, "a string")
      }
      for _ in 0..<count { texts.append(try reader.string("a string")) }
      if reader.left != 0 {
        throw .corrupted("\(reader.left) bytes are left behind the strings of an entry", at: nil)
      }
      counts.append(count)
    }
    return (texts, counts)
  }
}
