// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

extension ConfigurationNode {
  /// Reads a file and merges it into its base, if it has one.
  ///
  /// - Parameters:
  ///   - path: The YAML file.
  ///   - fileKeys: Key paths of file names, as in `samples.*.files`.
  ///   - dependents: The files that have this one as a base, the one asked for first.
  /// - Returns: The merged root, without `base`.
  /// - Throws: ``ConfigurationError``.
  static func merged(
    path: String, fileKeys: [String], dependents: [String] = []
  ) throws(ConfigurationError) -> ConfigurationNode {
    let root = try read(path: path)
    guard case .mapping(var entries) = root.content,
      let index = entries.firstIndex(where: { $0.key == "base" })
    else { return root }
    let node = entries.remove(at: index).node
    root.content = .mapping(entries)
    if node.isNull { return root }

    let written = try node.asString()
    let target = root.resolve(written)
    let chain = dependents + [path]
    if chain.contains(where: { canonical($0) == canonical(target) }) {
      throw node.fail(
        found: "\(written), which closes a cycle: \((chain + [written]).joined(separator: " → "))",
        expected: "a configuration that does not have this one as a base")
    }
    // Names in errors stay as short as they were written.
    let ownFolder = (path as NSString).deletingLastPathComponent
    let name = written.hasPrefix("~/") ? target : joined(ownFolder, written)
    let base: ConfigurationNode
    do {
      base = try merged(path: name, fileKeys: fileKeys, dependents: chain)
    } catch {
      guard error.code == .unreadableFile, error.location == name else { throw error }
      throw ConfigurationError(
        code: .unreadableFile, location: node.location,
        statement: "base is \(written); \(error.statement)",
        remedy: "Check the path, which starts at the folder of this file.")
    }
    return root.merged(
      over: base.moved(
        to: root.folder, by: (written as NSString).deletingLastPathComponent,
        fileKeys: fileKeys.map { $0.split(separator: ".")[...] }))
  }

  /// Returns the values of this mapping and of a base that it does not replace.
  ///
  /// A key without a value takes that of the base away.
  private func merged(over base: ConfigurationNode) -> ConfigurationNode {
    guard case .mapping(let own) = content, case .mapping(var entries) = base.content else {
      return self
    }
    for entry in own {
      if let index = entries.firstIndex(where: { $0.key == entry.key }) {
        guard !entry.node.isNull else {
          entries.remove(at: index)
          continue
        }
        entries[index].node = entry.node.merged(over: entries[index].node)
        entries[index].keyPlace = entry.keyPlace
      } else {
        entries.append(entry)
      }
    }
    return ConfigurationNode(path: path, folder: folder, place: place, content: .mapping(entries))
  }

  /// Returns the same values for a file in another folder.
  ///
  /// - Parameters:
  ///   - folder: The other folder.
  ///   - way: The way from it to this one, as in `..`; empty for none.
  ///   - fileKeys: What is left of the key paths of file names; an empty one is this value's.
  /// - Returns: The values, with file names as the other folder sees them.
  private func moved(
    to folder: String, by way: String, fileKeys: [ArraySlice<Substring>]
  ) -> ConfigurationNode {
    func moved(_ node: ConfigurationNode, _ key: String) -> ConfigurationNode {
      // Where nothing is left, all that is inside are file names too: those of a list.
      let rest = fileKeys.filter { $0.isEmpty || $0.first == "*" || $0.first == key[...] }
      return node.moved(to: folder, by: way, fileKeys: rest.map { $0.dropFirst() })
    }
    let content: Content =
      switch self.content {
      case .scalar(let text, let isPlain):
        !isNull && fileKeys.contains(where: \.isEmpty)
          ? .scalar(Self.joined(way, text), isPlain: isPlain) : self.content
      case .sequence(let nodes):
        .sequence(nodes.enumerated().map { moved($0.element, "\($0.offset)") })
      case .mapping(let entries):
        .mapping(
          entries.map { Entry(key: $0.key, keyPlace: $0.keyPlace, node: moved($0.node, $0.key)) })
      }
    return ConfigurationNode(path: path, folder: folder, place: place, content: content)
  }

  /// Returns a path that is relative to a folder as one that is relative to where the folder is.
  private static func joined(_ folder: String, _ file: String) -> String {
    folder.isEmpty || file.hasPrefix("/") || file.hasPrefix("~/") || isWebAddress(file)
      ? file : "\(folder)/\(file)"
  }

  private static func canonical(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardized.path
  }
}
