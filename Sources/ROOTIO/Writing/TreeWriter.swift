// SPDX-License-Identifier: Apache-2.0

/// Writes a new ROOT file with one `TTree`, chunk after chunk.
///
///     let writer = try TreeWriter(
///       path: "scores.root", name: "Scores",
///       branches: [BranchDeclaration("event", .uint64), BranchDeclaration("score", .float32)])
///     try writer.write([
///       Column(name: "event", values: .uint64(events)),
///       Column(name: "score", values: .float32(scores)),
///     ])
///     try writer.finish()
///
/// The file appears under its name with ``finish()``; a writer that goes away earlier leaves nothing.
/// Baskets go to the file as they fill, so that the memory is that of one basket for each branch
/// and of 20 bytes for each basket written, however long the tree is.
public final class TreeWriter {
  private let name: String
  private let title: String
  private let branches: [BranchWriter]
  private var file: RecordWriter
  private let entriesPerCluster: Int
  private var entryCount = 0
  private var isFinished = false

  /// How the baskets of a new tree are cut.
  struct Layout {
    /// The bytes of values in a basket.
    var basketSize = 256 << 10
    /// The bytes of values in a cluster: a range of entries that no basket crosses, which ROOT
    /// prefetches as a whole and gives to one thread.
    var clusterSize = 16 << 20
    /// From which length on the file has positions of eight bytes.
    var bigFileStart = RecordWriter.bigFileStart
  }

  /// Creates a file with a tree without entries.
  ///
  /// - Parameters:
  ///   - path: Where the file appears, and its missing folders.
  ///   - name: The name of the tree.
  ///   - title: The title of the tree.
  ///   - branches: The branches, in their order; the counter of a jagged branch comes before it.
  ///   - compression: How baskets are compressed.
  /// - Throws: `FileSystemError` if the file cannot be created.
  /// - Precondition: The names of the branches are different; the tree's name is not empty, and
  ///   has no `/` and no `;`.
  public convenience init(
    path: String, name: String, title: String = "", branches: [BranchDeclaration],
    compression: ROOTCompression = .zlib(level: 1)
  ) throws {
    try self.init(
      path: path, name: name, title: title, branches: branches, compression: compression,
      layout: Layout())
  }

  init(
    path: String, name: String, title: String, branches: [BranchDeclaration],
    compression: ROOTCompression, layout: Layout
  ) throws {
    precondition(
      !name.isEmpty && !name.contains { "/;".contains($0) },
      "A tree cannot have the name \"\(name)\".")
    compression.check()
    var counters: Set<String> = []
    var known: [String: BranchDeclaration] = [:]
    for branch in branches {
      if case .jagged(let counter) = branch.shape {
        guard let declaration = known[counter], declaration.shape == .flat,
          declaration.elementType == .int32 || declaration.elementType == .uint32
        else {
          preconditionFailure(
            "The branch \(branch.name) has no counter \(counter) before it, of one int32 or uint32."
          )
        }
        counters.insert(counter)
      }
      precondition(
        known.updateValue(branch, forKey: branch.name) == nil,
        "There are two branches \(branch.name).")
    }
    self.name = name
    self.title = title
    self.branches = branches.map {
      BranchWriter(
        $0, isCounter: counters.contains($0.name), treeName: name, compression: compression,
        basketSize: layout.basketSize)
    }
    let width = self.branches.reduce(0) { $0 + $1.entryWidth }
    entriesPerCluster = max(1, layout.clusterSize / max(1, width))
    file = try RecordWriter(
      path: path, compression: compression, bigFileStart: layout.bigFileStart)
  }

  /// Adds entries behind those that are there.
  ///
  /// - Parameter columns: For each branch, in their order, a column of its name and type; all of
  ///   equally many entries. Fixed numbers of values may come with offsets or without.
  /// - Throws: `FileSystemError` if the disk is full.
  /// - Precondition: The columns are as declared, and the writer is not finished.
  public func write(_ columns: [Column]) throws {
    precondition(!isFinished, "The tree \(name) is finished.")
    precondition(
      columns.count == branches.count,
      "\(columns.count) columns for the \(branches.count) branches of \(name).")
    guard let first = columns.first else { return }
    let count = branches[0].entryCount(of: first)
    for (branch, column) in zip(branches, columns) {
      branch.check(column, entryCount: count, among: columns)
    }
    var next = 0
    while next < count {
      let left = entriesPerCluster - entryCount % entriesPerCluster
      let end = min(count, next + left)
      for (branch, column) in zip(branches, columns) {
        try branch.append(column, entries: next..<end, to: &file)
      }
      entryCount += end - next
      next = end
      if entryCount % entriesPerCluster == 0 {
        for branch in branches { try branch.flush(to: &file) }
      }
    }
  }

