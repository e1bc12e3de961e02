// SPDX-License-Identifier: Apache-2.0

extension ColumnReader {
  func jaggedColumn<Scalar: ColumnScalar>(
    of type: Scalar.Type
  ) throws(ROOTFileError) -> Column {
    let parts = try parts()
    let isSerial = begun != nil
    let measured = try concurrentMap(parts.count, isSerial: isSerial) {
      index throws(ROOTFileError) in
      try opened(parts[index]) { part throws(ROOTFileError) in
        try measure(part, width: Scalar.width)
      }
    }
    var offsets: [Int] = []
    offsets.reserveCapacity(entries.count + 1)
    offsets.append(0)
    var total = 0
    for part in measured {
      for count in part.counts {
        total += count
        offsets.append(total)
      }
    }
    let starts = offsets
    var outcome: Result<Void, ROOTFileError> = .success(())
    let values = [Scalar](unsafeUninitializedCapacity: total) { buffer, initializedCount in
      // Every basket writes a range of its own.
      nonisolated(unsafe) let target = buffer.baseAddress
      outcome = concurrently(parts.count, isSerial: isSerial) { index throws(ROOTFileError) in
        let basket = measured[index]
        let first = starts[parts[index].target]
        basket.values.withBytes { bytes in
          guard let target, let source = bytes.baseAddress else { return }
          copy(basket, Scalar.self, from: source, to: target + first)
        }
      }
      if case .success = outcome { initializedCount = total }
    }
    try outcome.get()
    return Column(name: branch.name, values: Scalar.wrap(values), offsets: offsets)
  }

  private func copy<Scalar: ColumnScalar>(
    _ basket: OpenBasket, _ type: Scalar.Type, from source: UnsafeRawPointer,
    to target: UnsafeMutablePointer<Scalar>
  ) {
    if case .counted(header: 0, _, _) = layout.form, let start = basket.starts.first {
      // Nothing stands between the entries, so they are one array.
      Scalar.decode(source + start, into: target, count: basket.counts.reduce(0, +))
      return
    }
    var position = 0
    for (start, count) in zip(basket.starts, basket.counts) {
      Scalar.decode(source + start, into: target + position, count: count)
      position += count
    }
  }

  /// Decompresses a basket and finds its entries.
  ///
  /// Afterwards all starts and counts are known to lie in the basket.
  private func measure(_ part: Part, width: Int) throws(ROOTFileError) -> OpenBasket {
    let contents = try located(part.index, part.basket.contents)
    let bounds = try entryBounds(part, contents, width: width)
    var starts: [Int] = []
    var counts: [Int] = []
    starts.reserveCapacity(bounds.count)
    counts.reserveCapacity(bounds.count)
    return try located(part.index) { () throws(DecodingFailure) in
      for (row, range) in bounds.enumerated() {
        let header: Int
        switch layout.form {
        case .counted(let bytes, _, _): header = bytes
        case .collection: header = 10
        case .fixed, .string: preconditionFailure("Only entries of varying length are measured.")
        }
        let length = range.count - header
        // An array behind a null pointer is an entry without elements.
        if length < 0 || length % width != 0 {
          throw .corrupted(
            "entry \(part.wanted.lowerBound + row) of the basket has \(range.count) bytes, which "
              + "is no header of \(header) and a whole number of values of \(width)", at: nil)
        }
        let count = length / width
        if case .collection = layout.form {
          try checkCollection(contents.values, range, count: count)
        }
        starts.append(range.lowerBound + header)
        counts.append(count)
      }
      return OpenBasket(values: contents.values, starts: starts, counts: counts)
    }
  }

  /// Compares the byte count and the number of elements in front of a collection with its entry.
  private func checkCollection(
    _ values: ByteSlice, _ range: Range<Int>, count: Int?
  ) throws(DecodingFailure) {
    let start = values.range.lowerBound
    var reader = ByteReader(
      values.storage, from: start + range.lowerBound, to: start + range.upperBound)
    let byteCount = try reader.uint32("a collection")
    let version = try reader.uint16("a collection")
    if version & 0x4000 != 0 {
      throw .unsupported("it holds collections that are written member by member")
    }
    let announced = try reader.int32("a collection")
    if byteCount != 0x4000_0000 + range.count - 4 || count ?? announced != announced {
      throw .corrupted(
        "a collection announces \(byteCount & ~0x4000_0000) bytes and \(announced) elements, its "
          + "entry has \(range.count) bytes", at: nil)
    }
  }

