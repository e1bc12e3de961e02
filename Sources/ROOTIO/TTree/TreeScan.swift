// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Reads some columns of a tree from its start to its end, in ranges of entries that are smaller
/// than baskets, or than the pages of an RNTuple.
///
///     let scan = TreeScan(tree, columns: ["nMuon", "Muon_pt"])
///     for start in stride(from: 0, to: tree.entryCount, by: 1024) {
///       let columns = try scan.read(entries: start..<min(start + 1024, tree.entryCount))
///     }
///
/// ``Tree/read(_:entries:)`` decompresses a basket or page anew for every range that touches it. A scan
/// keeps it until as many entries as it holds have been read. Every read works on the thread that
/// calls, and threads may read ranges of one scan at the same time.
public final class TreeScan: Sendable {
  private let columns: [(tree: Tree, name: String, begun: BegunParts)]

  /// Begins a scan; nothing is read yet.
  ///
  /// - Parameters:
  ///   - tree: The tree.
  ///   - columns: The names of branches.
  public init(_ tree: Tree, columns: [String]) {
    self.columns = columns.map { (tree, $0, BegunParts()) }
  }

  /// Begins a scan of trees whose entries belong together; nothing is read yet.
  ///
  /// - Parameters:
  ///   - friends: The trees.
  ///   - columns: The names of branches, with or without their trees.
  /// - Throws: ``ROOTFileError`` with code `missingObject` if there is no such branch.
  public init(_ friends: FriendTrees, columns: [String]) throws(ROOTFileError) {
    var places: [(tree: Tree, name: String, begun: BegunParts)] = []
    for column in columns {
      let (tree, branch) = try friends.branch(column)
      places.append((tree, branch.name, BegunParts()))
    }
    self.columns = places
  }

  /// Reads a range of entries.
  ///
  /// Ranges may come in any order, and twice; that costs time where baskets are opened again. The
  /// memory is that of the values and of the baskets and pages that are read in part, decompressed.
  ///
  /// - Parameter entries: The entries.
  /// - Returns: The columns in the order of their names.
  /// - Throws: ``ROOTFileError`` as ``Tree/read(_:entries:)``.
  public func read(entries: Range<Int>) throws(ROOTFileError) -> [Column] {
    var readers: [any BranchReader] = []
    readers.reserveCapacity(columns.count)
    for (tree, name, begun) in columns {
      readers.append(try tree.reader(name, entries: entries, begun: begun))
    }
    return try readers.loaded(isScan: true) { () throws(ROOTFileError) in
      let leaders = readers.leaders()
      var columns = [Column?](repeating: nil, count: readers.count)
      // Those that share the offsets of others come after them.
      for isLeading in [true, false] {
        let places = leaders.indices.filter { (leaders[$0] == nil) == isLeading }
        let first = Self.firstColumn(of: entries, among: places.count)
        for place in places[first...] + places[..<first] {
          let expected = leaders[place].flatMap { columns[$0]?.offsets }
          columns[place] = try readers[place].column(expected: expected)
        }
      }
      return columns.compactMap { $0 }
    }
  }

  /// The column that a range of entries begins with.
  ///
  /// Threads read ranges beside each other, whose baskets are often the same. If all began with the
  /// first column, one would open a basket and the others wait for it, column after column. Multiples
  /// of the golden ratio keep any few consecutive ranges apart.
  private static func firstColumn(of entries: Range<Int>, among count: Int) -> Int {
    let range = Double(entries.lowerBound / max(entries.count, 1))
    return Int((range * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1) * Double(count))
  }
}

/// What a scan has begun of a branch: its baskets, or its pages in an RNTuple.
struct BegunParts: Sendable {
  let baskets = Begun<Int, OpenBasket>()
  let pages = BegunPages()
}

/// The items of a branch of which a scan has read a part but not all.
final class Begun<Key: Hashable & Sendable, Item: Sendable>: Sendable {
  private let items = Mutex<[Key: (item: Item, unread: Int)]>([:])

  /// Returns an item that is begun, or opens it; `taken` of its `size` is read now.
  ///
  /// Who asks for an item that another thread is opening waits for it.
  func item(
    _ key: Key, size: Int, taken: Int, open: () throws(ROOTFileError) -> Item
  ) throws(ROOTFileError) -> Item {
    try items.withLock { items throws(ROOTFileError) in
      let known = items[key]
      let item = if let known { known.item } else { try open() }
      let unread = (known?.unread ?? size) - taken
      items[key] = unread > 0 ? (item, unread) : nil
      return item
    }
  }
}

extension ColumnReader {
  /// Opens a basket, in a scan with all its entries unless it is begun already.
  ///
  /// - Returns: The basket with the places of the wanted entries.
  func opened(
    _ part: Part, open: (Part) throws(ROOTFileError) -> OpenBasket
  ) throws(ROOTFileError) -> OpenBasket {
    guard let begun else { return try open(part) }
    defer { part.basket.release() }
    if part.wanted.count == part.basket.fNevBuf { return try open(part) }
    let all = Part(
      index: part.index, basket: part.basket, wanted: 0..<part.basket.fNevBuf, target: 0)
    return try begun.item(part.index, size: part.basket.fNevBuf, taken: part.wanted.count) {
      () throws(ROOTFileError) in try open(all)
    }.narrowed(to: part.wanted)
  }
}
