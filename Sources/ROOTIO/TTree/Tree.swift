// SPDX-License-Identifier: Apache-2.0

import Runtime

/// A `TTree` or an RNTuple: a table whose columns are branches, or fields, which are called branches
/// here too.
///
///     let tree = try ROOTFile(path: "muons.root").tree("Events")
///     let columns = try tree.read(["nMuon", "Muon_pt"], entries: 0..<1000)
public final class Tree: Sendable {
  /// The name, with the folders in front of it.
  public let name: String
  /// The number of entries.
  public let entryCount: Int
  /// All branches in the order of the file, those included that cannot be read.
  public let branches: [Branch]

  let storage: ByteStorage
  /// The path of the file.
  let path: String
  private let indices: [String: Int]

  /// The places of the pages, if this is an RNTuple.
  private let rntuple: RNTuple?

  /// Decodes a TTree.
  convenience init(
    name: String, path: String, storage: ByteStorage, infos: StreamerInfos, key: KeyRecord,
    fileCompression: Int
  ) throws(ROOTFileError) {
    var entryCount = 0
    var branches: [Branch] = []
    do throws(DecodingFailure) {
      let (slice, key) = try KeyRecord.record(
        in: storage, at: key.fSeekKey, className: key.fClassName)
      var decoder = ObjectDecoder(slice, keyLength: key.fKeylen, infos: infos)
      let object = try decoder.object(ofClass: key.fClassName)
      guard let fEntries = object.integer("fEntries"), fEntries >= 0,
        object.object("fBranches") != nil
      else {
        throw .unsupported(
          object.problem ?? "\(key.fClassName) of version \(object.version) lacks its branches")
      }
      entryCount = fEntries
      var collector = BranchCollector(infos: infos)
      collector.collect(object)
      branches = collector.branches
    } catch {
      throw error.located(file: path, object: name)
    }
    for index in branches.indices {
      branches[index].findCompression(in: storage, fileCompression: fileCompression)
    }
    self.init(
      name: name, path: path, storage: storage, entryCount: entryCount, branches: branches)
  }

  /// Makes a tree; `aliases` are other names of branches.
  init(
    name: String, path: String, storage: ByteStorage, entryCount: Int, branches: [Branch],
    aliases: [String: String] = [:], rntuple: RNTuple? = nil
  ) {
    self.name = name
    self.path = path
    self.storage = storage
    self.entryCount = entryCount
    self.branches = branches
    self.rntuple = rntuple
    var indices: [String: Int] = [:]
    var ambiguous: Set<String> = []
    for (index, branch) in branches.enumerated() where branch.storedName != branch.name {
      if indices.updateValue(index, forKey: branch.storedName) != nil {
        ambiguous.insert(branch.storedName)
      }
    }
    for name in ambiguous { indices[name] = nil }
    // Full names win, and among equal ones the first, as in ROOT.
    for (index, branch) in branches.enumerated().reversed() { indices[branch.name] = index }
    for (alias, name) in aliases where indices[alias] == nil { indices[alias] = indices[name] }
    self.indices = indices
  }

  /// Returns a branch.
  ///
  /// - Parameter name: Its name; its name without parents will do where only one branch has it.
  /// - Returns: The branch; it may be one that cannot be read.
  /// - Throws: ``ROOTFileError`` with code `missingObject`, which lists the nearest names.
  public func branch(_ name: String) throws(ROOTFileError) -> Branch {
    if let index = indices[name] { return branches[index] }
    throw ROOTFileError(
      code: .missingObject,
      message: "the tree has no branch \(name)."
        + nearestNamesHint(for: name, among: branches.map(\.name))
        + " List its \(branches.count) branches with: lorentz inspect \(path)",
      location: .init(file: path, object: self.name))
  }

  /// Whether there is a branch of a name.
  func hasBranch(_ name: String) -> Bool { indices[name] != nil }

