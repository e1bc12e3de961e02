// SPDX-License-Identifier: Apache-2.0

extension [any BranchReader] {
  /// Loads all baskets or pages that hold the entries of the readers, side by side, if their file is
  /// on a server, and calls `body` while they stay.
  ///
  /// Who reads a tree from its start to its end gets some MiB of what follows too, so that small
  /// ranges of entries do not cost a request each, and others come while these are used.
  ///
  /// - Parameters:
  ///   - isScan: Whether what follows will be read.
  ///   - body: Reads the columns.
  /// - Returns: What `body` returns.
  /// - Throws: ``ROOTFileError``.
  func loaded<Result>(
    isScan: Bool, _ body: () throws(ROOTFileError) -> Result
  ) throws(ROOTFileError) -> Result {
    guard let reader = first(where: { $0.tree.storage.remote != nil }) else { return try body() }
    // Trees that belong together may be from files opened twice.
    let storage = reader.tree.storage
    let others = filter { $0.tree.storage !== storage }
    let own = filter { $0.tree.storage === storage }
    return try storage.reading { () throws(ROOTFileError) in
      if let remote = storage.remote { try own.load(reader, from: remote, isScan: isScan) }
      return try others.loaded(isScan: isScan, body)
    }
  }

  private func load(
    _ first: any BranchReader, from remote: RemoteBytes, isScan: Bool
  ) throws(ROOTFileError) {
    let entries = first.entries
    let tree = first.tree
    guard !entries.isEmpty else { return }
    let follows = isScan || remote.follows(entries, of: [tree.name] + map(\.branch.name))
    do throws(DecodingFailure) {
      if follows {
        try loadAhead(entries, of: tree.entryCount, from: remote)
        return
      }
    } catch {
      throw error.located(file: tree.path, object: tree.name)
    }
    // What an entry has may depend on bytes that have to be read first.
    for stage in 0..<2 {
      var ranges: [Range<Int>] = []
      for reader in self { ranges += try reader.storedRanges(stage: stage) }
      do throws(DecodingFailure) { try remote.load(ranges) } catch {
        throw error.located(file: tree.path, object: tree.name)
      }
    }
  }

  /// Loads what some entries need, with as many of the next as are worth a request, and begins to
  /// load what comes behind them.
  private func loadAhead(
    _ entries: Range<Int>, of entryCount: Int, from remote: RemoteBytes
  ) throws(DecodingFailure) {
    // What arrives in less than a second at 100 Mbit/s, and outweighs the way to a distant server.
    let window = 8 << 20
    var end = entries.upperBound
    var ranges = flatMap { $0.allStoredRanges(entries) }
    var missing = remote.missingByteCount(of: ranges)
    func extend() {
      end = Swift.min(entryCount, end + Swift.max(1, end - entries.lowerBound))
      ranges = flatMap { $0.allStoredRanges(entries.lowerBound..<end) }
      missing = remote.missingByteCount(of: ranges)
    }
    if missing > 0 {
      while missing < window / 2, end < entryCount { extend() }
    }
    try remote.load(ranges)
    missing = 0
    while missing < window, end < entryCount,
      ranges.reduce(0, { $0 + $1.count }) < 4 * window
    {
      extend()
    }
    if missing >= window || missing > 0 && end == entryCount { remote.loadAhead(ranges) }
  }
}

extension BranchReader {
  /// The baskets of the branch alone: a reader that needs more says so, or loads it when it reads.
  func storedRanges(stage: Int) throws(ROOTFileError) -> [Range<Int>] {
    stage == 0 ? allStoredRanges(entries) : []
  }

  /// The baskets of the branch alone: a reader that needs more says so, or loads it when it reads.
  func allStoredRanges(_ entries: Range<Int>) -> [Range<Int>] { branch.storedRanges(entries) }
}

extension ColumnReader {
  func allStoredRanges(_ entries: Range<Int>) -> [Range<Int>] {
    var ranges = branch.storedRanges(entries)
    // Baskets without positions need what the counting branch has for all of their entries.
    if case .counted(header: 0, _, let counter?) = layout.form,
      let counter = try? tree.branch(counter)
    {
      ranges += counter.storedRanges(branch.entriesOfBaskets(with: entries))
    }
    return ranges
  }
}

extension Branch {
  private func baskets(with wanted: Range<Int>) -> ArraySlice<BasketLocation> {
    baskets[firstBasket(endingAfter: wanted.lowerBound)...].prefix {
      $0.entries.lowerBound < wanted.upperBound
    }
  }

  /// Returns the entries of all baskets that hold some of the wanted ones.
  fileprivate func entriesOfBaskets(with wanted: Range<Int>) -> Range<Int> {
    let touched = baskets(with: wanted)
    guard let first = touched.first, let last = touched.last else { return 0..<0 }
    return first.entries.lowerBound..<last.entries.upperBound
  }

