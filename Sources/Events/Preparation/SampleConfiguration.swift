// SPDX-License-Identifier: Apache-2.0

import Configuration
import Foundation

/// A set of files that are one kind of events: an entry of the section `samples`.
public struct SampleConfiguration: Sendable {
  /// The name, which is also that of the store's folder.
  public let name: String
  /// Paths, with `*`, `?` and `[...]` as in a shell; relative ones start at the configuration.
  public let files: [String]
  /// The class; `nil` for events without labels.
  public let label: Int32?
  /// The weight of an event; 1 where it is `nil`.
  let weight: Expression?
  /// What events of this sample must fulfill beside the common selection.
  let selection: [Expression]
  /// No more events than this are kept.
  public let maximumEvents: Int?
  /// The entry as text, which a store keeps.
  public let text: String

  /// Reads an entry.
  ///
  /// - Throws: `ConfigurationError`, which names file, line and key.
  public init(_ node: ConfigurationNode) throws {
    text = node.serialized()
    name = try node.string("name")
    guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
      throw node.fail("name", expected: "a name that can be a folder's, without / or leading dot")
    }
    files = try node.strings("files").map { node.resolve($0) }
    label = try node.optionalInt("label", in: 0...1).map { Int32($0) }
    weight = try node.expression("weight")
    selection = try node.expression("selection").map(\.conjuncts) ?? []
    maximumEvents = try node.optionalInt("maximumEvents", in: 1...)
  }

  /// Describes a single file without label, weight or further selection.
  init(file: String) {
    name = file
    files = [file]
    label = nil
    weight = nil
    selection = []
    maximumEvents = nil
    text = ""
  }

  /// Returns the files that exist, each pattern's in the order of their names.
  ///
  /// - Throws: ``PreparationError`` with code `noFile`, which names the pattern and what its
  ///   folder holds.
  func resolvedFiles() throws -> [String] {
    var result: [String] = []
    for pattern in files {
      var matches = glob_t()
      defer { globfree(&matches) }
      let status = glob(pattern, 0, nil, &matches)
      var found: [String] = []
      if status == 0 {
        for index in 0..<Int(matches.gl_pathc) {
          if let path = matches.gl_pathv[index] { found.append(String(cString: path)) }
        }
      }
      guard !found.isEmpty else { throw PreparationError.noFile(pattern, sample: name) }
      result += found.filter { !result.contains($0) }
    }
    return result
  }
}
