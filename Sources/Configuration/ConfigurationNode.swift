// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// A value of a YAML configuration that knows its place and which of its keys were read.
///
///     let root = try ConfigurationNode.load(path: "demo.yaml", overrides: ["training.epochs=5"])
///     let training = try root.requiredNode("training")
///     let epochs = try training.int("epochs", default: 20, in: 1...)
///     try root.finish()   // demo.yaml:7:3: unknown key training.epoch. Did you mean epochs?
///
/// Reading is strict: whatever is misspelled, of the wrong type or out of range is an error that
/// names the file, the line and the column. A key whose value is `null` counts as absent. Lists
/// are addressed by position, from 0, as in `samples.0.files`.
public final class ConfigurationNode {
  /// Where a value was written.
  enum Place {
    case file(name: String, line: Int, column: Int)
    case override(String)

    var description: String {
      switch self {
      case .file(let name, let line, let column): "\(name):\(line):\(column)"
      case .override(let text): "--set \(text)"
      }
    }
  }

  /// The shapes that a value may have.
  enum Content {
    /// A text, number or Boolean, and whether it was written without quotes.
    case scalar(String, isPlain: Bool)
    case sequence([ConfigurationNode])
    case mapping([Entry])
  }

  /// One key of a mapping.
  struct Entry {
    var key: String
    var keyPlace: Place
    var node: ConfigurationNode
  }

  /// How much of a value has been asked for.
  enum Use {
    case unread
    case read
    /// Belongs to somebody else; ``finish()`` does not look inside.
    case skipped
  }

  /// The key path from the root, as in `training.epochs`; empty for the root.
  public let path: String
  /// The folder of the configuration file, against which relative paths are resolved.
  public let folder: String
  let place: Place
  var content: Content
  var use = Use.unread
  /// The keys that were asked for, present or not: what ``finish()`` may suggest.
  var askedKeys: Set<String> = []

  init(path: String, folder: String, place: Place, content: Content) {
    self.path = path
    self.folder = folder
    self.place = place
    self.content = content
  }

  /// Reads a configuration from a file, and the files that it has as a base.
  ///
  /// The key `base` names another configuration. It is read first; the mappings of this one are
  /// merged into its mappings key by key, lists and other values replace those of the base. The
  /// result is as if all of it stood in this file, but for the places in errors.
  ///
  /// - Parameters:
  ///   - path: The YAML file.
  ///   - overrides: Values that replace those of the file, as in `training.epochs=5`; each value
  ///     is YAML itself. Keys that are not in the file are added.
  ///   - fileKeys: Key paths of file names, as in `samples.*.files`, where `*` stands for any key
  ///     or position. Those of a base are relative to its folder and become relative to ours.
  /// - Returns: The root of the document, without `base`.
  /// - Throws: ``ConfigurationError``.
  public static func load(
    path: String, overrides: [String] = [], fileKeys: [String] = []
  ) throws(ConfigurationError) -> ConfigurationNode {
    let root = try merged(path: path, fileKeys: fileKeys)
    for text in overrides { try root.apply(override: text) }
    return root
  }

  /// Returns the root of one file, its base not read.
  static func read(path: String) throws(ConfigurationError) -> ConfigurationNode {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      let found =
        !exists ? "there is no such file" : isFolder.boolValue ? "it is a folder" : "\(error)"
      throw ConfigurationError(
        code: .unreadableFile, location: path,
        statement: "cannot read the configuration: \(found).",
        remedy: exists ? "" : "Check the spelling of the path.")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw ConfigurationError(
        code: .unreadableFile, location: path,
        statement: "cannot read the configuration: the file is not UTF-8 text.",
        remedy: "Save it as UTF-8.")
    }
    return try ConfigurationNode(text: text, name: path)
  }

  /// The place of the value, as in `demo.yaml:12:5` or `--set training.epochs=0`.
  public var location: String { place.description }

  /// Whether the value is a mapping.
  public var isMapping: Bool { if case .mapping = content { true } else { false } }

  /// Whether the value is a list.
  public var isSequence: Bool { if case .sequence = content { true } else { false } }

  /// Whether the value is `null`, `~` or nothing.
  public var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// Whether the key is present with a value other than `null`; this does not count as reading.
  public func contains(_ key: String) -> Bool { entry(key).map { !$0.node.isNull } ?? false }

  /// Returns the key path of a key of this mapping.
  public func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Returns an absolute path for one that is relative to the configuration file; addresses on the
  /// web stay as they are.
  public func resolve(_ file: String) -> String {
    if file.hasPrefix("/") || isWebAddress(file) { return file }
    if file.hasPrefix("~/") { return NSString(string: file).expandingTildeInPath }
    return URL(fileURLWithPath: folder).appendingPathComponent(file).standardized.path
  }

  /// What the value looks like in an error: `0`, `"two"`, `a list`, `a mapping`, `empty`.
  public var summary: String {
    switch content {
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .scalar(let text, let isPlain):
      isNull ? "empty" : isPlain && text.count <= 60 ? text : "\"\(text.prefix(60))\""
    }
  }

  /// Makes an error about a value that this mapping holds, or lacks.
  ///
  /// - Parameters:
  ///   - key: The key, or an empty string for this value itself.
  ///   - found: What was found, as in `0`; `nil` describes the value.
  ///   - expected: What was expected, as in `an integer of at least 1`.
  ///   - remedy: What to do, as a sentence.
  /// - Returns: The error, for the caller to throw.
  public func fail(
    _ key: String = "", found: String? = nil, expected: String, remedy: String = ""
  ) -> ConfigurationError {
    let target = key.isEmpty ? self : entry(key)?.node ?? self
    let name = key.isEmpty ? (path.isEmpty ? "the configuration" : path) : path(of: key)
    return ConfigurationError(
      code: .invalidValue, location: target.location,
      statement: "\(name) is \(found ?? target.summary); expected \(expected).", remedy: remedy)
  }

  /// Returns the place of a key's value, or of the mapping where the key is absent.
  public func location(of key: String) -> String { (entry(key)?.node ?? self).location }

  /// Checks that every key was read.
  ///
  /// - Throws: ``ConfigurationError`` with code `unknownKey` for the first that was not.
  public func finish() throws(ConfigurationError) {
    switch content {
    case .scalar: return
    case .sequence(let nodes):
      for node in nodes where node.use != .skipped { try node.finish() }
    case .mapping(let entries):
      for entry in entries {
        switch entry.node.use {
        case .skipped: continue
        case .read: try entry.node.finish()
        case .unread:
          throw ConfigurationError(
            code: .unknownKey, location: entry.keyPlace.description,
            statement: "unknown key \(path(of: entry.key)).", remedy: remedy(for: entry.key))
        }
      }
    }
  }

  private func remedy(for key: String) -> String {
    let near = nearestHint(key)
    if !near.isEmpty { return near }
    return askedKeys.isEmpty
      ? "" : "Known keys are \(askedKeys.sorted().joined(separator: ", "))."
  }

  /// Returns the entry of a key; the last search is not remembered, mappings are short.
  func entry(_ key: String) -> Entry? {
    guard case .mapping(let entries) = content else { return nil }
    return entries.first { $0.key == key }
  }
}
