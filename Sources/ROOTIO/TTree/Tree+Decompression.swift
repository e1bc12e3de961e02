// SPDX-License-Identifier: Apache-2.0

extension Tree {
  /// Decompresses the baskets of some branches of a TTree and keeps nothing of them.
  ///
  /// This is what the benchmark compares reading with. What is not compressed is copied.
  ///
  /// - Parameter names: The names of branches.
  /// - Returns: The number of bytes.
  /// - Throws: ``ROOTFileError`` as ``read(_:entries:)``.
  package func decompress(_ names: [String]) throws(ROOTFileError) -> Int {
    var readers: [ColumnReader] = []
    for name in names {
      guard let reader = try reader(name, entries: 0..<entryCount) as? ColumnReader else {
        continue
      }
      readers.append(reader)
    }
    let columns = readers
    return try concurrentMap(columns.count) { index throws(ROOTFileError) in
      let parts = try columns[index].parts()
      // As large as needed, and used again, which is the least that decompression costs.
      let length = parts.map(\.basket.fObjlen).max() ?? 0
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, length), alignment: 16)
      defer { memory.deallocate() }
      var total = 0
      for part in parts {
        let target = UnsafeMutableRawBufferPointer(rebasing: memory[..<part.basket.fObjlen])
        try columns[index].located(part.index) { () throws(DecodingFailure) in
          try part.basket.decompress(into: target)
        }
        total += target.count
      }
      return total
    }.reduce(0, +)
  }
}
