// SPDX-License-Identifier: Apache-2.0

/// Collects the values of a branch in baskets: what ``Basket`` and ``BasketLocation`` read.
final class BranchWriter {
  let declaration: BranchDeclaration
  private let treeName: String
  private let compression: ROOTCompression
  /// A basket is written when its values are this long.
  private let basketSize: Int
  /// Whether other branches have as many values as this one says.
  let isCounter: Bool

  /// The values of the basket that is being filled.
  private var values = ByteWriter()
  private var entriesInBasket = 0
  /// Where its entries start, for jagged ones.
  private var starts: [Int32] = []

  private var baskets: [(firstEntry: Int, position: Int, byteCount: Int)] = []
  private(set) var entryCount = 0
  private(set) var uncompressedBytes = 0
  private(set) var compressedBytes = 0
  /// The largest value, of a counter.
  private var maximum = 0

  init(
    _ declaration: BranchDeclaration, isCounter: Bool, treeName: String,
    compression: ROOTCompression, basketSize: Int
  ) {
    self.declaration = declaration
    self.isCounter = isCounter
    self.treeName = treeName
    self.compression = declaration.compression ?? compression
    self.basketSize = basketSize
  }

  /// The bytes of an entry; of jagged ones, those of a single value.
  var entryWidth: Int {
    let width = declaration.elementType.width
    return if case .fixed(let count) = declaration.shape { count * width } else { width }
  }

  private var isJagged: Bool { if case .jagged = declaration.shape { true } else { false } }

  /// Adds entries, and writes baskets that become full.
  ///
  /// - Precondition: The column is as declared: see ``check(_:)``.
  func append(_ column: Column, entries: Range<Int>, to file: inout RecordWriter) throws {
    var next = entries.lowerBound
    while next < entries.upperBound {
      let end = endOfBasket(column, from: next, to: entries.upperBound)
      if isJagged, let offsets = column.offsets {
        let base = values.count - offsets[next] * entryWidth
        for entry in next..<end { starts.append(Int32(base + offsets[entry] * entryWidth)) }
        values.append(column.values, offsets[next]..<offsets[end])
      } else {
        let count = entryWidth / declaration.elementType.width
        values.append(column.values, next * count..<end * count)
      }
      entriesInBasket += end - next
      next = end
      if values.count >= basketSize { try flush(to: &file) }
    }
    if isCounter { maximum = max(maximum, column.largestCount(in: entries)) }
  }

  /// Returns the first entry that is not of the current basket.
  private func endOfBasket(_ column: Column, from first: Int, to last: Int) -> Int {
    let room = max(1, basketSize - values.count)
    guard isJagged, let offsets = column.offsets else {
      return min(last, first + max(1, (room + entryWidth - 1) / entryWidth))
    }
    // Entries may be empty, and yet each needs room for its position.
    let most = min(last, first + basketSize / 4 + 1)
    var end = first + 1
    while end < most, (offsets[end] - offsets[first]) * entryWidth < room { end += 1 }
    return end
  }

  /// Writes the basket that is being filled, if it has entries.
  func flush(to file: inout RecordWriter) throws {
    guard entriesInBasket > 0 else { return }
    var key = RecordWriter.Key(
      className: "TBasket", name: declaration.name, title: treeName, cycle: baskets.count,
      isBig: true)
    let keyLength = key.length + 19
    let border = values.count
    if isJagged {
      values.append(Int32(entriesInBasket + 1))
      for start in starts { values.append(start + Int32(keyLength)) }
      values.append(Int32(0))
    }
    let uncompressed = keyLength + values.count
    var fields = ByteWriter()
    fields.append(Int16(3))
    fields.append(Int32(uncompressed))
    // The length of an entry, or how many positions there is room for.
    fields.append(Int32(isJagged ? entriesInBasket + 1 : entryWidth))
    fields.append(Int32(entriesInBasket))
    fields.append(Int32(border + keyLength))
    fields.append(UInt8(0))
    key.appendix = fields.bytes
    let record = try file.write(key, object: values.bytes, compression: compression)
    baskets.append((entryCount, record.position, record.byteCount))
    entryCount += entriesInBasket
    uncompressedBytes += uncompressed
    compressedBytes += record.byteCount
    entriesInBasket = 0
    values.removeAll()
    starts.removeAll(keepingCapacity: true)
  }

  /// Returns the `TLeaf`; `counter` is the one that counts its values.
  func leaf(counter: WrittenObject?) -> WrittenObject {
    let width = declaration.elementType.width
    var members: [String: WrittenValue] = [
      "fName": .string(declaration.name), "fTitle": .string(declaration.leafTitle),
      "fLen": .integer(isJagged ? 1 : entryWidth / width), "fLenType": .integer(width),
      "fIsRange": .integer(isCounter ? 1 : 0),
      "fIsUnsigned": .integer(declaration.isUnsigned ? 1 : 0),
    ]
    if let counter { members["fLeafCount"] = .object(counter) }
    // ROOT makes room for as many values.
    if isCounter { members["fMaximum"] = .integer(maximum) }
    return WrittenObject(declaration.leafClass, members)
  }

  /// Returns the `TBranch`.
  func branch(leaf: WrittenObject) -> WrittenObject {
    // ROOT has room for ten baskets at least, and for the entry behind the last one.
    let room = max(10, baskets.count + 1)
    func padded(_ numbers: [Int]) -> WrittenValue {
      .integers(numbers + [Int](repeating: 0, count: room - numbers.count))
    }
    return WrittenObject(
      "TBranch",
      [
        "fName": .string(declaration.name),
        "fTitle": .string("\(declaration.leafTitle)/\(declaration.typeLetter)"),
        "fFillStyle": .integer(1001), "fCompress": .integer(compression.fCompress),
        "fBasketSize": .integer(basketSize), "fEntryOffsetLen": .integer(isJagged ? 1000 : 0),
        "fWriteBasket": .integer(baskets.count), "fEntryNumber": .integer(entryCount),
        "fMaxBaskets": .integer(room), "fEntries": .integer(entryCount),
        "fTotBytes": .integer(uncompressedBytes), "fZipBytes": .integer(compressedBytes),
        "fLeaves": .object(WrittenObject("TObjArray", items: [leaf])),
        "fBasketBytes": padded(baskets.map(\.byteCount)),
        "fBasketEntry": padded(baskets.map(\.firstEntry) + [entryCount]),
        "fBasketSeek": padded(baskets.map(\.position)),
      ])
  }
}

extension ByteWriter {
  /// Appends some of the values of a column.
  mutating func append(_ values: ColumnValues, _ range: Range<Int>) {
    switch values {
    case .bool(let values): append(contentsOf: values[range])
    case .int8(let values): append(contentsOf: values[range])
    case .uint8(let values): append(contentsOf: values[range])
    case .int16(let values): append(contentsOf: values[range])
    case .uint16(let values): append(contentsOf: values[range])
    case .int32(let values): append(contentsOf: values[range])
    case .uint32(let values): append(contentsOf: values[range])
    case .int64(let values): append(contentsOf: values[range])
    case .uint64(let values): append(contentsOf: values[range])
    case .float32(let values): append(contentsOf: values[range])
    case .float64(let values): append(contentsOf: values[range])
    case .string: preconditionFailure("Text cannot be written.")
    }
  }
}

extension Column {
  /// The largest of some values that count those of other columns.
  fileprivate func largestCount(in entries: Range<Int>) -> Int {
    switch values {
    case .int32(let values): values[entries].max().map { Int($0) } ?? 0
    case .uint32(let values): values[entries].max().map { Int($0) } ?? 0
    default: 0
    }
  }
}
