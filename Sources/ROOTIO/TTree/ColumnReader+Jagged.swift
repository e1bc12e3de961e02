// SPDX-License-Identifier: Apache-2.0

import CByteOrder

extension ColumnReader {
  /// Reads a column whose entries have numbers of values of their own.
  ///
  /// - Parameters:
  ///   - type: The type of the values.
  ///   - expected: The offsets of a column that has equally many values in each entry, most likely:
  ///     if so, the column gets these, rather than as many numbers of its own.
  /// - Returns: The column.
  /// - Throws: What is wrong with a basket, or `system` for more values than fit into memory.
  func jaggedColumn<Scalar: ColumnScalar>(
    of type: Scalar.Type, expected: [Int]? = nil
  ) throws(ROOTFileError) -> Column {
    let parts = try parts()
    let plan = try jaggedPlan(parts, width: Scalar.width)
    let total = plan.firstValues.last ?? 0
    try requireMemory(for: total, of: type)
    if let expected, expected.count == entries.count + 1, expected.last == total {
      if let values = try jaggedValues(of: type, plan, .equal(to: expected)) {
        return Column(name: branch.name, values: Scalar.wrap(values), offsets: expected)
      }
    }
    try requireMemory(for: entries.count + 1, of: Int.self)
    var outcome: Result<[Scalar], ROOTFileError> = .success([])
    let offsets = [Int](unsafeUninitializedCapacity: entries.count + 1) {
      buffer, initializedCount in
      guard let start = buffer.baseAddress else { return }
      start.initialize(to: 0)
      nonisolated(unsafe) let target = start + 1
      outcome = Result { () throws(ROOTFileError) in
        try jaggedValues(of: type, plan, .written(to: target)) ?? []
      }
      if case .success = outcome { initializedCount = entries.count + 1 }
    }
    return Column(name: branch.name, values: Scalar.wrap(try outcome.get()), offsets: offsets)
  }

  /// The parts of a column, and where their values begin in it.
  private struct JaggedPlan: Sendable {
    let parts: [Part]
    /// The baskets that had to be opened to know how many values are wanted.
    let opened: [Int: OpenBasket]
    /// As many as there are parts, and the number of all values.
    let firstValues: [Int]
  }

  /// What becomes of the offsets of the column.
  private enum Offsets {
    /// They are written; the first one, 0, stands in front.
    case written(to: UnsafeMutablePointer<Int>)
    /// They are compared.
    case equal(to: [Int])
  }

  /// Finds how many values each part has.
  ///
  /// The header of a basket tells how many all of its entries have. Where some of them are wanted,
  /// it is opened.
  private func jaggedPlan(_ parts: [Part], width: Int) throws(ROOTFileError) -> JaggedPlan {
    var opened: [Int: OpenBasket] = [:]
    var firstValues = [0]
    var total = 0
    for (index, part) in parts.enumerated() {
      let count: Int
      if part.wanted.count == part.basket.fNevBuf {
        let (headers, overflow) = part.wanted.count.multipliedReportingOverflow(by: entryHeader)
        let length = part.basket.border - headers
        if overflow || length < 0 || length % width != 0 {
          throw failure(
            part,
            "\(part.wanted.count) entries in \(part.basket.border) bytes have no header of "
              + "\(entryHeader) and a whole number of values of \(width)")
        }
        count = length / width
      } else {
        let basket = try self.opened(part) { part throws(ROOTFileError) in
          try measure(part, width: width)
        }
        opened[index] = basket
        count = basket.valueCount(header: entryHeader, width: width)
      }
      // Each has fewer than 2³¹ bytes, so that no number of baskets can make this overflow.
      total += count
      firstValues.append(total)
    }
    return JaggedPlan(parts: parts, opened: opened, firstValues: firstValues)
  }

