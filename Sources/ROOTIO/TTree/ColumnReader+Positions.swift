// SPDX-License-Identifier: Apache-2.0

import CByteOrder

extension ColumnReader {
  /// Finds where the wanted entries of a basket start, and where the last one ends, from the start
  /// of its values.
  ///
  /// Afterwards the positions are known to ascend and to lie in the basket.
  func entryPositions(
    _ part: Part, _ contents: Basket.Contents, width: Int
  ) throws(ROOTFileError) -> [Int32] {
    let basket = part.basket
    guard let table = contents.offsets else { return try countedPositions(part, width: width) }
    if table.count / 4 < basket.fNevBuf {
      throw failure(part, "\(basket.fNevBuf) entries have \(table.count / 4) positions")
    }
    return try located(part.index) { () throws(DecodingFailure) in
      let positions = table.withBytes { bytes in
        contents.hasLengths
          ? Self.sums(bytes, part.wanted, of: basket)
          : Self.positions(bytes, part.wanted, of: basket)
      }
      if let row = Self.firstDescent(positions, from: 0, to: Int32(clamping: basket.border)) {
        throw .corrupted(
          "entry \(part.wanted.lowerBound + row) of the basket goes from byte \(positions[row]) to "
            + "byte \(positions[row + 1]) of \(basket.border)", at: nil)
      }
      return positions
    }
  }

  /// Reads positions, which count from the start of the basket's key; the end of the last entry is
  /// that of the values.
  private static func positions(
    _ table: UnsafeRawBufferPointer, _ wanted: Range<Int>, of basket: Basket
  ) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: wanted.count + 1) { target, initializedCount in
      let stored = min(wanted.count + 1, basket.fNevBuf - wanted.lowerBound)
      if let table = table.baseAddress, let target = target.baseAddress {
        cbyteorder_positions(
          table + wanted.lowerBound * 4, target, stored, Int32(truncatingIfNeeded: basket.fKeylen))
      }
      if stored == wanted.count { target[stored] = Int32(clamping: basket.border) }
      initializedCount = wanted.count + 1
    }
  }

  /// Adds up lengths, in front of which stands 0; what is too long becomes a descent.
  private static func sums(
    _ table: UnsafeRawBufferPointer, _ wanted: Range<Int>, of basket: Basket
  ) -> [Int32] {
    var positions: [Int32] = []
    positions.reserveCapacity(wanted.count + 1)
    var position: Int32 = 0
    for entry in 0...wanted.upperBound {
      if entry == basket.fNevBuf {
        position = Int32(clamping: basket.border)
      } else if entry > 0 {
        position &+= Int32(
          bigEndian: table.loadUnaligned(fromByteOffset: entry * 4, as: Int32.self))
      }
      if entry >= wanted.lowerBound { positions.append(position) }
    }
    return positions
  }

  /// Returns the first entry that ends before it starts or leaves the bounds.
  private static func firstDescent(
    _ positions: [Int32], from lower: Int32, to upper: Int32
  ) -> Int? {
    positions.withUnsafeBufferPointer { positions in
      // Without branches, so that the compiler makes vectors of it.
      var isWrong = positions[0] < lower || positions[positions.count - 1] > upper ? 1 : 0
      for row in 1..<max(1, positions.count) {
        isWrong |= positions[row] < positions[row &- 1] ? 1 : 0
      }
      if isWrong == 0 { return nil }
      return (0..<(positions.count - 1)).first { row in
        positions[row] < lower || positions[row + 1] < positions[row] || positions[row + 1] > upper
      } ?? 0
    }
  }

  /// Finds the entries of a basket without positions from what the counting branch says.
  private func countedPositions(_ part: Part, width: Int) throws(ROOTFileError) -> [Int32] {
    let basket = part.basket
    guard case .counted(header: 0, let multiple, let counter?) = layout.form else {
      throw failure(part, "the basket lacks the positions of its entries")
    }
    let first = branch.baskets[part.index].entries
    let counts = try counts(of: counter, first, for: part)
    return try located(part.index) { () throws(DecodingFailure) in
      var positions: [Int32] = []
      positions.reserveCapacity(part.wanted.count + 1)
      var start = 0
      for (entry, count) in counts.doubles().enumerated() {
        if part.wanted.contains(entry) { positions.append(Int32(start)) }
        let limit = Double((basket.border - start) / (width * multiple))
        if !(count >= 0 && count <= limit) {
          throw .corrupted(
            "entry \(entry) of the basket has \(Int(exactly: count) ?? -1) elements according to "
              + "\(counter), for which there is no room", at: nil)
        }
        start += Int(count) * multiple * width
        if entry == part.wanted.upperBound - 1 { positions.append(Int32(start)) }
      }
      if start != basket.border {
        throw .corrupted(
          "\(counter) counts \(start) bytes of values, the basket has \(basket.border)", at: nil)
      }
      return positions
    }
  }

  /// Reads the numbers of elements from the branch that counts them.
  private func counts(
    of counter: String, _ entries: Range<Int>, for part: Part
  ) throws(ROOTFileError) -> Column {
    let branch = try tree.branch(counter)
    // Only a flat branch of numbers counts; anything else could lead back here without end.
    var layout: BranchLayout?
    if let known = branch.layout, case .fixed(1, _, _) = known.form { layout = known }
    // That of a split list has the number of its elements, and nothing else.
    if branch.isSplit {
      layout = BranchLayout(element: .int32, form: .fixed(count: 1, offset: 0, stride: 4))
    }
    guard let layout, entries.upperBound <= branch.entryCount else {
      throw failure(part, "the branch \(counter) does not count the elements")
    }
    return try ColumnReader(tree: tree, branch: branch, layout: layout, entries: entries)
      .column(expected: nil)
  }

  /// Compares the byte count and the number of elements in front of a collection with its entry.
  func checkCollection(
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
}
