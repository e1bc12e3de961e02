// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO
import Runtime

/// A section `events` that suits some ROOT files, by what their columns are called and hold.
///
///     let proposal = try EventsProposal(files: ["ttbar.root", "signal.root"])
///     print(proposal.yaml)
///
/// Columns that all files have count; values are looked at in the first entries of the first file.
public struct EventsProposal: Sendable {
  /// The objects of one kind, or one of them.
  public struct Object: Sendable {
    /// The kind.
    public let kind: String
    /// The expressions of the momentum: `pt`, `eta`, `phi` and `mass`, or `pt` and `phi`.
    public let columns: [(name: String, expression: String)]
    /// The features and their columns.
    public let features: [(name: String, column: String)]
    /// How many of them an event has on average, of those looked at.
    public let meanCount: Double
    /// The largest absolute pseudorapidity, rounded up; `nil` where there is none.
    public let largestEta: Double?
    /// What is added to `_pt`, `_eta`, `_phi` and `_mass` to give the columns, if that is all.
    public let prefix: String?
  }

  /// The trees to name; empty where each file has only one.
  public let trees: [String]
  /// The objects in the order of the section.
  public let objects: [Object]
  /// The scalars and their columns.
  public let scalars: [(name: String, column: String)]
  /// What stands for missing values.
  public let missing: [String]
  /// Columns that may be the weights of events.
  public let weights: [String]
  /// Columns of objects that are not among them, and why.
  public let leftOut: [(name: String, reason: String)]
  /// The number of entries of each file.
  public let entryCounts: [String: Int]

  /// Takes some of what a proposal has, and says why not all.
  init(
    _ proposal: EventsProposal, objects: [Object], scalars: [(name: String, column: String)],
    leftOut: [(name: String, reason: String)]
  ) {
    trees = proposal.trees
    missing = proposal.missing
    weights = proposal.weights
    entryCounts = proposal.entryCounts
    self.objects = objects
    self.scalars = scalars
    self.leftOut = proposal.leftOut + leftOut
  }

  /// What files of this field write where there is no value.
  private static let markers: [Double] = [-999, -9999, -99, -999.9, -99_999]
  /// No collider's objects have a median pt of more, in GeV.
  private static let largestMedian = 1000.0

  /// Looks at files.
  ///
  /// - Parameters:
  ///   - files: Their names or addresses.
  ///   - trees: The trees that hold the events; empty to find them.
  /// - Throws: `ROOTFileError` for a file that cannot be read, ``ProposalError`` where no objects are
  ///   found.
  public init(files: [String], trees: [String] = []) throws {
    try self.init(OpenedFiles(files, trees: trees))
  }

  /// Looks at files that are open.
  init(_ opened: OpenedFiles) throws {
    trees = opened.isOnlyTree ? [] : opened.trees
    entryCounts = Dictionary(
      zip(opened.files, opened.sources.map(\.entryCount)), uniquingKeysWith: { first, _ in first })
    let names = opened.commonColumns
    let sample = opened.sample
    let others = Set(NamedFeatures.scalars.flatMap(\.columns) + NamedFeatures.weights)
    try sample.read(names.filter { others.contains($0.lowercased()) })
    var found = try Candidates(NamedCollection.all(in: names), columns: names, sample: sample)
    found.removeLeptonsCountedTwice()
    guard found.chosen.contains(where: { $0.kind != missingMomentumKind }) else {
      throw ProposalError(
        file: opened.files[0],
        "no columns are called like the momenta of electrons, muons, leptons, photons, taus or jets"
          + (opened.files.count > 1 ? " in all \(opened.files.count) files" : "")
          + (found.leftOut.isEmpty
            ? "."
            : "; found were "
              + found.leftOut.map { "\($0.name) (\($0.reason))" }.joined(separator: ", ") + "."),
        remedy: "Write the section events by hand; lorentz inspect lists the columns.")
    }
    let isInMeV = found.medianPt > Self.largestMedian
    objects = found.chosen.map { $0.object(isInMeV: isInMeV) }
    scalars = NamedFeatures.scalars.compactMap { scalar in
      scalar.columns.lazy.compactMap { wanted in
        names.first { $0.lowercased() == wanted && sample.isFlat($0) }
      }.first.map { (scalar.name, $0) }
    }
    weights = names.filter {
      NamedFeatures.weights.contains($0.lowercased()) && sample.isFlat($0)
    }
    let used = found.chosen.flatMap(\.used) + scalars.map(\.column)
    missing = sample.markers(of: used, among: Self.markers)
    leftOut = found.leftOut
  }
}

/// What was met when files were looked at for a configuration.
public struct ProposalError: Error, Sendable, CustomStringConvertible {
  /// The file that was read, or was to be written.
  public let file: String
  /// What was found and what was expected.
  public let statement: String
  /// What to do.
  public let remedy: String

  /// Makes an error.
  public init(file: String, _ statement: String, remedy: String) {
    self.file = file
    self.statement = statement
    self.remedy = remedy
  }

  /// What was tried, on what, what was found, what to do.
  public var description: String {
    "cannot make a configuration: \(file): \(statement) \(remedy)"
  }
}
