// SPDX-License-Identifier: Apache-2.0

import Configuration
import Foundation
import OpenData
import Runtime

/// Files that are prepared together: an element of the list `samples` of a configuration.
///
///     samples:
///       - {name: data, files: ["../data/Run2012*.root"]}
///       - {name: signal, files: signal.root, label: 1, weight: "weight * 2",
///          selection: "njets > 0", maximumEvents: 1000}
///       - {name: remote, files: ["https://server/ttbar.root"]}
///       - {name: fetched, files: [12351/manifest.json]}   # what `lorentz fetch 12351` downloaded
///       - name: tau                  # data sets that share events; certified ones only
///         files: [TauPlusX.root, SingleMu.root]
///         luminosityMask: Cert_190456-208686_8TeV.json
///         dropDuplicates: true
///       - name: muonia               # files with other columns
///         files: muonia.root
///         events: {tree: Events, objects: [{kind: muon, prefix: Muon}]}
public struct SampleConfiguration: Sendable {
  /// A file name, a pattern with `*`, `?` and `[...]`, or an address on the web.
  struct Pattern: Sendable {
    let text: String
    let absolute: String
    let location: String
  }

  /// The name, also of the folder of its store.
  public let name: String
  /// The label of its events, or `nil` for none.
  public let label: Int?
  /// The weight of an event, or `nil` for 1.
  public let weight: ColumnExpression?
  /// Which events are kept, besides the selection of the section `events`.
  public let selection: ColumnExpression?
  /// The largest number of events, those that come first; `nil` for all.
  public let maximumEvents: Int?
  /// The file of the luminosity blocks that count, or `nil` for all.
  public let luminosityMask: String?
  /// Whether of events with the same run, luminosity block and number only the first is kept.
  public let dropsDuplicates: Bool
  /// How its columns become events, or `nil` for the top-level section `events`, all of which this
  /// replaces.
  public let events: EventsConfiguration?
  /// The element as YAML.
  public let text: String
  let patterns: [Pattern]

  /// Reads an element of `samples`.
  ///
  /// - Throws: `ConfigurationError`.
  public init(_ node: ConfigurationNode) throws(ConfigurationError) {
    text = node.serialized()
    name = try node.string("name")
    guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/") else {
      throw node.fail("name", expected: "a name that can be a folder's, without / and first dot")
    }
    label = try node.optionalInt("label", in: 0...Int(Int32.max))
    weight = try node.optionalExpression("weight")
    selection = try node.optionalExpression("selection")
    maximumEvents = try node.optionalInt("maximumEvents", in: 1...)
    luminosityMask = try node.optionalString("luminosityMask").map(node.resolve)
    dropsDuplicates = try node.bool("dropDuplicates", default: false)
    if let section = try node.node("events") {
      events = try EventsConfiguration(section)
    } else {
      events = nil
    }
    let files = try node.strings("files")
    guard !files.isEmpty else {
      throw node.fail("files", found: "empty", expected: "a file, a pattern or a list of them")
    }
    let location = node.location(of: "files")
    patterns = files.map { .init(text: $0, absolute: node.resolve($0), location: location) }
  }

  /// Describes one file without label, weight or selection of its own.
  ///
  /// - Parameter file: Its path.
  init(file: String) {
    text = ""
    name = file
    label = nil
    weight = nil
    selection = nil
    maximumEvents = nil
    luminosityMask = nil
    dropsDuplicates = false
    events = nil
    patterns = [.init(text: file, absolute: file, location: file)]
  }

  /// Reads the whole list `samples` of a configuration's root; the names must differ.
  ///
  /// - Throws: `ConfigurationError`.
  public static func list(
    _ root: ConfigurationNode
  ) throws(ConfigurationError) -> [SampleConfiguration] {
    var samples: [SampleConfiguration] = []
    for node in try root.nodes("samples") {
      let sample = try SampleConfiguration(node)
      if samples.contains(where: { $0.name == sample.name }) {
        throw node.fail("name", found: "\(sample.name) a second time", expected: "another name")
      }
      samples.append(sample)
    }
    guard !samples.isEmpty else {
      throw root.fail("samples", found: "empty", expected: "a list of at least one sample")
    }
    return samples
  }

  /// Returns the files that the patterns match, each once, in the order of the patterns.
  ///
  /// Addresses on the web are taken as they are, and a manifest of `lorentz fetch` stands for its
  /// files.
  ///
  /// - Throws: `ConfigurationError` for a pattern that matches nothing, with what is in its folder,
  ///   and for a manifest whose files are not there.
  public func matchingFiles() throws(ConfigurationError) -> [String] {
    var files: [String] = []
    for pattern in patterns {
      let found = isWebAddress(pattern.absolute) ? [pattern.absolute] : try listed(pattern)
      guard !found.isEmpty else {
        let folder = URL(fileURLWithPath: pattern.absolute).deletingLastPathComponent().path
        throw ConfigurationError(
          code: .invalidValue, location: pattern.location,
          statement: "no file of the sample \(name) matches \(pattern.text).",
          remedy: Self.contents(of: folder))
      }
      for file in found where !files.contains(file) { files.append(file) }
    }
    return files
  }

  /// Returns the files that a pattern matches, those of manifests in their places.
  private func listed(_ pattern: Pattern) throws(ConfigurationError) -> [String] {
    var files: [String] = []
    for file in Self.glob(pattern.absolute) {
      guard file.hasSuffix(".json") else {
        files.append(file)
        continue
      }
      do { files += try FetchManifest.files(ofManifest: file) } catch {
        throw ConfigurationError(
          code: .invalidValue, location: pattern.location,
          statement: "the files of the sample \(name): \(error)", remedy: "")
      }
    }
    return files
  }

  private static func glob(_ pattern: String) -> [String] {
    // A file whose name holds a bracket or star itself is taken as it is.
    if FileManager.default.fileExists(atPath: pattern) { return [pattern] }
    var result = glob_t()
    defer { globfree(&result) }
    guard Glibc.glob(pattern, 0, nil, &result) == 0 else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { index in
      result.gl_pathv[index].map { String(cString: $0) }
    }
  }

  private static func contents(of folder: String) -> String {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return "There is no folder \(folder)."
    }
    let sorted = names.filter { !$0.hasPrefix(".") }.sorted()
    if sorted.isEmpty { return "The folder \(folder) is empty." }
    let rest = sorted.count > 10 ? " and \(sorted.count - 10) more" : ""
    return "The folder \(folder) holds \(sorted.prefix(10).joined(separator: ", "))\(rest)."
  }
}
