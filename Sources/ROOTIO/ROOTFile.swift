// SPDX-License-Identifier: Apache-2.0

import Runtime
import Synchronization

/// A ROOT file, open for reading.
///
///     let file = try ROOTFile(path: "muons.root")
///     let tree = try file.tree("Events")
///     let pt = try tree.read(["Muon_pt"])[0]
///
/// The file is memory-mapped: opening it costs the same whatever its size, and only what is read
/// comes from the disk. It must not be overwritten or shortened meanwhile. Of a file on a server,
/// `https://…` or `http://…`, only what is read is asked for, in range requests; up to 256 MiB of
/// it stay in memory.
public final class ROOTFile: Sendable {
  /// The path or address that the file was opened with.
  public let path: String
  /// The length of the file in bytes.
  public var size: Int { storage.count }
  /// What a server says of the version of a file that it has, its entity tag or the time of its
  /// last change; `nil` for other files, and if it says nothing.
  public var serverVersion: String? { storage.remote?.version }

  private let storage: ByteStorage
  private let header: FileHeader
  private let entries: [Directory.Entry]
  private struct Cache {
    var infos: StreamerInfos?
    var trees: [String: Tree] = [:]
  }
  private let cache = Mutex(Cache())

  /// Opens a file and reads its header and the names of its objects.
  ///
  /// - Throws: ``ROOTFileError``: `notFound`, `notPermitted`, `notAFile`, `empty`, `notROOT`,
  ///   `truncated`, `corrupted`, `network`.
  public init(path: String) throws(ROOTFileError) {
    self.path = path
    let storage =
      isWebAddress(path)
      ? try ByteStorage(address: path) : try ByteStorage(mapping: path)
    self.storage = storage
    do throws(DecodingFailure) {
      (header, entries) = try storage.reading { () throws(DecodingFailure) in
        // Lists of objects stand at the end.
        try storage.remote?.load([max(0, storage.count - (128 << 10))..<storage.count])
        let header = try FileHeader(storage)
        return (
          header, try Directory.entries(in: storage, at: header.fBEGIN + header.fNbytesName)
        )
      }
    } catch {
      throw error.located(file: path)
    }
  }

  /// A tree or RNTuple of a file.
  public struct TreeSummary: Sendable, Equatable {
    /// The name, with the folders in front of it: `Events/Events`.
    public let name: String
    /// The title, as stored.
    public let title: String
    /// The class, as in `TTree`, `TNtuple` or `ROOT::RNTuple`.
    public let className: String
    /// The number behind the semicolon; of several with the same name the highest counts.
    public let cycle: Int
  }

  private static let treeClasses: Set = ["TTree", "TNtuple", "TNtupleD"]
  private static let rntupleClasses: Set = ["ROOT::RNTuple", "ROOT::Experimental::RNTuple"]

  /// The trees and RNTuples in all folders, in the order of the file.
  ///
  /// Of several cycles of a name only the highest is listed.
  public var trees: [TreeSummary] {
    var summaries: [TreeSummary] = []
    var indices: [String: Int] = [:]
    for entry in entries {
      let key = entry.key
      guard Self.treeClasses.union(Self.rntupleClasses).contains(key.fClassName) else { continue }
      let summary = TreeSummary(
        name: entry.path, title: key.fTitle, className: key.fClassName, cycle: key.fCycle)
      if let index = indices[entry.path] {
        if summaries[index].cycle < key.fCycle { summaries[index] = summary }
      } else {
        indices[entry.path] = summaries.count
        summaries.append(summary)
      }
    }
    return summaries
  }

