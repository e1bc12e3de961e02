// SPDX-License-Identifier: Apache-2.0

extension FieldReader {
  /// Some elements of a page, or zeros.
  private enum Part {
    case zeros(Int)
    /// `fresh` of the wanted elements count as read; the others were read as the end of a range
    /// before.
    case page(column: Int, index: Int, wanted: Range<Int>, fresh: Int)

    var count: Int {
      switch self {
      case .zeros(let count): count
      case .page(_, _, let wanted, _): wanted.count
      }
    }
  }

  /// Reads elements of a column.
  ///
  /// - Parameters:
  ///   - field: The columns of the field in each of its representations.
  ///   - place: Which of its columns.
  ///   - spans: The elements, cluster by cluster.
  ///   - lead: How many of the elements at the start of each span do not count as read.
  ///   - decode: What makes elements of a page.
  /// - Returns: The elements of all spans.
  /// - Throws: `corrupted`, `truncated`, `unsupported`, or `system` for more elements than fit into
  ///   memory.
  func elements<Element: BitwiseCopyable & Sendable & ZeroInitialized>(
    of field: Representations, place: Int = 0, _ spans: [Span], lead: [Int] = [],
    decode: @Sendable (PageContents) -> [Element]
  ) throws(ROOTFileError) -> [Element] {
    var parts: [Part] = []
    for (index, span) in spans.enumerated() {
      try append(span, of: field, place: place, lead: lead.isEmpty ? 0 : lead[index], to: &parts)
    }
    let pieces = parts
    let total = pieces.reduce(0) { $0.addingClamped($1.count) }
    try requireMemory(for: total, of: Element.self)
    let decoded = try concurrentMap(pieces.count, isSerial: begun != nil) {
      index throws(ROOTFileError) -> ArraySlice<Element> in
      switch pieces[index] {
      case .zeros(let count): return Array(repeating: Element(), count: count)[...]
      case .page(let column, let index, let wanted, let fresh):
        return try page(
          index, of: column, wanted: wanted, fresh: fresh, keepsLast: !lead.isEmpty, decode: decode)
      }
    }
    if decoded.count == 1 { return Array(decoded[0]) }
    var elements: [Element] = []
    elements.reserveCapacity(total)
    for part in decoded { elements.append(contentsOf: part) }
    return elements
  }

  /// Reads where collections or strings start and end, counted from the starts of the clusters.
  ///
  /// - Returns: For each span as many ends as it has elements, and the start of the first in front.
  func bounds(
    of field: Representations, _ spans: [Span]
  ) throws(ROOTFileError) -> [[Int]] {
    // A collection starts where the one in front ends; the first of a cluster starts at 0.
    let extended = spans.map { span in
      var start = span.elements.lowerBound
      if start > 0, !span.elements.isEmpty { start -= 1 }
      return Span(
        cluster: span.cluster, elements: start..<span.elements.upperBound, expected: span.expected)
    }
    let lead = zip(spans, extended).map { $1.elements.count - $0.elements.count }
    let ends = try elements(of: field, extended, lead: lead) { $0.ends() }
    var bounds: [[Int]] = []
    var position = 0
    for (span, lead) in zip(extended, lead) {
      let next = position + span.elements.count
      bounds.append((lead == 0 ? [0] : []) + ends[position..<next])
      position = next
      for (start, end) in zip(bounds[bounds.count - 1], bounds[bounds.count - 1].dropFirst())
      where start < 0 || end < start {
        throw failure(
          "a collection of cluster \(span.cluster) starts with element \(start) and ends with "
            + "element \(end)")
      }
    }
    return bounds
  }

  /// The number of elements that a cluster has of the field's first column.
  func capacity(of field: Representations, cluster: Int) throws(ROOTFileError) -> Int {
    rntuple.tables[try column(of: field, place: 0, cluster: cluster)]
      .elementCount(inCluster: cluster)
  }

