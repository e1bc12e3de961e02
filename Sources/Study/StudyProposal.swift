// SPDX-License-Identifier: Apache-2.0

import Configuration
import Events
import Foundation
import Runtime

/// A configuration that suits some ROOT files, to begin with.
///
///     let proposal = try StudyProposal(
///       samples: [.init(name: "signal", label: 1, files: ["signal.root"])], for: "study.yaml")
///     try proposal.write()
public struct StudyProposal: Sendable {
  /// Files that are prepared together.
  public struct Sample: Sendable {
    /// The name.
    public let name: String
    /// The label; `nil` for none.
    public let label: Int?
    /// The files, patterns or addresses.
    public let files: [String]

    /// Names files.
    public init(name: String, label: Int?, files: [String]) {
      self.name = name
      self.label = label
      self.files = files
    }
  }

  /// What the events are made of.
  public let events: EventsProposal
  /// The configuration as YAML.
  public let yaml: String
  /// Where it goes.
  public let path: String

  private static let labels = [50, 150, 500, 1500]

  /// Looks at files.
  ///
  /// - Parameters:
  ///   - samples: Those of the configuration; without files they are left out.
  ///   - trees: The trees that hold the events; empty to find them.
  ///   - path: Where the configuration goes: names of files are as seen from its folder.
  /// - Throws: `ConfigurationError` for files that are not there; `ROOTFileError` for one that cannot
  ///   be read; `ProposalError` where no objects are found.
  public init(samples: [Sample], trees: [String], for path: String) throws {
    self.path = path
    let samples = samples.filter { !$0.files.isEmpty }
    let folder = URL(fileURLWithPath: path).standardized.deletingLastPathComponent().path + "/"
    func element(_ sample: Sample) -> String {
      let files = sample.files.map { "\"\(Self.escaped(Self.name($0, in: folder)))\"" }
      let label = sample.label.map { ", label: \($0)" } ?? ""
      return "  - {name: \(sample.name)\(label), files: [\(files.joined(separator: ", "))]}"
    }
    let elements = samples.map(element)
    let node = try ConfigurationNode(
      text: "samples:\n" + elements.joined(separator: "\n"), name: path)
    var files: [String: [String]] = [:]
    for sample in try SampleConfiguration.list(node) {
      files[sample.name] = try sample.matchingFiles()
    }
    let events = try EventsProposal(
      files: samples.flatMap { files[$0.name] ?? [] }, trees: trees)
    self.events = events
    func entryCount(_ label: Int) -> Int {
      samples.filter { $0.label == label }.flatMap { files[$0.name] ?? [] }
        .reduce(0) { $0 + (events.entryCounts[$1] ?? 0) }
    }

    var sections = [
      """
      # Proposed by lorentz configure, by what the columns of the files are called. Look it over; what
      # gains most is a section variables with what an analysis would look at, as mass(muon[0], tau[0]).
      name: \(URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent)
      """, events.yaml,
      "samples:\n" + elements.joined(separator: "\n")
        + (events.weights.isEmpty
          ? "" : "\n# Simulated events may have a weight: {name: …, weight: \(events.weights[0])}"),
      """
      augmentation:
        # The largest |eta| that was seen; what a boost moves beyond is lost.
        acceptance: \(events.acceptance)
      """,
    ]
    let unlabeled = samples.filter { $0.label == nil }
    if !unlabeled.isEmpty {
      sections.append(
        "pretraining:\n  samples: [\(unlabeled.map(\.name).joined(separator: ", "))]")
    }
    if samples.contains(where: { $0.label != nil }) {
      // Half of the events are tested on; cuts take their part of the others.
      let most = min(entryCount(0), entryCount(1)) / 3
      let labels = Self.labels.filter { $0 <= most }
      sections.append(
        """
        study:
          # Labeled events per class.
          labels: [\((labels.isEmpty ? [max(most, 4)] : labels).map(String.init).joined(separator: ", "))]
          seeds: 5
        """)
    }
    yaml =
      sections.map { $0.trimmingCharacters(in: .newlines) }.joined(separator: "\n\n") + "\n"
  }

  /// Writes the configuration.
  ///
  /// - Throws: `ProposalError` where a file of that name is there; `FileSystemError`.
  public func write() throws {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw ProposalError(
        file: path, "it is there, perhaps changed by hand.",
        remedy: "Choose another name, or remove it.")
    }
    let file = try AtomicFile(path: path)
    try file.write(yaml)
    try file.commit()
  }

  /// Returns a file's name as seen from a folder.
  private static func name(_ file: String, in folder: String) -> String {
    guard !isWebAddress(file) else { return file }
    let absolute = URL(fileURLWithPath: file).standardized.path
    return absolute.hasPrefix(folder) ? String(absolute.dropFirst(folder.count)) : absolute
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }
}
