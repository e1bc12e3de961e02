// SPDX-License-Identifier: Apache-2.0

import ROOTIO

/// Scores as a TTree with one entry for each of the input, in its order: a friend of its tree.
///
///     run, luminosityBlock, event   as in the input, where all files have them
///     passed                        whether the entry passes the selection, and so has scores
///     score_NAME                    the score for a class, float; not a number without one
///     embedding                     the event vector, float[D], where asked for; likewise
///
/// Names have letters, digits and underscores, so that they are names in C++ too.
struct ScoreTree: ScoreFormat {
  private let name: String
  private let branches: [BranchDeclaration]
  private let scoreNames: [String]
  private let embeddingWidth: Int?

  /// - Parameters:
  ///   - name: The name of the tree.
  ///   - classNames: The names of the classes, by label.
  ///   - identifiers: What identifies an event, with types.
  ///   - embeddingWidth: The width of event vectors, if they are written.
  init(
    name: String, classNames: [String], identifiers: [(name: String, type: ElementType)],
    embeddingWidth: Int?
  ) {
    self.name = name
    self.embeddingWidth = embeddingWidth
    scoreNames = Self.branchNames(classNames)
    var branches = identifiers.map { BranchDeclaration($0.name, $0.type) }
    branches.append(BranchDeclaration("passed", .bool))
    branches += scoreNames.map { BranchDeclaration($0, .float32) }
    if let embeddingWidth {
      // zlib would take as long as the model for a tenth of the length.
      branches.append(
        BranchDeclaration(
          "embedding", .float32, shape: .fixed(embeddingWidth), compression: ROOTCompression.none))
    }
    self.branches = branches
  }

  func open(_ path: String) throws -> sending TreeWriter {
    try TreeWriter(path: path, name: name, title: "scores of lorentz", branches: branches)
  }

  func encode(_ part: ScoredEntries) -> [Column] {
    let rows = part.rows
    var columns = part.identifiers
    columns.append(Column(name: "passed", values: .bool(rows.map { $0 != nil })))
    for (name, values) in zip(scoreNames, part.scores) {
      columns.append(
        Column(name: name, values: .float32(rows.map { $0.map { Float(values[$0]) } ?? .nan })))
    }
    if let embeddingWidth {
      var values: [Float] = []
      values.reserveCapacity(rows.count * embeddingWidth)
      for row in rows {
        if let row {
          values += part.embeddings[row * embeddingWidth..<(row + 1) * embeddingWidth]
        } else {
          values += repeatElement(.nan, count: embeddingWidth)
        }
      }
      columns.append(Column(name: "embedding", values: .float32(values)))
    }
    return columns
  }

  func append(_ part: [Column], to sink: TreeWriter) throws { try sink.write(part) }

  func commit(_ sink: TreeWriter) throws { try sink.finish() }

  /// Returns the names of the branches of scores.
  ///
  /// Of classes whose names become the same, those behind the first have their label as well.
  static func branchNames(_ classNames: [String]) -> [String] {
    var names: [String] = []
    for (label, className) in classNames.enumerated() {
      let characters = className.unicodeScalars.map { scalar -> Character in
        let isPlain =
          scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        return isPlain ? Character(scalar) : "_"
      }
      var name = "score_" + String(characters)
      while names.contains(name) { name += "_\(label)" }
      names.append(name)
    }
    return names
  }
}
