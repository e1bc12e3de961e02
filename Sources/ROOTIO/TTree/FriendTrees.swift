// SPDX-License-Identifier: Apache-2.0

/// Trees of a file whose entries belong together: entry 7 of each is the same event.
///
/// A name stands for the branch of the first tree that has it; with its tree in front, as in
/// `mymuons/Events/muon_pt`, for that of one tree.
public struct FriendTrees: Sendable {
  /// The trees; one at least.
  public let trees: [Tree]

  /// Puts trees side by side.
  ///
  /// - Precondition: There is one tree at least.
  /// - Throws: ``ROOTFileError`` with code `outOfRange` if their numbers of entries differ.
  public init(_ trees: [Tree]) throws(ROOTFileError) {
    precondition(!trees.isEmpty, "Friends are one tree or more.")
    self.trees = trees
    for tree in trees where tree.entryCount != trees[0].entryCount {
      throw ROOTFileError(
        code: .outOfRange,
        message: "the tree has \(tree.entryCount) entries, \(trees[0].name) has "
          + "\(trees[0].entryCount), so they do not belong together entry by entry. Name trees of "
          + "equal length.",
        location: .init(file: tree.path, object: tree.name))
    }
  }

  /// The number of entries of each tree.
  public var entryCount: Int { trees[0].entryCount }

  /// All branches, tree after tree.
  public var branches: [Branch] { trees.flatMap(\.branches) }

  /// Returns the tree that has a branch, and the branch.
  ///
  /// - Parameter name: The name of the branch, with or without its tree.
  /// - Returns: The first that has it.
  /// - Throws: ``ROOTFileError`` with code `missingObject`, as of the first tree.
  public func branch(_ name: String) throws(ROOTFileError) -> (tree: Tree, branch: Branch) {
    for tree in trees where tree.hasBranch(name) { return (tree, try tree.branch(name)) }
    for tree in trees where name.hasPrefix("\(tree.name)/") {
      return (tree, try tree.branch(String(name.dropFirst(tree.name.count + 1))))
    }
    return (trees[0], try trees[0].branch(name))
  }

  /// Reads columns of all trees, as ``Tree/read(_:entries:)`` does.
  ///
  /// - Parameters:
  ///   - names: The names of branches.
  ///   - entries: The entries to read; all of them if `nil`.
  /// - Returns: The columns in the order of `names`.
  /// - Throws: ``ROOTFileError``.
  public func read(
    _ names: [String], entries: Range<Int>? = nil
  ) throws(ROOTFileError) -> [Column] {
    var readers: [any BranchReader] = []
    for name in names {
      let (tree, branch) = try branch(name)
      readers.append(try tree.reader(branch.name, entries: entries ?? 0..<entryCount))
    }
    return try readers.concurrentColumns()
  }
}
