// SPDX-License-Identifier: Apache-2.0

import Runtime

/// The pages of one column of an RNTuple, cluster after cluster.
struct PageTable: Sendable {
  /// Some elements of the column that follow one another.
  struct Page: Sendable {
    let elementCount: Int
    let locator: Locator
    /// Whether a checksum stands behind the page.
    let hasChecksum: Bool
    /// The number of the first element in its cluster.
    let firstElement: Int

    var elements: Range<Int> { firstElement..<(firstElement + elementCount) }
  }

  /// What a cluster has of the column.
  struct Part: Sendable {
    let cluster: Int
    /// The indices of its pages.
    let pages: Range<Int>
    /// Whether the cluster has another representation of the field instead.
    let isSuppressed: Bool
    /// How the pages are compressed: 100 × algorithm + level.
    let compression: Int
  }

  private(set) var pages: [Page] = []
  /// In the order of their clusters.
  private(set) var parts: [Part] = []

  /// Returns what a cluster has of the column; `nil` if the column was added after it.
  func part(ofCluster cluster: Int) -> Part? {
    let index = parts.firstIndexOfSorted { $0.cluster >= cluster }
    return index < parts.count && parts[index].cluster == cluster ? parts[index] : nil
  }

  /// The number of elements that a cluster's pages have.
  func elementCount(inCluster cluster: Int) -> Int {
    guard let range = part(ofCluster: cluster)?.pages, !range.isEmpty else { return 0 }
    return pages[range.upperBound - 1].elements.upperBound
  }

  /// Returns the indices of the pages that hold some elements of a cluster.
  func pages(inCluster cluster: Int, with elements: Range<Int>) -> Range<Int> {
    guard let all = part(ofCluster: cluster)?.pages, !elements.isEmpty else { return 0..<0 }
    let first = pages[all].firstIndexOfSorted { $0.elements.upperBound > elements.lowerBound }
    let end = pages[all].firstIndexOfSorted { $0.firstElement >= elements.upperBound }
    return first..<max(first, end)
  }

  /// Reads the pages that a cluster has of the column.
  ///
  ///     list of pages: 4 bytes of number of elements, negative if a checksum stands behind the
  ///     page; a locator. Behind the last one 8 bytes of element offset, negative if the column is
  ///     suppressed, and else 4 bytes of compression.
  mutating func append(
    cluster: Int, _ reader: inout EnvelopeReader
  ) throws(DecodingFailure) {
    var (items, count) = try reader.list(itemLength: 16)
    let first = pages.count
    var element = 0
    for _ in 0..<count {
      let announced = try items.int32()
      let locator = try items.locator()
      let elementCount = abs(announced)
      let (next, overflow) = element.addingReportingOverflow(elementCount)
      if overflow || elementCount == 0 {
        throw items.failure("a page has \(announced) elements")
      }
      pages.append(
        Page(
          elementCount: elementCount, locator: locator, hasChecksum: announced < 0,
          firstElement: element))
      element = next
    }
    let isSuppressed = try items.int64() < 0
    if isSuppressed, count > 0 { throw items.failure("a suppressed column has \(count) pages") }
    parts.append(
      Part(
        cluster: cluster, pages: first..<pages.count, isSuppressed: isSuppressed,
        compression: isSuppressed ? 0 : try items.uint32()))
  }
}