  /// Reads all values.
  ///
  /// - Returns: `nil` if the offsets are not those that were expected.
  private func jaggedValues<Scalar: ColumnScalar>(
    of type: Scalar.Type, _ plan: JaggedPlan, _ offsets: Offsets
  ) throws(ROOTFileError) -> [Scalar]? {
    let total = plan.firstValues.last ?? 0
    let header = entryHeader
    nonisolated(unsafe) let offsets = offsets
    var outcome: Result<[Bool], ROOTFileError> = .success([])
    let values = [Scalar](unsafeUninitializedCapacity: total) { buffer, initializedCount in
      // Every basket writes a range of its own.
      nonisolated(unsafe) let target = buffer.baseAddress
      outcome = Result { () throws(ROOTFileError) in
        try concurrentMap(plan.parts.count, isSerial: begun != nil) { index throws(ROOTFileError) in
          let part = plan.parts[index]
          let first = plan.firstValues[index]
          let range = part.target...(part.target + part.wanted.count)
          if case .equal(let expected) = offsets, plan.opened[index] == nil,
            let matches = try sharedValues(
              of: type, part, expected[range], into: target.map { $0 + first })
          {
            return matches
          }
          let basket: OpenBasket
          if let known = plan.opened[index] {
            basket = known
          } else {
            basket = try opened(part) { part throws(ROOTFileError) in
              try measure(part, width: Scalar.width)
            }
          }
          switch offsets {
          case .written(let start):
            basket.writeOffsets(
              to: start + part.target, first: first, header: header, width: Scalar.width)
          case .equal(let expected):
            guard
              basket.hasOffsets(expected[range], first: first, header: header, width: Scalar.width)
            else { return false }
          }
          if let target { basket.decode(Scalar.self, header: header, into: target + first) }
          return true
        }
      }
      if case .success(let matches) = outcome, matches.allSatisfy({ $0 }) {
        initializedCount = total
      }
    }
    return try outcome.get().allSatisfy { $0 } ? values : nil
  }

  /// Reads all values of a basket whose positions are most likely those that offsets of another
  /// column say; comparing is faster than computing them.
  ///
  /// - Returns: Whether they are; `nil` where this cannot be told so.
  private func sharedValues<Scalar: ColumnScalar>(
    of type: Scalar.Type, _ part: Part, _ expected: ArraySlice<Int>,
    into target: UnsafeMutablePointer<Scalar>?
  ) throws(ROOTFileError) -> Bool? {
    guard case .counted(header: 0, _, _) = layout.form,
      part.wanted.count == part.basket.fNevBuf
    else { return nil }
    defer { if begun != nil { part.basket.release() } }
    let contents = try located(part.index, part.basket.contents)
    guard let table = contents.offsets, !contents.hasLengths,
      table.count / 4 >= part.basket.fNevBuf
    else { return nil }
    let origin = part.basket.fKeylen
    let shift = Scalar.width.trailingZeroBitCount
    let matches = table.withBytes { table in
      expected.withUnsafeBufferPointer { expected in
        let last = expected.count - 1
        let end = (expected[last] - expected[0]) << shift
        return contents.values.count == end
          && expected.withMemoryRebound(to: Int64.self) { expected in
            cbyteorder_positions_are(
              table.baseAddress, expected.baseAddress, last, Int64(origin), Int32(shift)) != 0
          }
      }
    }
    guard matches else { return false }
    contents.values.withBytes { bytes in
      guard let target, let source = bytes.baseAddress else { return }
      Scalar.decode(source, into: target, count: bytes.count >> shift)
    }
    return true
  }

  /// The bytes in front of the values of an entry.
  var entryHeader: Int {
    switch layout.form {
    case .counted(let header, _, _): header
    case .collection: 10
    case .fixed, .string, .streamed: 0
    }
  }

  /// Decompresses a basket and finds its entries.
  ///
  /// Afterwards all entries are known to lie in the basket and to have whole numbers of values.
  private func measure(_ part: Part, width: Int) throws(ROOTFileError) -> OpenBasket {
    let contents = try located(part.index, part.basket.contents)
    let basket = OpenBasket(
      values: contents.values, positions: try entryPositions(part, contents, width: width))
    let header = entryHeader
    return try located(part.index) { () throws(DecodingFailure) in
      if let row = basket.firstUnevenEntry(header: header, width: width) {
        throw .corrupted(
          "entry \(part.wanted.lowerBound + row) of the basket has \(basket.entry(row).count) "
            + "bytes, which is no header of \(header) and a whole number of values of \(width)",
          at: nil)
      }
      if case .collection = layout.form {
        for row in 0..<part.wanted.count {
          let range = basket.entry(row)
          try checkCollection(contents.values, range, count: (range.count - header) / width)
        }
      }
      return basket
    }
  }
}
