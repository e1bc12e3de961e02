// SPDX-License-Identifier: Apache-2.0

import ROOTIO

/// Files that a proposal looks at, open, with the first values of the first one.
struct OpenedFiles {
  /// Their names or addresses, at least one.
  let files: [String]
  /// The trees that hold the events.
  let trees: [String]
  /// Whether each file has no other tree, so that it need not be named.
  let isOnlyTree: Bool
  /// The columns of each file.
  let sources: [ROOTColumnSource]
  /// The values of the first file that were read so far.
  let sample: ValueSample

  private static let entriesLookedAt = 2000

  /// Opens files.
  ///
  /// - Parameters:
  ///   - files: Their names or addresses.
  ///   - trees: The trees that hold the events; empty to find them.
  /// - Throws: `ROOTFileError`; ``ProposalError`` where no file is named, or no tree has objects.
  init(_ files: [String], trees: [String]) throws {
    guard let first = files.first else {
      throw ProposalError(file: "no file", "none is named.", remedy: "Name one at least.")
    }
    let (trees, isOnly) = try Self.trees(of: first, asked: trees)
    let sources = try files.map { try ROOTColumnSource(path: $0, trees: trees) }
    self.init(
      files: files, trees: trees, isOnlyTree: isOnly, sources: sources,
      sample: ValueSample(
        sources[0], entries: 0..<min(Self.entriesLookedAt, sources[0].entryCount)))
  }

  /// Joins groups of files; `nil` where their trees differ.
  init?(joining groups: [OpenedFiles]) {
    let first = groups[0]
    guard groups.allSatisfy({ $0.trees == first.trees && $0.isOnlyTree == first.isOnlyTree })
    else { return nil }
    self.init(
      files: groups.flatMap(\.files), trees: first.trees, isOnlyTree: first.isOnlyTree,
      sources: groups.flatMap(\.sources), sample: first.sample)
  }

  private init(
    files: [String], trees: [String], isOnlyTree: Bool, sources: [ROOTColumnSource],
    sample: ValueSample
  ) {
    (self.files, self.trees, self.isOnlyTree) = (files, trees, isOnlyTree)
    (self.sources, self.sample) = (sources, sample)
  }

  /// The columns that can be read in all files.
  var commonColumns: [String] {
    sources[0].columnNames.filter { name in
      sources.allSatisfy { $0.status(of: name) == .readable }
    }
  }

  /// Returns the trees that hold the events, and whether they need not be named.
  private static func trees(of path: String, asked: [String]) throws -> ([String], isOnly: Bool) {
    let file = try ROOTFile(path: path)
    let names = file.trees.map(\.name)
    if !asked.isEmpty { return (asked, false) }
    if names.count <= 1 { return ([try file.onlyTree().name], true) }
    let trees = try names.map { try file.tree($0) }
    func kinds(_ tree: Tree) -> Int {
      Set(
        NamedCollection.all(in: tree.branches.filter(\.isReadable).map(\.name))
          .compactMap(\.kind?.name)
      ).count
    }
    let counts = trees.map(kinds)
    guard let best = counts.max(), best > 0, let place = counts.firstIndex(of: best) else {
      throw ProposalError(
        file: path,
        "none of its \(names.count) trees (\(names.joined(separator: ", "))) has columns "
          + "that are called like the momenta of objects.",
        remedy: "Write the section events by hand; lorentz inspect lists the columns.")
    }
    // Trees of one kind each, as ntuples have them, belong together, with those of the event.
    let others = Set(
      NamedFeatures.scalars.flatMap(\.columns) + NamedFeatures.weights
        + EventsConfiguration.identifierNames.map { $0.lowercased() })
    let friends = trees.indices.filter { index in
      trees[index].entryCount == trees[place].entryCount
        && (counts[index] > 0
          || trees[index].branches.contains { others.contains($0.name.lowercased()) })
    }
    let taken = best == 1 ? friends : [place]
    return (taken.map { names[$0] }, false)
  }
}