  /// Returns the column in which a cluster stores a field: that of all representations which is not
  /// suppressed.
  func column(
    of field: Representations, place: Int, cluster: Int
  ) throws(ROOTFileError) -> Int {
    let used = field.columns.first { columns in
      let isSuppressed = rntuple.tables[columns[0]].part(ofCluster: cluster)?.isSuppressed
      return !(isSuppressed ?? rntuple.schema.columns[columns[0]].isSuppressedAtFirst)
    }
    guard let used else { throw failure("cluster \(cluster) has no columns of the field") }
    return used[place]
  }

  private func append(
    _ span: Span, of field: Representations, place: Int, lead: Int, to parts: inout [Part]
  ) throws(ROOTFileError) {
    let column = try column(of: field, place: place, cluster: span.cluster)
    let table = rntuple.tables[column]
    let count = table.elementCount(inCluster: span.cluster)
    // A column that was added to an RNTuple with entries starts with zeros, which are not stored.
    var zeros = 0
    if let expected = span.expected, expected != count {
      guard expected > count, rntuple.schema.columns[column].isDeferred else {
        throw failure(
          "cluster \(span.cluster) has \(count) elements, its entries should have \(expected)")
      }
      zeros = expected - count
    }
    if span.elements.upperBound - zeros > count {
      throw failure(
        "element \(span.elements.upperBound) of cluster \(span.cluster) is wanted, it has \(count)")
    }
    if span.elements.lowerBound < zeros {
      let end = min(zeros, span.elements.upperBound)
      if end > span.elements.lowerBound { parts.append(.zeros(end - span.elements.lowerBound)) }
    }
    let lead = span.elements.lowerBound < zeros ? 0 : lead
    let start = max(0, span.elements.lowerBound - zeros)
    let stored = start..<max(start, span.elements.upperBound - zeros)
    for index in table.pages(inCluster: span.cluster, with: stored) {
      let page = table.pages[index]
      let wanted = page.elements.clamped(to: stored)
      let known = wanted.clamped(to: stored.lowerBound..<(stored.lowerBound + lead)).count
      let first = wanted.lowerBound - page.firstElement
      parts.append(
        .page(
          column: column, index: index, wanted: first..<(first + wanted.count),
          fresh: wanted.count - known))
    }
  }

  /// Decodes a page, in a scan unless it is begun already, and returns some of its elements.
  private func page<Element: Sendable>(
    _ index: Int, of column: Int, wanted: Range<Int>, fresh: Int, keepsLast: Bool,
    decode: (PageContents) -> [Element]
  ) throws(ROOTFileError) -> ArraySlice<Element> {
    let page = rntuple.tables[column].pages[index]
    func open() throws(ROOTFileError) -> [Element] {
      do throws(DecodingFailure) {
        let contents = try PageContents(
          page, of: rntuple.schema.columns[column], in: rntuple.storage)
        return decode(contents)
      } catch {
        throw error.located(
          file: tree.path, object: "\(tree.name)/\(branch.name)", page: index)
      }
    }
    guard let begun else { return try open()[wanted] }
    let elements = try begun.elements(
      wanted, of: BegunPages.Key(column: column, page: index), elementCount: page.elementCount,
      fresh: fresh, keepsLast: keepsLast, open: open)
    rntuple.storage.release(page.locator)
    return elements
  }
}

/// A number whose value is zero where nothing is stored.
protocol ZeroInitialized {
  init()
}

extension Bool: ZeroInitialized {}
extension Int: ZeroInitialized {}
extension Int8: ZeroInitialized {}
extension UInt8: ZeroInitialized {}
extension Int16: ZeroInitialized {}
extension UInt16: ZeroInitialized {}
extension Int32: ZeroInitialized {}
extension UInt32: ZeroInitialized {}
extension Int64: ZeroInitialized {}
extension UInt64: ZeroInitialized {}
extension Float: ZeroInitialized {}
extension Double: ZeroInitialized {}