  /// Returns where the baskets that hold some of the wanted entries are in the file.
  fileprivate func storedRanges(_ wanted: Range<Int>) -> [Range<Int>] {
    baskets(with: wanted).compactMap { location in
      guard case .record(let offset, let byteCount) = location.place else { return nil }
      return storedRange(from: offset, byteCount: byteCount)
    }
  }
}

extension FieldReader {
  func storedRanges(stage: Int) throws(ROOTFileError) -> [Range<Int>] {
    // Reading in order to plan does not count as reading.
    var planner = self
    planner.begun = nil
    return try planner.plannedRanges(stage: stage)
  }

  /// Returns where the pages of a stage are.
  ///
  /// The first stage is what the entries themselves tell: pages of columns that have a number of
  /// elements for each entry. The second are those whose elements the first ones count.
  private func plannedRanges(stage: Int) throws(ROOTFileError) -> [Range<Int>] {
    guard let level = layout.levels.first else {
      let spans = try entrySpans(times: layout.multiple)
      if stage == 0 {
        return try storedRanges(of: layout.leaf, spans, withEndsInFront: layout.kind != .numbers)
      }
      return layout.kind == .text ? try characterRanges(spans) : []
    }
    // What is deeper is loaded when it is read.
    guard case .collection(let collection) = level else { return [] }
    let spans = try entrySpans(times: 1)
    if stage == 0 { return try storedRanges(of: collection, spans, withEndsInFront: true) }
    guard layout.levels.count == 1 else { return [] }
    let bounds = try bounds(of: collection, spans)
    let elements = zip(spans, bounds).map { span, bounds in
      Span(
        cluster: span.cluster,
        elements: (bounds[0] * layout.multiple)..<((bounds.last ?? bounds[0]) * layout.multiple))
    }
    return try storedRanges(of: layout.leaf, elements, withEndsInFront: layout.kind != .numbers)
  }

  private func characterRanges(_ spans: [Span]) throws(ROOTFileError) -> [Range<Int>] {
    let bounds = try bounds(of: layout.leaf, spans)
    let characters = zip(spans, bounds).map { span, bounds in
      Span(cluster: span.cluster, elements: bounds[0]..<(bounds.last ?? bounds[0]))
    }
    return try storedRanges(of: layout.leaf, place: 1, characters, withEndsInFront: false)
  }

  /// Returns where the pages with some elements of a column are; with ends in front, those too
  /// that hold the element before.
  private func storedRanges(
    of field: Representations, place: Int = 0, _ spans: [Span], withEndsInFront: Bool
  ) throws(ROOTFileError) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for span in spans {
      let table = rntuple.tables[try column(of: field, place: place, cluster: span.cluster)]
      let start = span.elements.lowerBound - (withEndsInFront ? 1 : 0)
      // Elements that are not stored stand in front; then fewer pages than these are needed.
      let wanted = max(0, start)..<max(0, start, span.elements.upperBound)
      for index in table.pages(inCluster: span.cluster, with: wanted) {
        if let range = table.pages[index].storedRange(in: rntuple.storage) { ranges.append(range) }
      }
    }
    return ranges
  }

  /// All pages of the clusters with some of the entries: what a cluster's entries have in them is
  /// not known before they are read.
  func allStoredRanges(_ entries: Range<Int>) -> [Range<Int>] {
    var columns = layout.leaf.columns.flatMap { $0 }
    for case .collection(let collection) in layout.levels {
      columns += collection.columns.flatMap { $0 }
    }
    return rntuple.clusters(with: entries).flatMap { cluster in
      columns.flatMap { column -> [Range<Int>] in
        let table = rntuple.tables[column]
        return (table.part(ofCluster: cluster)?.pages ?? 0..<0).compactMap {
          table.pages[$0].storedRange(in: rntuple.storage)
        }
      }
    }
  }
}

extension PageTable.Page {
  /// Where the page is in the file, of long ones the first piece; `nil` if that cannot be.
  fileprivate func storedRange(in storage: RNTupleStorage) -> Range<Int>? {
    let limit = storage.maximumPieceLength == 0 ? Int.max : storage.maximumPieceLength
    let byteCount = locator.byteCount.addingClamped(hasChecksum ? 8 : 0)
    return ROOTIO.storedRange(from: locator.offset, byteCount: min(byteCount, limit))
  }
}

/// Returns a range of bytes, or `nil` for numbers that make none; reading will say what is wrong.
private func storedRange(from offset: Int, byteCount: Int) -> Range<Int>? {
  let (end, overflow) = offset.addingReportingOverflow(byteCount)
  return overflow || offset < 0 || byteCount < 0 ? nil : offset..<end
}
