// SPDX-License-Identifier: Apache-2.0

/// The fields and columns of an RNTuple: a tree of C++ types, and the arrays that hold their values.
///
/// Specification: https://github.com/root-project/root/blob/v6-36-00/tree/ntuple/doc/BinaryFormatSpecification.md
struct RNTupleSchema: Sendable {
  private(set) var fields: [Field] = []
  private(set) var columns: [ColumnRecord] = []
  /// The indices of the columns of each field, those that it shows of another field included.
  private(set) var columnsOfField: [[Int]] = []

  /// A field, whose index is its number in the file.
  struct Field: Sendable {
    let parent: Int
    /// 0 leaf, 1 collection, 2 record, 3 variant, 4 object written by ROOT's streamer.
    let role: Int
    let name: String
    let typeName: String
    let description: String
    /// The number of elements of an array or bitset.
    let repetition: Int?
    /// The field whose columns this one shows.
    let source: Int?
  }

  /// A column, whose index is its number in the file.
  struct ColumnRecord: Sendable {
    /// `nil` for one that this reader does not know.
    let encoding: ColumnEncoding?
    /// The number of the encoding in the file.
    let code: Int
    let bits: Int
    let field: Int
    /// Of several ways in which a field is stored, in one cluster or another.
    let representation: Int
    /// Whether clusters at the start lack the column, or its first elements: these are zero.
    let isDeferred: Bool
    /// Whether another representation is used in clusters that lack the column.
    let isSuppressedAtFirst: Bool
    /// What quantized numbers lie between.
    let range: ClosedRange<Double>?

    /// The bytes of a page.
    ///
    /// - Returns: `nil` if this is beyond what a page may have.
    func pageLength(elementCount: Int) -> Int? {
      let (total, overflow) = elementCount.multipliedReportingOverflow(by: bits)
      if overflow || elementCount < 0 { return nil }
      let length = total / 8 + (total % 8 == 0 ? 0 : 1)
      return length <= RNTupleStorage.maximumLength ? length : nil
    }
  }

  /// Reads what the header describes, or what the footer adds to it.
  mutating func extend(_ reader: inout EnvelopeReader) throws(DecodingFailure) {
    let (fieldItems, fieldCount) = try reader.list(itemLength: 8)
    var items = fieldItems
    for _ in 0..<fieldCount {
      var record = try items.record()
      fields.append(try Self.field(&record, index: fields.count))
      columnsOfField.append([])
    }
    let (columnItems, columnCount) = try reader.list(itemLength: 8)
    items = columnItems
    for _ in 0..<columnCount {
      var record = try items.record()
      let column = try Self.column(&record)
      try attach(columns.count, to: column.field, record)
      columns.append(column)
    }
    let (aliasItems, aliasCount) = try reader.list(itemLength: 8)
    items = aliasItems
    for _ in 0..<aliasCount {
      var record = try items.record()
      let column = try record.uint32()
      let field = try record.uint32()
      if column >= columns.count {
        throw record.failure("field \(field) shows column \(column) of \(columns.count)")
      }
      try attach(column, to: field, record)
    }
    // What ROOT's streamers need follows; nothing here reads their objects.
    _ = try reader.list(itemLength: 8)
  }

  private mutating func attach(
    _ column: Int, to field: Int, _ record: EnvelopeReader
  ) throws(DecodingFailure) {
    if field >= fields.count {
      throw record.failure("a column belongs to field \(field) of \(fields.count)")
    }
    columnsOfField[field].append(column)
  }

  private static func field(
    _ record: inout EnvelopeReader, index: Int
  ) throws(DecodingFailure) -> Field {
    // Version of the field, version of its type.
    _ = try record.uint64()
    let parent = try record.uint32()
    let role = try record.uint16()
    let flags = try record.uint16()
    let name = try record.string()
    let typeName = try record.string()
    _ = try record.string()
    let description = try record.string()
    let repetition = flags & 1 != 0 ? try record.count("the length of an array") : nil
    let source = flags & 2 != 0 ? try record.uint32() : nil
    // Parents come first, so that no field can be its own ancestor; top fields name themselves.
    if parent > index {
      throw record.failure("the parent of field \(index), \(name), is field \(parent)")
    }
    return Field(
      parent: parent, role: role, name: name, typeName: typeName, description: description,
      repetition: repetition, source: source)
  }

  private static func column(
    _ record: inout EnvelopeReader
  ) throws(DecodingFailure) -> ColumnRecord {
    let code = try record.uint16()
    let bits = try record.uint16()
    let field = try record.uint32()
    let flags = try record.uint16()
    let representation = try record.uint16()
    let firstElement = flags & 1 != 0 ? try record.int64() : 0
    var range: ClosedRange<Double>?
    if flags & 2 != 0 {
      let minimum = try record.double()
      let maximum = try record.double()
      if !(minimum <= maximum && minimum.isFinite && maximum.isFinite) {
        throw record.failure("a column has values from \(minimum) to \(maximum)")
      }
      range = minimum...maximum
    }
    let encoding = ColumnEncoding(rawValue: code)
    if let encoding, !encoding.bits.contains(bits) {
      throw record.failure("a column of type \(code) has elements of \(bits) bits")
    }
    if encoding == .real32Quantized, range == nil {
      throw record.failure("a column of quantized numbers lacks their range")
    }
    return ColumnRecord(
      encoding: encoding, code: code, bits: bits, field: field, representation: representation,
      isDeferred: flags & 1 != 0, isSuppressedAtFirst: firstElement < 0, range: range)
  }
}
