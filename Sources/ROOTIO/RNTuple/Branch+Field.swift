// SPDX-License-Identifier: Apache-2.0

extension Branch {
  /// Makes the branch of a field of an RNTuple.
  init(
    name: String, storedName: String, title: String, typeName: String,
    layout: Result<FieldLayout, DecodingFailure>, in rntuple: RNTuple
  ) {
    var field: FieldLayout?
    var problem: DecodingFailure?
    switch layout {
    case .success(let layout): field = layout
    case .failure(let failure): problem = failure
    }
    // Where entries have varying numbers of values, branches share the column that says how many:
    // it is not counted as theirs.
    var compression = 0
    var compressedBytes = 0
    var uncompressedBytes = 0
    var pageCount = 0
    for column in field?.leaf.columns.joined() ?? [[]].joined() {
      let table = rntuple.tables[column]
      for page in table.pages {
        compressedBytes = compressedBytes.addingClamped(page.locator.byteCount)
        uncompressedBytes = uncompressedBytes.addingClamped(
          rntuple.schema.columns[column].pageLength(elementCount: page.elementCount) ?? 0)
      }
      pageCount += table.pages.count
      compression = table.parts.first { !$0.pages.isEmpty }?.compression ?? compression
    }
    self.init(
      name: name, storedName: storedName, title: title, typeName: typeName,
      elementType: field?.element ?? .other, shape: field?.shape ?? .flat,
      entryCount: rntuple.entryCount, compression: compression, compressedBytes: compressedBytes,
      uncompressedBytes: uncompressedBytes, pageCount: pageCount, field: field, problem: problem)
  }
}

extension Int {
  /// Returns a sum, or the largest number if it is beyond that.
  func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