  /// Returns where the wanted entries of a basket start and end, from the start of its values.
  func entryBounds(
    _ part: Part, _ contents: Basket.Contents, width: Int
  ) throws(ROOTFileError) -> [Range<Int>] {
    let basket = part.basket
    guard let table = contents.offsets else {
      return try countedBounds(part, width: width)
    }
    if table.count / 4 < basket.fNevBuf {
      throw failure(
        part, "\(basket.fNevBuf) entries have \(table.count / 4) positions")
    }
    return try located(part.index) { () throws(DecodingFailure) in
      try table.withBytes { bytes throws(DecodingFailure) in
        func stored(_ entry: Int) -> Int {
          Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: entry * 4, as: Int32.self)))
        }
        var start =
          contents.hasLengths
          ? (0..<part.wanted.lowerBound).reduce(0) { $0 + stored($1 + 1) }
          : stored(part.wanted.lowerBound) - basket.fKeylen
        func endOfEntry(_ entry: Int) -> Int {
          if entry + 1 == basket.fNevBuf { return basket.border }
          let next = stored(entry + 1)
          return contents.hasLengths ? start + next : next - basket.fKeylen
        }
        var bounds: [Range<Int>] = []
        bounds.reserveCapacity(part.wanted.count)
        for entry in part.wanted {
          let end = endOfEntry(entry)
          if start < 0 || end < start || end > basket.border {
            throw .corrupted(
              "entry \(entry) of the basket goes from byte \(start) to byte \(end) of "
                + "\(basket.border)", at: nil)
          }
          bounds.append(start..<end)
          start = end
        }
        return bounds
      }
    }
  }

  /// Finds the entries of a basket without positions from what the counting branch says.
  private func countedBounds(
    _ part: Part, width: Int
  ) throws(ROOTFileError) -> [Range<Int>] {
    let basket = part.basket
    guard case .counted(header: 0, let multiple, let counter?) = layout.form else {
      throw failure(part, "the basket lacks the positions of its entries")
    }
    let first = branch.baskets[part.index].entries
    // Only a flat branch of numbers counts; anything else could lead back here without end.
    guard let layout = try tree.branch(counter).layout, case .fixed(1, _, _) = layout.form,
      let counts = try tree.read([counter], entries: first).first
    else {
      throw failure(part, "the branch \(counter) does not count the elements")
    }
    return try located(part.index) { () throws(DecodingFailure) in
      var bounds: [Range<Int>] = []
      var start = 0
      for (entry, count) in counts.doubles().enumerated() {
        let limit = Double((basket.border - start) / (width * multiple))
        if !(count >= 0 && count <= limit) {
          throw .corrupted(
            "entry \(entry) of the basket has \(Int(exactly: count) ?? -1) elements according to "
              + "\(counter), for which there is no room", at: nil)
        }
        let end = start + Int(count) * multiple * width
        if part.wanted.contains(entry) { bounds.append(start..<end) }
        start = end
      }
      if start != basket.border {
        throw .corrupted(
          "\(counter) counts \(start) bytes of values, the basket has \(basket.border)", at: nil)
      }
      return bounds
    }
  }

  /// Reads a column of strings, or of collections of strings.
  func textColumn() throws(ROOTFileError) -> Column {
    let parts = try parts()
    let texts = try concurrentMap(parts.count, isSerial: begun != nil) {
      index throws(ROOTFileError) in
      let part = parts[index]
      let contents = try located(part.index, part.basket.contents)
      let bounds = try entryBounds(part, contents, width: 1)
      return try located(part.index) { () throws(DecodingFailure) in
        try strings(contents.values, bounds)
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
    _ values: ByteSlice, _ bounds: [Range<Int>]
  ) throws(DecodingFailure) -> (values: [String], counts: [Int]) {
    var texts: [String] = []
    var counts: [Int] = []
    let start = values.range.lowerBound
    for range in bounds {
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
