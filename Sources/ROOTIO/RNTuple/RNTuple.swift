// SPDX-License-Identifier: Apache-2.0

import Runtime

/// What header, footer and page lists of an RNTuple say: its schema, and where its pages are.
///
/// Specification: https://github.com/root-project/root/blob/v6-36-00/tree/ntuple/doc/BinaryFormatSpecification.md
struct RNTuple: Sendable {
  let storage: RNTupleStorage
  private(set) var schema = RNTupleSchema()
  /// The clusters in the order of the file, which is that of the parts of ``tables``.
  private(set) var clusters: [Cluster] = []
  /// The indices of the clusters in the order of their entries.
  private(set) var order: [Int] = []
  /// The pages of each column.
  private(set) var tables: [PageTable] = []

  /// A range of entries whose values are together.
  struct Cluster: Sendable {
    let entries: Range<Int>
  }

  var entryCount: Int { order.last.map { clusters[$0].entries.upperBound } ?? 0 }

  /// Returns the clusters with some of the entries, in the order of these.
  func clusters(with wanted: Range<Int>) -> [Int] {
    let first = order.firstIndexOfSorted { clusters[$0].entries.upperBound > wanted.lowerBound }
    return order[first...].prefix { clusters[$0].entries.lowerBound < wanted.upperBound }
      .filter { clusters[$0].entries.overlaps(wanted) }
  }

  /// Reads all that is not values.
  init(anchor: RNTupleAnchor, file: ByteStorage) throws(DecodingFailure) {
    storage = RNTupleStorage(file: file, maximumPieceLength: anchor.fMaxKeySize)
    var header = try EnvelopeReader(.header, anchor.header, in: storage)
    try header.featureFlags()
    // Name, description and program.
    for _ in 0..<3 { _ = try header.string() }
    try schema.extend(&header)

    var footer = try EnvelopeReader(.footer, anchor.footer, in: storage)
    try footer.featureFlags()
    try Self.check(try footer.uint64(), header, footer)
    var extensions = try footer.record()
    if extensions.left > 0 { try schema.extend(&extensions) }
    tables = Array(repeating: PageTable(), count: schema.columns.count)
    var (groups, groupCount) = try footer.list(itemLength: 8)
    for _ in 0..<groupCount {
      var group = try groups.record()
      // The entries of a group follow from those of its clusters.
      _ = try group.uint64()
      _ = try group.uint64()
      let clusterCount = try group.uint32()
      let link = try group.envelopeLink()
      var pageList = try EnvelopeReader(.pageList, link, in: storage)
      try Self.check(try pageList.uint64(), header, pageList)
      try append(&pageList, clusterCount: clusterCount)
    }
    order = clusters.indices.sorted {
      (clusters[$0].entries.lowerBound, $0) < (clusters[$1].entries.lowerBound, $1)
    }
    var next = 0
    for index in order {
      let entries = clusters[index].entries
      if entries.lowerBound != next {
        throw .corrupted(
          "cluster \(index) starts with entry \(entries.lowerBound), the one before ends with "
            + "entry \(next)", at: nil)
      }
      next = entries.upperBound
    }
  }

  private static func check(
    _ found: UInt64, _ header: EnvelopeReader, _ other: EnvelopeReader
  ) throws(DecodingFailure) {
    if found != header.checksum { throw other.failure("it belongs to another header") }
  }

  /// Reads the clusters of a group.
  private mutating func append(
    _ reader: inout EnvelopeReader, clusterCount: Int
  ) throws(DecodingFailure) {
    var (summaries, count) = try reader.list(itemLength: 8)
    if count != clusterCount {
      throw reader.failure("it has \(count) clusters, the footer announces \(clusterCount)")
    }
    for _ in 0..<count {
      var summary = try summaries.record()
      let first = try summary.count("the first entry of a cluster")
      let word = try summary.uint64()
      if word >> 56 & 1 != 0 { throw .unsupported("it has clusters in several shards") }
      let (end, overflow) = first.addingReportingOverflow(Int(word & (1 << 56 - 1)))
      if overflow { throw summary.failure("a cluster starts with entry \(first)") }
      clusters.append(Cluster(entries: first..<end))
    }
    var (lists, listCount) = try reader.list(itemLength: 8)
    if listCount != count {
      throw reader.failure("it has pages of \(listCount) clusters and \(count) clusters")
    }
    for cluster in (clusters.count - count)..<clusters.count {
      var (columns, columnCount) = try lists.list(itemLength: 8)
      if columnCount > tables.count {
        throw reader.failure("a cluster has \(columnCount) columns of \(tables.count)")
      }
      // Columns that were added later are not listed.
      for index in 0..<columnCount { try tables[index].append(cluster: cluster, &columns) }
    }
  }
}
