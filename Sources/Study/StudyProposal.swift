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

  /// What the events of samples are made of.
  public struct Section: Sendable {
    /// The names of the samples.
    public let samples: [String]
    /// The section.
    public let events: EventsProposal
  }

  /// What the events are made of: one section for all samples, or several where their files call
  /// their columns otherwise; the last is that of the samples that have none of their own.
  public let sections: [Section]
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
    func element(_ sample: Sample, events: EventsProposal? = nil) -> String {
      let files = sample.files.map { "\"\(Self.escaped(Self.name($0, in: folder)))\"" }
        .joined(separator: ", ")
      let label = sample.label.map { ", label: \($0)" } ?? ""
      guard let events else { return "  - {name: \(sample.name)\(label), files: [\(files)]}" }
      let section = events.yaml.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
      return """
          - name: \(sample.name)
            files: [\(files)]\(sample.label.map { "\n    label: \($0)" } ?? "")
            # Its files call their columns otherwise. What has one name here and above has to mean the
            # same: compare isolations and b-tags.
        \(section)
        """
    }
    let node = try ConfigurationNode(
      text: "samples:\n" + samples.map { element($0) }.joined(separator: "\n"), name: path)
    var files: [String: [String]] = [:]
    for sample in try SampleConfiguration.list(node) {
      files[sample.name] = try sample.matchingFiles()
    }
    sections = try Self.sections(of: samples, files: files, trees: trees)
    let proposals = sections.map(\.events)
    // Files that are scored are like those with labels: theirs is the section of all.
    let (events, others) = (proposals[proposals.count - 1], sections.dropLast())
    let counts = proposals.map(\.entryCounts).reduce(into: [:]) { all, own in
      all.merge(own) { first, _ in first }
    }
    func entryCount(_ label: Int) -> Int {
      samples.filter { $0.label == label }.flatMap { files[$0.name] ?? [] }
        .reduce(0) { $0 + (counts[$1] ?? 0) }
    }
    let elements = samples.map { sample in
      element(sample, events: others.first { $0.samples.contains(sample.name) }?.events)
    }

    var parts = [
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
        acceptance: \(EventsProposal.acceptance(of: proposals))
      """,
    ]
    let unlabeled = samples.filter { $0.label == nil }
    if !unlabeled.isEmpty {
      parts.append(
        "pretraining:\n  samples: [\(unlabeled.map(\.name).joined(separator: ", "))]")
    }
    if samples.contains(where: { $0.label != nil }) {
      // Half of the events are tested on; cuts take their part of the others.
      let most = min(entryCount(0), entryCount(1)) / 3
      let labels = Self.labels.filter { $0 <= most }
      parts.append(
        """
        study:
          # Labeled events per class.
          labels: [\((labels.isEmpty ? [max(most, 4)] : labels).map(String.init).joined(separator: ", "))]
          seeds: 5
        """)
    }
    yaml =
      parts.map { $0.trimmingCharacters(in: .newlines) }.joined(separator: "\n\n") + "\n"
  }

  /// Looks at the files of samples: all together, those with and without labels by themselves where
  /// they call their columns otherwise, and each sample by itself where those with labels differ.
  private static func sections(
    of samples: [Sample], files: [String: [String]], trees: [String]
  ) throws -> [Section] {
    func agreeing(_ groups: [[Sample]]) throws -> [Section] {
      let groups = groups.filter { !$0.isEmpty }.map { $0.map(\.name) }
      let proposals = try EventsProposal.agreeing(
        groups.map { names in
          (names.joined(separator: " and "), names.flatMap { files[$0] ?? [] })
        }, trees: trees)
      return proposals.count == 1
        ? [Section(samples: samples.map(\.name), events: proposals[0])]
        : zip(groups, proposals).map { Section(samples: $0, events: $1) }
    }
    let unlabeled = samples.filter { $0.label == nil }
    let labeled = samples.filter { $0.label != nil }
    do {
      return try agreeing([unlabeled, labeled])
    } catch {
      // What is wrong with a file is wrong with it alone too.
      guard labeled.count > 1, let sections = try? agreeing([unlabeled] + labeled.map { [$0] })
      else { throw error }
      return sections
    }
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
