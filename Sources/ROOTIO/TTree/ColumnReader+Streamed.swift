// SPDX-License-Identifier: Apache-2.0

extension ColumnReader {
  /// Reads a leaf of objects and nested lists, entry by entry.
  func streamedColumn(_ leaf: StreamedLeaf) throws(ROOTFileError) -> Column {
    let parts = try parts()
    let walkers = try concurrentMap(parts.count, isSerial: begun != nil) {
      index throws(ROOTFileError) in
      try walk(parts[index], leaf)
    }
    // From the innermost lists to the outermost.
    var levels: [[Int]] = []
    for level in (0..<leaf.depth).reversed() {
      let multiple = level == leaf.depth - 1 ? leaf.multiple : 1
      var offsets = [0]
      for count in walkers.lazy.flatMap({ $0.counts[level] }) {
        offsets.append(offsets[offsets.count - 1] + count * multiple)
      }
      levels.insert(offsets, at: 0)
    }
    if leaf.depth == 0, leaf.multiple > 1 {
      levels = [(0...entries.count).map { $0 * leaf.multiple }]
    }
    return Column(
      name: branch.name, values: values(walkers, leaf), offsets: levels.first,
      innerOffsets: Array(levels.dropFirst()))
  }

  private func walk(_ part: Part, _ leaf: StreamedLeaf) throws(ROOTFileError) -> StreamedWalker {
    let basket = try opened(part) { part throws(ROOTFileError) in
      let contents = try located(part.index, part.basket.contents)
      return OpenBasket(
        values: contents.values,
        positions: contents.offsets == nil ? [] : try entryPositions(part, contents, width: 1))
    }
    return try located(part.index) { () throws(DecodingFailure) in
      if basket.positions.isEmpty { return try walkThrough(part, basket.values, leaf) }
      let start = basket.values.range.lowerBound
      var walker = StreamedWalker(
        ByteReader(
          basket.values.storage, from: start + basket.entry(0).lowerBound,
          to: start + basket.entry(part.wanted.count - 1).upperBound), leaf: leaf)
      for row in 0..<part.wanted.count {
        let place = basket.entry(row)
        try walker.entry(
          leaf.type, leaf.framing, end: start + place.upperBound, length: place.count)
      }
      return walker
    }
  }

  /// Walks from the first entry of the basket on, where it does not tell where entries start.
  private func walkThrough(
    _ part: Part, _ values: ByteSlice, _ leaf: StreamedLeaf
  ) throws(DecodingFailure) -> StreamedWalker {
    var walker = StreamedWalker(ByteReader(values), leaf: leaf)
    // Where there are no positions all entries are equally long.
    let (length, rest) = part.basket.border.quotientAndRemainder(
      dividingBy: max(1, part.basket.fNevBuf))
    for entry in 0..<part.wanted.upperBound {
      walker.isKeeping = part.wanted.contains(entry)
      try walker.entry(leaf.type, leaf.framing, end: nil, length: rest == 0 ? length : nil)
    }
    if part.wanted.upperBound == part.basket.fNevBuf, walker.offset != values.range.upperBound {
      throw .corrupted(
        "\(values.range.upperBound - walker.offset) bytes are left behind the last entry", at: nil)
    }
    return walker
  }

  private func values(_ walkers: [StreamedWalker], _ leaf: StreamedLeaf) -> ColumnValues {
    if leaf.element == .string { return .string(walkers.flatMap(\.texts)) }
    let bytes = walkers.count == 1 ? walkers[0].bytes : walkers.flatMap(\.bytes)
    if let packing = leaf.packing {
      let numbers = stride(from: 0, to: bytes.count, by: packing.width)
        .map { packing.value(bytes, at: $0) }
      return leaf.element == .float32 ? .float32(numbers.map { Float($0) }) : .float64(numbers)
    }
    func decoded<Scalar: ColumnScalar>(_ type: Scalar.Type) -> ColumnValues {
      let count = bytes.count / Scalar.width
      return Scalar.wrap(
        [Scalar](unsafeUninitializedCapacity: count) { buffer, initializedCount in
          bytes.withUnsafeBytes { source in
            if let target = buffer.baseAddress, let source = source.baseAddress {
              Scalar.decode(source, into: target, count: count)
            }
          }
          initializedCount = count
        })
    }
    return switch leaf.element {
    case .bool: decoded(Bool.self)
    case .int8: decoded(Int8.self)
    case .uint8: decoded(UInt8.self)
    case .int16: decoded(Int16.self)
    case .uint16: decoded(UInt16.self)
    case .int32: decoded(Int32.self)
    case .uint32: decoded(UInt32.self)
    case .int64: decoded(Int64.self)
    case .uint64: decoded(UInt64.self)
    case .float32: decoded(Float.self)
    case .float64: decoded(Double.self)
    case .string, .other: preconditionFailure("Neither text nor the unknown is a number.")
    }
  }
}
