// SPDX-License-Identifier: Apache-2.0

/// Reads the values of one branch of an RNTuple: its pages on all processors, or those of a scan on
/// the thread that calls.
struct FieldReader: BranchReader {
  let tree: Tree
  let branch: Branch
  let layout: FieldLayout
  let rntuple: RNTuple
  let entries: Range<Int>
  /// The pages that a scan has begun; `nil` where there is no scan.
  var begun: BegunPages?

  /// Elements of a column that belong to one cluster, numbered within that.
  struct Span {
    let cluster: Int
    let elements: Range<Int>
    /// The elements that the cluster must have in the column, where its entries tell.
    var expected: Int?
  }

  var counter: String? {
    guard case .collection(let collection)? = layout.levels.first, layout.levels.count == 1,
      layout.multiple == 1
    else { return nil }
    return "\(collection.columns)"
  }

  func column(expected: [Int]?) throws(ROOTFileError) -> Column {
    var levels: [[Int]] = []
    let first: Int =
      switch layout.levels.first {
      case .collection: 1
      case .array(let count): count
      case nil: layout.multiple
      }
    var spans = try entrySpans(times: first)
    if let expected, counter != nil, let shared = sharedSpans(spans, expected) {
      levels = [expected]
      spans = shared
    } else {
      for (index, level) in layout.levels.enumerated() {
        let offsets: [Int]
        (offsets, spans) = try list(level, spans, index: index)
        levels.append(offsets)
      }
    }
    let values = try values(spans)
    if levels.isEmpty, layout.multiple > 1 {
      levels = [(0...entries.count).map { $0 * layout.multiple }]
    }
    return Column(
      name: branch.name, values: values, offsets: levels.first,
      innerOffsets: Array(levels.dropFirst()))
  }

  /// Reads the lists of one level.
  ///
  /// - Parameters:
  ///   - level: The lists.
  ///   - spans: Which of them; for arrays, which of their elements.
  ///   - index: The number of the level.
  /// - Returns: Where the elements of each list are, and which elements of their column they are.
  /// - Throws: What is wrong with a page.
  private func list(
    _ level: FieldLayout.Level, _ spans: [Span], index: Int
  ) throws(ROOTFileError) -> (offsets: [Int], spans: [Span]) {
    switch level {
    case .array(let count):
      let total = spans.reduce(0) { $0 + $1.elements.count }
      return (Array(stride(from: 0, through: total, by: count)), spans)
    case .collection(let collection):
      // The elements may be arrays, or lists.
      var multiple = layout.multiple
      var elements = layout.leaf
      if index + 1 < layout.levels.count {
        switch layout.levels[index + 1] {
        case .collection(let next):
          multiple = 1
          elements = next
        case .array(let count):
          multiple = count
          guard case .collection(let next)? = layout.levels.dropFirst(index + 2).first else {
            preconditionFailure("Arrays in lists are levels where they hold collections.")
          }
          elements = next
        }
      }
      let isArray = index + 1 < layout.levels.count && multiple > 1
      let bounds = try bounds(of: collection, spans)
      let offsets = try offsets(
        bounds, spans, of: elements, multiple: isArray ? 1 : multiple, limit: multiple)
      return (
        offsets,
        zip(spans, bounds).map { span, bounds in
          Span(
            cluster: span.cluster,
            elements: (bounds[0] * multiple)..<((bounds.last ?? bounds[0]) * multiple))
        }
      )
    }
  }

  /// Returns the elements of the entries of some spans from the offsets of another column of the
  /// same collection; `nil` where a span starts within a cluster, with an element that they do not
  /// tell.
  private func sharedSpans(_ spans: [Span], _ offsets: [Int]) -> [Span]? {
    guard offsets.count == entries.count + 1, spans.allSatisfy({ $0.elements.lowerBound == 0 })
    else { return nil }
    var position = 0
    return spans.map { span in
      let next = position + span.elements.count
      defer { position = next }
      return Span(cluster: span.cluster, elements: 0..<(offsets[next] - offsets[position]))
    }
  }

  /// Returns the wanted entries cluster by cluster, as elements of a column that has a number of
  /// values for each entry.
  func entrySpans(times multiple: Int) throws(ROOTFileError) -> [Span] {
    var spans: [Span] = []
    for cluster in rntuple.clusters(with: entries) {
      let all = rntuple.clusters[cluster].entries
      let wanted = all.clamped(to: entries)
      let (expected, overflow) = all.count.multipliedReportingOverflow(by: multiple)
      if overflow { throw failure("cluster \(cluster) has \(all.count) entries") }
      let start = (wanted.lowerBound - all.lowerBound) * multiple
      spans.append(
        Span(
          cluster: cluster, elements: start..<(start + wanted.count * multiple), expected: expected)
      )
    }
    return spans
  }

