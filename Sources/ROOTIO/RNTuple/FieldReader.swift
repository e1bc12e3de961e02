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
    guard let collection = layout.collection, layout.multiple == 1 else { return nil }
    return "\(collection.columns)"
  }

  func column(expected: [Int]?) throws(ROOTFileError) -> Column {
    var offsets: [Int]?
    var spans = try entrySpans(times: layout.collection == nil ? layout.multiple : 1)
    if let collection = layout.collection {
      if let expected, let shared = sharedSpans(spans, expected) {
        offsets = expected
        spans = shared
      } else {
        let bounds = try bounds(of: collection, spans)
        offsets = try self.offsets(bounds, spans, multiple: layout.multiple)
        spans = zip(spans, bounds).map { span, bounds in
          let multiple = layout.multiple
          return Span(
            cluster: span.cluster,
            elements: (bounds[0] * multiple)..<((bounds.last ?? bounds[0]) * multiple))
        }
      }
    }
    let values = try values(spans)
    if layout.collection == nil, layout.multiple > 1 {
      offsets = (0...entries.count).map { $0 * layout.multiple }
    }
    return Column(name: branch.name, values: values, offsets: offsets)
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
  private func entrySpans(times multiple: Int) throws(ROOTFileError) -> [Span] {
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

  /// Returns where the values of each entry start in those of all spans, and the end of the last.
  private func offsets(
    _ bounds: [[Int]], _ spans: [Span], multiple: Int
  ) throws(ROOTFileError) -> [Int] {
    var offsets: [Int] = []
    offsets.reserveCapacity(entries.count + 1)
    offsets.append(0)
    var total = 0
    for (span, bounds) in zip(spans, bounds) {
      // What the pages do not have is refused here, before numbers become too large to add.
      let limit = try capacity(of: layout.leaf, cluster: span.cluster) / multiple
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
