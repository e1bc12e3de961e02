// SPDX-License-Identifier: Apache-2.0

import Foundation
import Yams

extension ConfigurationNode {
  /// The largest number of values in a document: aliases of aliases can make a short text huge.
  private static let largestValueCount = 1_000_000

  /// Reads a configuration from a text.
  ///
  /// - Parameters:
  ///   - text: The YAML text; one document, a mapping.
  ///   - name: The name of the file, for errors.
  ///   - folder: Where relative paths start; the folder of the name by default.
  ///   - overrides: Values that replace those of the text, as in `training.epochs=5`.
  /// - Throws: ``ConfigurationError``.
  public convenience init(
    text: String, name: String, folder: String? = nil, overrides: [String] = []
  ) throws(ConfigurationError) {
    let folder = folder ?? URL(fileURLWithPath: name).deletingLastPathComponent().path
    let start = Place.file(name: name, line: 1, column: 1)
    let node = try Self.compose(text) { line, column in
      .file(name: name, line: line, column: column)
    }
    var builder = Builder(folder: folder) { mark in
      .file(name: name, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }
    var content = Content.mapping([])
    if let node { content = try builder.content(node, path: "") }
    self.init(path: "", folder: folder, place: start, content: content)
    if isNull { self.content = .mapping([]) }
    guard isMapping else { throw fail(expected: "a mapping of keys to values") }
    for text in overrides { try apply(override: text) }
  }

  /// Returns the whole configuration, overrides included, as YAML.
  public func serialized() -> String {
    // Yams fails only for texts that cannot be encoded, and these came out of a YAML parser.
    (try? Yams.serialize(node: yamlNode, width: -1, allowUnicode: true)) ?? ""
  }

  private var yamlNode: Yams.Node {
    switch content {
    case .scalar(let text, let isPlain):
      .scalar(.init(text, Tag(.implicit), isPlain ? .any : .doubleQuoted))
    case .sequence(let nodes): .sequence(.init(nodes.map(\.yamlNode)))
    case .mapping(let entries):
      .mapping(.init(entries.map { (Yams.Node($0.key), $0.node.yamlNode) }))
    }
  }

  // MARK: - Overrides

  func apply(override text: String) throws(ConfigurationError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let keys = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !keys.contains("") else {
      throw ConfigurationError(
        code: .invalidOverride, location: "--set \(text)",
        statement: "this is not of the form KEY=VALUE.",
        remedy: "Write --set training.epochs=5, for instance.")
    }
    let place = Place.override(text)
    var builder = Builder(folder: folder) { _ in place }
    let path = keys.joined(separator: ".")
    var content = Content.scalar("", isPlain: true)
    if let node = try Self.compose(String(parts[1]), place: { _, _ in place }) {
      content = try builder.content(node, path: path)
    }
    let value = ConfigurationNode(path: path, folder: folder, place: place, content: content)
    try set(keys[...], to: value)
  }

  private func set(
    _ keys: ArraySlice<String>, to value: ConfigurationNode
  ) throws(ConfigurationError) {
    guard let key = keys.first else { return }
    let rest = keys.dropFirst()
    switch content {
    case .mapping(var entries):
      if let index = entries.firstIndex(where: { $0.key == key }) {
        if rest.isEmpty {
          entries[index].node = value
        } else if entries[index].node.isNull {
          entries[index].node = emptyMapping(key, value.place)
          try entries[index].node.set(rest, to: value)
        } else {
          try entries[index].node.set(rest, to: value)
        }
      } else {
        let node = rest.isEmpty ? value : emptyMapping(key, value.place)
        if !rest.isEmpty { try node.set(rest, to: value) }
        entries.append(Entry(key: key, keyPlace: value.place, node: node))
      }
      content = .mapping(entries)
    case .sequence(var nodes):
      guard let index = Int(key), nodes.indices.contains(index) else {
        throw ConfigurationError(
          code: .invalidOverride, location: value.location,
          statement: "\(path) is a list of \(nodes.count); expected a position from 0 to "
            + "\(nodes.count - 1) after it, found \(key).")
      }
      if rest.isEmpty { nodes[index] = value } else { try nodes[index].set(rest, to: value) }
      content = .sequence(nodes)
    case .scalar:
      throw ConfigurationError(
        code: .invalidOverride, location: value.location,
        statement: "\(path) is \(summary), which has no key \(key).")
    }
  }

  private func emptyMapping(_ key: String, _ place: Place) -> ConfigurationNode {
    ConfigurationNode(
      path: path(of: key), folder: folder, place: place, content: .mapping([]))
  }

  // MARK: - From Yams

  /// Turns Yams' nodes into ours.
  private struct Builder {
    let folder: String
    let place: (Mark?) -> Place
    var count = 0

    init(folder: String, place: @escaping (Mark?) -> Place) {
      self.folder = folder
      self.place = place
    }

    mutating func content(_ node: Yams.Node, path: String) throws(ConfigurationError) -> Content {
      count += 1
      guard count <= largestValueCount else {
        throw ConfigurationError(
          code: .syntax, location: place(node.mark).description,
          statement: "the document holds more than \(largestValueCount) values, aliases expanded.")
      }
      switch node {
      case .scalar(let scalar):
        return .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
      case .sequence(let sequence):
        var nodes: [ConfigurationNode] = []
        for (index, element) in sequence.enumerated() {
          nodes.append(try child(element, path: path.isEmpty ? "\(index)" : "\(path).\(index)"))
        }
        return .sequence(nodes)
      case .mapping(let mapping):
        var entries: [Entry] = []
        for (key, value) in mapping {
          guard case .scalar(let name) = key else {
            throw ConfigurationError(
              code: .syntax, location: place(key.mark).description,
              statement: "a key is a list or a mapping; expected a name.")
          }
          let node = try child(value, path: path.isEmpty ? name.string : "\(path).\(name.string)")
          entries.append(Entry(key: name.string, keyPlace: place(key.mark), node: node))
        }
        return .mapping(entries)
      case .alias:
        throw ConfigurationError(
          code: .syntax, location: place(node.mark).description,
          statement: "an alias could not be resolved.")
      }
    }

    private mutating func child(
      _ node: Yams.Node, path: String
    ) throws(ConfigurationError) -> ConfigurationNode {
      ConfigurationNode(
        path: path, folder: folder, place: place(node.mark), content: try content(node, path: path))
    }
  }

  /// Parses a text; what the parser says about it becomes an error with its place.
  private static func compose(
    _ text: String, place: (_ line: Int, _ column: Int) -> Place
  ) throws(ConfigurationError) -> Yams.Node? {
    func failure(_ code: ConfigurationError.Code, _ mark: Mark?, _ words: String)
      -> ConfigurationError
    {
      ConfigurationError(
        code: code, location: place(mark?.line ?? 1, mark?.column ?? 1).description,
        statement: words)
    }
    do {
      return try Yams.compose(yaml: text)
    } catch YamlError.duplicatedKeysInMapping(let names, let context) {
      throw failure(
        .duplicateKey, context.mark,
        "the key \(names.joined(separator: ", ")) occurs more than once in one mapping.")
    } catch YamlError.scanner(let context, let problem, let mark, _) {
      throw failure(.syntax, mark, sentence(context?.text, problem))
    } catch YamlError.parser(let context, let problem, let mark, _) {
      throw failure(.syntax, mark, sentence(context?.text, problem))
    } catch YamlError.composer(let context, let problem, let mark, _) {
      throw failure(.syntax, mark, sentence(context?.text, problem))
    } catch {
      throw failure(.syntax, nil, "this is not YAML: \(error).")
    }
  }

  private static func sentence(_ context: String?, _ problem: String) -> String {
    "this is not YAML: " + (context.map { "\($0), " } ?? "") + problem + "."
  }
}