  /// Returns a tree, which may be an RNTuple.
  ///
  /// - Parameter name: Its name with its folders, as in `Events/Events`. The highest cycle is
  ///   taken; `Events;2` names another one.
  /// - Returns: The tree; the same object each time.
  /// - Throws: ``ROOTFileError``: `missingObject` with the nearest names, `unsupported` for
  ///   another object or an RNTuple of before ROOT 6.34, `truncated` or `corrupted` for damage.
  public func tree(_ name: String) throws(ROOTFileError) -> Tree {
    let entry = try entry(name)
    let identifier = "\(entry.path);\(entry.key.fCycle)"
    if let known = cache.withLock({ $0.trees[identifier] }) { return known }
    let tree = try storage.reading { () throws(ROOTFileError) in try decodedTree(entry) }
    return cache.withLock { cache in
      // Two threads may have decoded it at the same time; everybody gets the same one.
      if let known = cache.trees[identifier] { return known }
      cache.trees[identifier] = tree
      return tree
    }
  }

  private func decodedTree(_ entry: Directory.Entry) throws(ROOTFileError) -> Tree {
    let className = entry.key.fClassName
    switch className {
    case "ROOT::RNTuple":
      return try Tree(rntuple: entry.path, path: path, storage: storage, key: entry.key)
    case _ where Self.rntupleClasses.contains(className):
      throw unsupported(
        entry,
        "this is an RNTuple of a format before 1.0 (\(className)). Write it anew with ROOT 6.34 or "
          + "newer")
    case _ where Self.treeClasses.contains(className):
      return try Tree(
        name: entry.path, path: path, storage: storage, infos: try streamerInfos(),
        key: entry.key, fileCompression: header.fCompress)
    default: throw unsupported(entry, "this is a \(className), not a tree")
    }
  }

  /// The only tree of the file.
  ///
  /// - Throws: ``ROOTFileError`` with code `missingObject` if there are none or several.
  public func onlyTree() throws(ROOTFileError) -> Tree {
    let trees = trees
    if trees.count == 1 { return try tree(trees[0].name) }
    let found =
      trees.isEmpty
      ? "the file has no tree.\(otherObjects)"
      : "the file has \(trees.count) trees (\(trees.map(\.name).joined(separator: ", "))). Name one."
    throw ROOTFileError(code: .missingObject, message: found, location: .init(file: path))
  }

  private func entry(_ name: String) throws(ROOTFileError) -> Directory.Entry {
    var best: Directory.Entry?
    for entry in entries {
      if "\(entry.path);\(entry.key.fCycle)" == name { return entry }
      if entry.path == name, entry.key.fCycle > best?.key.fCycle ?? .min { best = entry }
    }
    if let best { return best }
    let names = trees.map(\.name)
    let hint = nearestNamesHint(for: name, among: names)
    let listed =
      names.isEmpty
      ? " It has no trees.\(otherObjects)"
      : " It has: \(names.prefix(10).joined(separator: ", "))\(names.count > 10 ? ", …" : "")."
    throw ROOTFileError(
      code: .missingObject,
      message:
        "the file has no tree \(name).\(hint.isEmpty ? listed : hint)",
      location: .init(file: path))
  }

  /// What a file without trees has instead, as a sentence with a space in front.
  var otherObjects: String {
    if entries.isEmpty {
      // What is closed has a description of its classes, be it an empty one.
      return header.fSeekInfo == 0
        ? " The program that wrote it did not close it. ROOT saves what can be saved of it with: "
          + "root -l -b -q -e 'TFile file(\"\(path)\", \"UPDATE\")'"
        : " It holds no objects at all."
    }
    let listed = entries.prefix(5).map { "\($0.path) (\($0.key.fClassName))" }
    let others = entries.count > 5 ? " and \(entries.count - 5) others" : ""
    return " It holds \(listed.joined(separator: ", "))\(others)."
  }

  private func unsupported(_ entry: Directory.Entry, _ found: String) -> ROOTFileError {
    ROOTFileError(
      code: .unsupported, message: "unsupported: \(found).",
      location: .init(file: path, object: entry.path))
  }

  private func streamerInfos() throws(ROOTFileError) -> StreamerInfos {
    if let known = cache.withLock({ $0.infos }) { return known }
    do throws(DecodingFailure) {
      let infos = try StreamerInfos.read(header, in: storage)
      cache.withLock { $0.infos = infos }
      return infos
    } catch {
      throw error.located(file: path, object: "the streamer information")
    }
  }
}