  private func values(_ spans: [Span]) throws(ROOTFileError) -> ColumnValues {
    switch layout.kind {
    case .text: return .string(try texts(spans))
    case .counts:
      let bounds = try bounds(of: layout.leaf, spans)
      return layout.element == .uint64
        ? .uint64(counts(bounds)) : .uint32(counts(bounds))
    case .numbers: break
    }
    let leaf = layout.leaf
    return switch layout.element {
    case .bool: .bool(try elements(of: leaf, spans) { $0.booleans() })
    case .int8: .int8(try elements(of: leaf, spans) { $0.integers(Int8.self) })
    case .uint8: .uint8(try elements(of: leaf, spans) { $0.integers(UInt8.self) })
    case .int16: .int16(try elements(of: leaf, spans) { $0.integers(Int16.self) })
    case .uint16: .uint16(try elements(of: leaf, spans) { $0.integers(UInt16.self) })
    case .int32: .int32(try elements(of: leaf, spans) { $0.integers(Int32.self) })
    case .uint32: .uint32(try elements(of: leaf, spans) { $0.integers(UInt32.self) })
    case .int64: .int64(try elements(of: leaf, spans) { $0.integers(Int64.self) })
    case .uint64: .uint64(try elements(of: leaf, spans) { $0.integers(UInt64.self) })
    case .float32: .float32(try elements(of: leaf, spans) { $0.floats() })
    case .float64: .float64(try elements(of: leaf, spans) { $0.doubles() })
    case .string, .other: preconditionFailure("Neither text nor the unknown is a number.")
    }
  }

  /// Reads strings: where they end, and then their characters.
  private func texts(_ spans: [Span]) throws(ROOTFileError) -> [String] {
    let bounds = try bounds(of: layout.leaf, spans)
    let characters = try elements(
      of: layout.leaf, place: 1,
      zip(spans, bounds).map { span, bounds in
        Span(cluster: span.cluster, elements: bounds[0]..<(bounds.last ?? bounds[0]))
      }
    ) { $0.integers(UInt8.self) }
    var texts: [String] = []
    texts.reserveCapacity(spans.reduce(0) { $0 + $1.elements.count })
    characters.withUnsafeBufferPointer { characters in
      var position = 0
      for bounds in bounds {
        for (start, end) in zip(bounds, bounds.dropFirst()) {
          let next = position + end - start
          texts.append(
            String(
              decoding: UnsafeBufferPointer(rebasing: characters[position..<next]), as: UTF8.self))
          position = next
        }
      }
    }
    return texts
  }

  private func counts<Count: FixedWidthInteger>(_ bounds: [[Int]]) -> [Count] {
    bounds.flatMap { bounds in
      zip(bounds, bounds.dropFirst()).map { Count(truncatingIfNeeded: $1 - $0) }
    }
  }

  /// Returns where the elements of each collection start in those of all spans, and the end of the
  /// last.
  private func offsets(
    _ bounds: [[Int]], _ spans: [Span], of elements: Representations, multiple: Int,
    limit elementsEach: Int
  ) throws(ROOTFileError) -> [Int] {
    var offsets: [Int] = []
    offsets.reserveCapacity(spans.reduce(1) { $0 + $1.elements.count })
    offsets.append(0)
    var total = 0
    for (span, bounds) in zip(spans, bounds) {
      // What the pages do not have is refused here, before numbers become too large to add.
      let limit = try capacity(of: elements, cluster: span.cluster) / elementsEach
      if let end = bounds.last, end > limit {
        throw failure(
          "a collection ends with element \(end) of cluster \(span.cluster), which has \(limit)")
      }
      for (start, end) in zip(bounds, bounds.dropFirst()) {
        total += (end - start) * multiple
        offsets.append(total)
      }
    }
    return offsets
  }

  /// Adds file and branch to what was found.
  func failure(_ found: String, page: Int? = nil) -> ROOTFileError {
    DecodingFailure.corrupted(found, at: nil).located(
      file: tree.path, object: "\(tree.name)/\(branch.name)", page: page)
  }
}