  /// Writes the tree and gives the file its name.
  ///
  /// - Throws: `FileSystemError`; what was there before is then untouched.
  /// - Precondition: The writer is not finished.
  public func finish() throws {
    precondition(!isFinished, "The tree \(name) is finished.")
    isFinished = true
    for branch in branches { try branch.flush(to: &file) }
    let key = file.key("TTree", name: name, title: title)
    let object = ObjectEncoder.encode(tree(), keyLength: key.length)
    try file.write(key, object: object, isListed: true)
    let leaves = Set(branches.map(\.declaration.leafClass))
    try file.finish(
      describing: ClassDescription.trees.filter {
        !$0.name.hasPrefix("TLeaf") || $0.name == "TLeaf" || leaves.contains($0.name)
      })
  }

  /// Returns the `TTree`; what is not said here is zero.
  private func tree() -> WrittenObject {
    var leaves: [WrittenObject] = []
    var streamed: [WrittenObject] = []
    var counters: [String: WrittenObject] = [:]
    for branch in branches {
      var counter: WrittenObject?
      if case .jagged(let name) = branch.declaration.shape { counter = counters[name] }
      let leaf = branch.leaf(counter: counter)
      counters[branch.declaration.name] = leaf
      leaves.append(leaf)
      streamed.append(branch.branch(leaf: leaf))
    }
    let uncompressed = branches.reduce(0) { $0 + $1.uncompressedBytes }
    let compressed = branches.reduce(0) { $0 + $1.compressedBytes }
    return WrittenObject(
      "TTree",
      [
        "fName": .string(name), "fTitle": .string(title),
        // What ROOT draws a tree's histograms with.
        "fLineColor": .integer(602), "fLineStyle": .integer(1), "fLineWidth": .integer(1),
        "fFillStyle": .integer(1001), "fMarkerColor": .integer(1), "fMarkerStyle": .integer(1),
        "fMarkerSize": .real(1),
        "fEntries": .integer(entryCount), "fTotBytes": .integer(uncompressed),
        "fZipBytes": .integer(compressed), "fFlushedBytes": .integer(compressed),
        "fWeight": .real(1), "fScanField": .integer(25), "fDefaultEntryOffsetLen": .integer(1000),
        "fMaxEntries": .integer(1_000_000_000_000), "fMaxEntryLoop": .integer(1_000_000_000_000),
        "fAutoSave": .integer(-300_000_000), "fAutoFlush": .integer(entriesPerCluster),
        "fEstimate": .integer(1_000_000),
        "fBranches": .object(WrittenObject("TObjArray", items: streamed)),
        "fLeaves": .object(WrittenObject("TObjArray", items: leaves)),
      ])
  }
}

extension BranchWriter {
  /// The number of entries of a column, which may have fixed numbers of values without offsets.
  fileprivate func entryCount(of column: Column) -> Int {
    if case .fixed(let count) = declaration.shape { return column.values.count / count }
    return column.entryCount
  }

  /// Stops a program that gives another column than it declared.
  fileprivate func check(_ column: Column, entryCount: Int, among columns: [Column]) {
    let name = declaration.name
    precondition(
      column.name == name && column.values.elementType == declaration.elementType,
      "The column \(column.name) of \(column.values.elementType) is given for the branch \(name) of "
        + "\(declaration.elementType).")
    precondition(
      self.entryCount(of: column) == entryCount,
      "The column \(name) has \(self.entryCount(of: column)) entries, the first one \(entryCount).")
    switch declaration.shape {
    case .flat:
      precondition(
        column.values.count == entryCount && column.offsets == nil,
        "The column \(name) has \(column.values.count) values in \(entryCount) entries.")
    case .fixed(let count):
      precondition(
        column.values.count == entryCount * count
          && column.offsets?.enumerated().allSatisfy { $0.element == $0.offset * count } != false,
        "The column \(name) does not have \(count) values in every entry.")
    case .jagged(let counter):
      guard let offsets = column.offsets else {
        preconditionFailure("The column \(name) has no offsets.")
      }
      let counts = columns.first { $0.name == counter }?.doubles() ?? []
      precondition(
        zip(counts, zip(offsets, offsets.dropFirst())).allSatisfy { Int($0) == $1.1 - $1.0 },
        "The column \(name) has other numbers of values than \(counter) says.")
    }
  }
}