  /// Reads columns, all their baskets or pages on all processors.
  ///
  /// The memory is that of the values and, for a while, of the decompressed baskets or pages. Read a
  /// large tree in ranges of entries.
  ///
  /// - Parameters:
  ///   - names: The names of branches.
  ///   - entries: The entries to read; all of them if `nil`.
  /// - Returns: The columns in the order of `names`.
  /// - Throws: ``ROOTFileError``: `missingObject`, `unsupported`, `outOfRange`, and `truncated` or
  ///   `corrupted` for a damaged file, `network` for one on a server. Of several failures the one of
  ///   the first column is thrown.
  public func read(
    _ names: [String], entries: Range<Int>? = nil
  ) throws(ROOTFileError) -> [Column] {
    var readers: [any BranchReader] = []
    for name in names { readers.append(try reader(name, entries: entries ?? 0..<entryCount)) }
    return try readers.concurrentColumns()
  }

  /// Returns what reads a range of entries of a branch, after checking that it can.
  func reader(
    _ name: String, entries: Range<Int>, begun: BegunParts? = nil
  ) throws(ROOTFileError) -> any BranchReader {
    let branch = try branch(name)
    guard branch.isReadable, branch.layout != nil || branch.field != nil else {
      throw (branch.problem ?? .unsupported("its type is not known")).located(
        file: path, object: "\(self.name)/\(branch.name)")
    }
    if entries.lowerBound < 0 || entries.upperBound > branch.entryCount {
      throw ROOTFileError(
        code: .outOfRange,
        message: "entries \(entries) wanted, the branch has \(branch.entryCount). Choose a range "
          + "within 0..<\(branch.entryCount).",
        location: .init(file: path, object: "\(self.name)/\(branch.name)"))
    }
    if let layout = branch.layout {
      return ColumnReader(
        tree: self, branch: branch, layout: layout, entries: entries, begun: begun?.baskets)
    }
    guard let layout = branch.field, let rntuple else {
      preconditionFailure("A branch that can be read is one of a TTree or of an RNTuple.")
    }
    return FieldReader(
      tree: self, branch: branch, layout: layout, rntuple: rntuple, entries: entries,
      begun: begun?.pages)
  }
}

/// Makes branches of the streamed ones, parents first.
private struct BranchCollector {
  let infos: StreamerInfos
  var branches: [Branch] = []
  /// The names of the branches by the identity of their leaf, which counters are referred to by.
  private var counters: [ObjectIdentifier: String] = [:]

  init(infos: StreamerInfos) { self.infos = infos }

  mutating func collect(_ tree: StreamedObject) {
    name(tree, prefix: "")
    collect(tree, prefix: "")
  }

  private mutating func name(_ parent: StreamedObject, prefix: String) {
    for case let branch? in parent.items("fBranches") {
      let path = prefix + (branch.string("fName") ?? "")
      let leaves = branch.items("fLeaves").compactMap { $0 }
      for leaf in leaves {
        counters[ObjectIdentifier(leaf)] =
          leaves.count == 1 ? path : "\(path).\(leaf.string("fName") ?? "")"
      }
      name(branch, prefix: path + "/")
    }
  }

  private mutating func collect(_ parent: StreamedObject, prefix: String) {
    for case let branch? in parent.items("fBranches") {
      let name = branch.string("fName") ?? ""
      let path = prefix + name
      let index = Result { () throws(DecodingFailure) in try BasketLocation.index(of: branch) }
      let interpretations: [(leaf: String, interpretation: BranchInterpretation)] =
        switch branch.className {
        case "TBranch":
          BranchInterpretation.leaves(of: branch, counters: counters)
        case "TBranchElement":
          BranchInterpretation.elements(of: branch, counters: counters, infos: infos)
        case "TBranchObject":
          BranchInterpretation.object(of: branch, infos: infos)
        default:
          [("", .unknown(branch))]
        }
      for (leaf, interpretation) in interpretations {
        let suffix = leaf.isEmpty ? "" : ".\(leaf)"
        branches.append(
          Branch(
            path: path + suffix, storedName: name + suffix, object: branch,
            interpretation: interpretation, index: index))
      }
      collect(branch, prefix: path + "/")
    }
  }
}
